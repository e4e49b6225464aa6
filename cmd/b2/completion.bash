# Completion of PROGRAM for bash 3.2 and later; it needs no other package.

# __PROGRAM_complete asks the program what the word at the cursor can become.
__PROGRAM_complete() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() word i n=-1
    # Bash breaks words at : and =; they are put together again as they stand
    # on the line.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            n=$((n + 1))
            words[n]=
        fi
        if ((i == COMP_CWORD)); then
            word=$rest
        fi
        rest=${rest#"$word"}
        words[n]+=$word
    done
    # The part of the word that bash is going to replace, and what stands before.
    local current=${words[n]} tail=$word quote=
    case $tail in [:=]*) tail=${tail#?} ;; esac
    local before=${current%"$tail"}
    case $current in [\"\']*) quote=${current:0:1} before=${before#?} ;; esac

    local plain=()
    for ((i = 1; i <= n; i++)); do
        word=${words[i]//\\/}
        word=${word//\"/}
        plain+=("${word//\'/}")
    done

    local program line directive=0 found=()
    eval "program=$1" # it may begin with a tilde
    while IFS= read -r line; do
        case $line in
        :*) directive=${line#:} ;;
        *) found+=("${line%%$'\t'*}") ;;
        esac
    done < <("$program" __complete "${plain[@]}" 2>/dev/null)

    COMPREPLY=()
    local candidate
    for candidate in ${found[@]+"${found[@]}"}; do
        case $candidate in
        "${plain[n-1]}"*) candidate=${candidate#"${before//\\/}"} ;;
        "${plain[n-1]#-*=}"*) ;; # the value of an option, behind its =
        *) continue ;;
        esac
        if [[ -z $quote ]]; then
            printf -v candidate %q "$candidate"
        fi
        COMPREPLY+=("$candidate")
    done
    # Directives of cobra: 1 is an error, 2 adds no space, 4 offers no files.
    if ((${#COMPREPLY[@]} == 0 && !(directive & 5))); then
        compopt -o default +o nospace 2>/dev/null || COMPREPLY=($(compgen -f -- "$tail"))
    elif ((${#COMPREPLY[@]} == 1 && !(directive & 2))) && [[ -z $quote ]]; then
        COMPREPLY[0]+=' '
    fi
}

complete -o nospace -F __PROGRAM_complete PROGRAM
