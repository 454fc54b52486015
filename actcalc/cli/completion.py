"""Completion of the command line: the choice of the shell, a script for bash, and short help texts."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from actcalc.errors import ActcalcError, did_you_mean, quote

OPTIONS = ("--install-completion", "--show-completion")
"""Options of the program that take a shell."""

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
    """Make Typer install, show and use this script, and give shells short help texts.

    Typer's own script takes ``elu:al`` for three words, and offers files wherever it knows nothing.
    """
    from typer import _completion_classes, _completion_shared

    _completion_shared._completion_scripts["bash"] = SCRIPT
    _completion_classes.BashComplete.source_template = SCRIPT
    # Rich breaks lines, and fish takes the second line for another word; it also reads brackets as markup.
    _completion_classes._sanitize_help_text = lambda text: text
    for shell, spell in (
        (_completion_classes.ZshComplete, in_print),
        (_completion_classes.FishComplete, in_print),
        (_completion_classes.PowerShellComplete, str),  # ASCII: it may read bytes in another encoding
    ):
        shell.get_completions = _completions_in_short(spell)  # type: ignore[assignment, method-assign]


def _completions_in_short(spell: Callable[[str], str]) -> Callable[[Any, list[str], str], list[Any]]:
    def completions(self: Any, args: list[str], incomplete: str) -> list[Any]:
        from typer._click.shell_completion import ShellComplete

        found = ShellComplete.get_completions(self, args, incomplete)
        for item in found:
            item.help = spell(in_short(item.help or ""))
        return found

    return completions


def in_short(text: str) -> str:
    """The first sentence of a help text, on one line."""
    first = re.split(r"\n *\n|(?<=[^.])\.\s|\s*\[default", text)[0]
    return " ".join(first.split()).removesuffix(".")


def in_print(text: str) -> str:
    """A text with typographic quotation marks: in a script of zsh apostrophes end a string."""
    text = re.sub(r"(?<=g)'+", lambda primes: "\N{PRIME}" * len(primes[0]), text)
    text = re.sub(r"(?<![^\s(])'(?=\S)", "\N{LEFT SINGLE QUOTATION MARK}", text)
    return text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")


def choose_shell(arguments: Sequence[str]) -> list[str]:
    """The arguments without the shell that an option of completion names; Typer is told to use it.

    Typer's own options take no shell, and ask the system for the calling one. Raises ActcalcError for a
    shell that Typer does not know.
    """
    option, equals, given = arguments[0].partition("=")
    if option not in OPTIONS or not (equals or arguments[1:]):
        return list(arguments)
    from typer import _completion_shared, completion

    shell = given if equals else arguments[1]
    known = [one.value for one in _completion_shared.Shells]
    if shell not in known:
        raise ActcalcError(
            f"{option}: unknown shell {quote(shell)}: choose one of {', '.join(known)}",
            did_you_mean(shell, known),
        )

    def named() -> str:
        return shell

    _completion_shared._get_shell_name = named
    completion._get_shell_name = named  # type: ignore[attr-defined]
    return [option, *arguments[1 if equals else 2 :]]
