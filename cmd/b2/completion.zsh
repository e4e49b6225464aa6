#compdef PROGRAM
# Completion of PROGRAM for zsh.

# _PROGRAM asks the program what the word at the cursor can become.
_PROGRAM() {
    local current=$PREFIX line directive=0 described=
    local -a before names said shown lines
    local -i i width
    [[ -n $QIPREFIX ]] || current=${(Q)PREFIX} # in quotes there is nothing to take away
    before=("${(@Q)words[2,CURRENT-1]}")
    lines=("${(@f)$("${(Q)words[1]/#\~\//$HOME/}" __complete "${before[@]}" "$current" 2>/dev/null)}")
    for line in "${lines[@]}"; do
        case $line in
        :<->) directive=${line#:} ;;
        *$'\t'*) described=yes names+=("${line%%$'\t'*}") said+=("${${line#*$'\t'}//\`/}") ;;
        ?*) names+=("$line") said+=('') ;;
        esac
    done

    # The value of an option stands behind its =.
    [[ $current != -*=* ]] || compset -P '*='
    # Directives of cobra: 1 is an error, 2 adds no space, 4 offers no files.
    local -a space
    (( directive & 2 )) && space=(-S '')
    if (( $#names )); then
        if [[ -n $described ]]; then # in a column of its own, what each is for
            for line in "${names[@]}"; do (( width = $#line > width ? $#line : width )); done
            for (( i = 1; i <= $#names; i++ )); do
                line="${(r:width:)names[i]}  -- ${said[i]}"
                shown+=("${line[1,COLUMNS-1]}")
            done
            compadd "${space[@]}" -l -d shown -a names
        else
            compadd "${space[@]}" -a names
        fi
    elif (( ! (directive & 5) )); then
        _files
    fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _PROGRAM "$@"
else
    compdef _PROGRAM PROGRAM
fi
