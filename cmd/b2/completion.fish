# Completion of PROGRAM for fish 3.1 and later.

# __PROGRAM_complete asks the program what the word at the cursor can become.
function __PROGRAM_complete
    set -l words (commandline -opc) # without quotes
    set -l current (commandline -ct) # as it was typed
    set -l plain (string unescape -- $current 2>/dev/null)
    or set plain (string sub --start 2 -- $current) # a quote that is still open
    set -l before (string match --regex -- '^--[^=]*=' "$plain")

    set -l found
    set -l directive 0
    for line in ($words[1] __complete $words[2..-1] "$plain" 2>/dev/null)
        if string match --quiet ':*' -- $line
            set directive (string sub --start 2 -- $line)
        else
            set -l parts (string split --max 1 \t -- $line) # the candidate, and what it is for
            set --append found (string join \t -- $parts[1] (string replace --all '`' '' -- $parts[2..]))
        end
    end
    # Directives of cobra: 1 is an error, 4 offers no files.
    if test (count $found) -gt 0
        printf '%s\n' "$before"$found
    else if not contains -- $directive 1 3 4 5 6 7
        __fish_complete_path $current
    end
end

complete --command PROGRAM --no-files --arguments '(__PROGRAM_complete)'
