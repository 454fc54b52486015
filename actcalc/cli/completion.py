"""Completion of the command line: in bash, which needs more than Typer's script does, and for which shell."""

from collections.abc import Sequence

from actcalc.errors import ActcalcError, did_you_mean, join_names, quote

OPTIONS = ("--install-completion", "--show-completion")
"""Options of the program that may name a shell."""

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


def choose_shell(arguments: Sequence[str]) -> list[str]:
    """The arguments without the shell that an option of completion names, which Typer is told.

    Typer's own options take none, and ask the system which shell has called. Raises ActcalcError for a
    shell that it does not know.
    """
    option, equals, given = arguments[0].partition("=")
    if option not in OPTIONS or not (equals or arguments[1:]):
        return list(arguments)
    from typer import _completion_shared, completion

    shell = given if equals else arguments[1]
    known = [one.value for one in _completion_shared.Shells]
    if shell not in known:
        raise ActcalcError(f"{option}: {quote(shell)} is not {join_names(known)}", did_you_mean(shell, known))

    def named() -> str:
        return shell

    _completion_shared._get_shell_name = named
    completion._get_shell_name = named  # type: ignore[attr-defined]
    return [option, *arguments[1 if equals else 2 :]]
