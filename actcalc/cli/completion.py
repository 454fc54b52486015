"""Completion of the command line in bash, which needs more than Typer's script does."""

SCRIPT = """
%(complete_func)s() {
    local IFS=$'\\n' rest="$COMP_LINE" words=() word gap current
    # Bash parts words at ':' and '=' as well; those that no space parts are one again.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        gap="${rest%%%%"$word"*}"
        rest="${rest#"$gap$word"}"
        if [[ -n $word && -z $gap && ${#words[@]} -gt 0 ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
    done
    current="${words[${#words[@]}-1]}"
    COMPREPLY=( $( env COMP_WORDS="${words[*]}" COMP_CWORD=$(( ${#words[@]} - 1 )) \\
                   %(autocomplete_var)s=complete_bash "$1" ) )
    # Only what follows the last of them is bash's word.
    COMPREPLY=( "${COMPREPLY[@]#"${current%%"${current##*[:=]}"}"}" )
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=/] ]] && compopt -o nospace
    return 0
}

complete -F %(complete_func)s %(prog_name)s
"""


def prepare() -> None:
    """Let Typer install, show and use this script.

    Its own takes ``elu:al`` for three words, and offers files wherever it knows nothing.
    """
    from typer import _completion_classes, _completion_shared

    _completion_shared._completion_scripts["bash"] = SCRIPT
    _completion_classes.BashComplete.source_template = SCRIPT
