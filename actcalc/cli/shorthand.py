"""Command lines that begin with an activation instead of a command."""

import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import names_an_activation, refuse
from actcalc.cli.command import is_negative_formula, is_number
from actcalc.errors import ActcalcError, did_you_mean, quote

Options = Mapping[str, bool]
"""The options of a command, and whether each takes a value."""

_MEANT = {
    **dict.fromkeys(("slope", "slopes", "derivative", "grad", "gradient", "diff", "dg"), "deriv tanh 0"),
    **dict.fromkeys(("value", "evaluate", "calc", "calculate", "compute", "g"), "eval tanh 0"),
    **dict.fromkeys(("draw", "graph", "chart"), "plot tanh"),
    **dict.fromkeys(("ls", "names", "activations", "functions"), "list"),
    "info": "show tanh",
    "version": "--version",
}
"""Words that people try as commands, and what to type instead."""

_POINTS = {"--at", "--from", "--to", "--step", "--num", "--all-values", "--column"}
"""Options of ``table`` that say where its points are."""


def with_command(
    arguments: Sequence[str], commands: Iterable[str], options_of: Callable[[str], Options]
) -> list[str]:
    """The line in full: ``table NAME --at NUMBERS`` with numbers, ``show NAME`` for a name alone.

    Raises ActcalcError if the first word is neither a command nor an activation, and if numbers are piped
    in that nothing would read.
    """
    if not is_activation(arguments[0]):
        raise unknown(arguments[0], commands)
    table, show = options_of("table"), options_of("show")
    words = list(_roles(arguments, table))
    names = [word for role, word in words if role == "name"]
    given = {_option_in(word) for role, word in words if role == "option"}
    if not any(role == "number" for role, _ in words) and "-" not in names and not given & _POINTS:
        if _is_piped():
            name = shlex.quote(names[0])
            raise ActcalcError(
                f"standard input is not read without '-': actcalc {name} -",
                f"for the page about it: actcalc show {name}",
            )
        if len(names) == 1 and given <= show.keys():
            return ["show", *arguments]
    return ["table", *(part for role, word in words for part in (["--at"] * (role == "number") + [word]))]


def is_activation(word: str) -> bool:
    """Whether a word is an activation, with or without parameters, or a formula of more than one letter."""
    if names_an_activation(word):
        return True
    from actcalc.arithmetic.spelling import is_formula

    return not is_number(word) and is_formula(word) and len(re.findall(r"\w", word)) > 1


def unknown(word: str, commands: Iterable[str], topics: Iterable[str] = ()) -> ActcalcError:
    """The error for a word that is not a command, an activation or one of the ``topics``."""
    if is_number(word):
        return ActcalcError(
            f"{quote(word)} is a number, not a command", "the activation comes first: actcalc tanh 0"
        )
    refuse(word)
    meant = _MEANT.get(word.lower())
    known = [*topics, *commands, *(name for d in lookup.declarations() for name in (d.name, *d.aliases))]
    hint = f"see: actcalc {meant}" if meant else did_you_mean(word.lower(), known)
    what = "topic, command or activation" if topics else "command or activation"
    return ActcalcError(f"no {what} is called {quote(word)}", hint or "see: actcalc help, actcalc list")


def _roles(arguments: Sequence[str], options: Options) -> Iterator[tuple[str, str]]:
    """Each word after its role: a name, an option, the value of an option, or a number."""
    has_value = is_past_options = False
    for i, word in enumerate(arguments):
        if has_value:
            has_value = False
            yield "value", word
        elif is_number(word) and not is_past_options:
            yield "number", word
        elif (
            i == 0 or is_past_options or word[:1] != "-" or word == "-" or is_negative_formula(word, options)
        ):
            yield "name", word
        else:
            is_past_options = word == "--"
            has_value = options.get(word, False)
            yield "option", word


def _option_in(word: str) -> str:
    """The option in a word such as ``-fcsv`` or ``--format=csv``."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # closed, or none
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
