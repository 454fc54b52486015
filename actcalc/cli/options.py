"""The arguments and options that several commands share."""

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

from actcalc.activations.kinks import AT_KINK
from actcalc.catalogue import lookup
from actcalc.errors import ActcalcError, join_names
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import ARRAYS, TEXT_FORMATS

Complete = Callable[..., list[str]]
"""A completion: the words that begin with a text."""


def complete_names(incomplete: str) -> list[str]:
    """Names of activations or, after ``NAME:``, its parameters that are not given yet."""
    name, colon, own = incomplete.partition(":")
    if not colon:
        return [name for name in lookup.names() if name.startswith(incomplete.lower())]
    *before, last = own.split(",")
    begun = ",".join([*before, ""])
    there = [setting.partition("=")[0] for setting in before]
    return [f"{name}:{begun}{known}=" for known in _parameters([name], last) if known not in there]


def complete_parameters(ctx: typer.Context, incomplete: str) -> list[str]:
    """The parameters of the activations named so far."""
    named = ctx.params.get("names") or ctx.params.get("words") or [ctx.params.get("name") or ""]
    return [f"{known}=" for known in _parameters(named, incomplete)]


def _parameters(names: Sequence[str], incomplete: str) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        with contextlib.suppress(ActcalcError):
            declared = lookup.declaration(name.partition(":")[0])
            found |= {p.name: None for p in declared.parameters if p.name.startswith(incomplete)}
    return list(found)


def complete_files(incomplete: str) -> list[str]:
    """Files, and folders with a slash; hidden ones if the word begins with a dot."""
    folder, start = os.path.split(incomplete)
    with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
        return sorted(
            os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
            for entry in entries
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        )
    return []


def complete_rules(incomplete: str) -> list[str]:
    """Rules for text that is not a number."""
    from actcalc.input.invalid import RULES

    return offer(RULES)(incomplete)


def complete_roundings(incomplete: str) -> list[str]:
    """Directions of rounding."""
    from actcalc.numbers.integers import DIRECTIONS

    return offer(DIRECTIONS)(incomplete)


def complete_overflows(incomplete: str) -> list[str]:
    """Rules for results that are too large."""
    from actcalc.numbers.roundings import OVERFLOWS

    return offer(OVERFLOWS)(incomplete)


def offer(known: Iterable[str]) -> Complete:
    """A completion that offers the ``known`` words."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def argument(metavar: str, text: str, complete: Complete | None = None) -> Any:
    """A positional argument."""
    return typer.Argument(metavar=metavar, help=text, autocompletion=complete, show_default=False)


def value(metavar: str, text: str, *names: str, complete: Complete | None = None, **more: Any) -> Any:
    """An option with a value, named after its parameter unless ``names`` are given."""
    return typer.Option(*names, metavar=metavar, help=text, autocompletion=complete, **more)


def flag(text: str, *names: str) -> Any:
    """An option without a value."""
    return typer.Option(*names, help=text)


NAME_HELP = (
    "An activation ('actcalc list' shows all) or a formula in z; parameters may follow, as in elu:alpha=2."
)

Name = Annotated[str, argument("NAME", NAME_HELP, complete_names)]
Names = Annotated[list[str], argument("NAME...", NAME_HELP, complete_names)]
Values = Annotated[
    list[str] | None,
    argument("[Z...]", "Numbers such as -0.5, 1/3 or 0x1p-3; with none, or '-', read from standard input."),
]
Param = Annotated[
    list[str] | None,
    value("NAME=VALUE", "Set a parameter; repeatable.", "--param", "-p", complete=complete_parameters),
]
A_FORMAT = join_names(fmt.name if fmt.is_narrow else f"{fmt} (the default)" for fmt in FORMATS.values())
AtKink = Annotated[
    str,
    value(
        "RULE",
        "The slope at a kink: least, left, right or nan. 'least' is the number nearest to 0 between the"
        " two one-sided slopes.",
        complete=offer(AT_KINK),
    ),
]
Dtype = Annotated[
    str | None,
    value(
        "FORMAT",
        f"Round z and results to {A_FORMAT}, or to integers such as q3.12, uq0.16 or s8:0.05,3 (see"
        " 'actcalc help rounding'). Numbers may then be bit patterns, too: 0x3f80.",
        complete=offer(FORMATS),
    ),
]
OutDtype = Annotated[
    str | None,
    value(
        "FORMAT",
        "Round results to another format.  [default: that of --dtype]",
        "--out-dtype",
        complete=offer(FORMATS),
    ),
]
Rounding = Annotated[
    str | None,
    value(
        "RULE",
        "Round results to nearest (ties to even), nearest-away, zero, up or down.  [default: nearest]",
        complete=complete_roundings,
    ),
]
Overflow = Annotated[
    str | None,
    value(
        "RULE",
        "What overflow gives: nan, inf or saturate.  [default: inf or nan; integers saturate]",
        complete=complete_overflows,
    ),
]
Hex = Annotated[bool, flag("Also print the hexadecimal float and the bit pattern.", "--hex")]
Digits = Annotated[
    str | None, value("N", "Take z as written and print N significant digits (1 to 1000).", "--digits")
]
Decimals = Annotated[
    str | None,
    value("N", "Take z as written and print N decimals (0 to 1000).", "--decimals"),
]
Plain = Annotated[bool, flag("Print no exponents: 0.00001 for 1e-05.", "--plain")]
Exact = Annotated[bool, flag("Print all digits of floats: 65504 for 6.55e+04.", "--exact")]
Order = Annotated[
    str | None, value("N", "Order of the derivative, from 0 (g itself) to 8.  [default: 1]", "--order")
]
Quiet = Annotated[bool, flag("Print no notes and no progress bar.", "--quiet", "-q")]
Column = Annotated[
    str | None,
    value(
        "NAME|N",
        "Take z from this column of text or JSON on standard input: a name, or a number from 1.",
        "--column",
    ),
]
MaxUlp = Annotated[
    str | None,
    value("X", "The largest error that passes, in ulps.  [default: 1]", "--max-ulp"),
]
Atol = Annotated[
    str | None,
    value("X", "Also pass values within X of the right one.", "--atol"),
]
Rtol = Annotated[
    str | None,
    value(
        "X",
        "Judge by relative error instead of ulps: at most X.",
        "--rtol",
    ),
]
FlushToZero = Annotated[bool, flag("Pass zero where a subnormal number is right.", "--flush-to-zero")]
Daz = Annotated[bool, flag("Pass the value at 0 where z is subnormal.", "--daz")]
Invalid = Annotated[
    str,
    value(
        "RULE",
        "What text that is not a number does: stop, skip (the line), or nan.",
        complete=complete_rules,
    ),
]


def output_option(text: str) -> Any:
    """The file to write; ``-`` is standard output, like no option at all."""
    callback = lambda path: None if path == "-" else path  # noqa: E731
    return value("FILE", text, "--output", "-o", complete=complete_files, callback=callback)


Output = Annotated[
    str | None,
    output_option("Write to FILE, whole or not at all; its suffix selects the format.  [default: -]"),
]


def format_option(text: str, *others: str) -> Any:
    """The format to write: one of TEXT_FORMATS or ``others``."""
    return value("FORMAT", text, "--format", "-f", complete=offer((*TEXT_FORMATS, *others)))


Format = Annotated[str, format_option(f"One of {', '.join(TEXT_FORMATS)}.")]
ResultFormat = Annotated[
    str | None,
    format_option(
        f"With z: {', '.join(TEXT_FORMATS)}; results alone: npy, mem (for $readmemh), c.  [default: results,"
        " one per line]",
        *ARRAYS,
    ),
]
