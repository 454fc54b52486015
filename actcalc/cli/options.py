"""The arguments and options that several commands share."""

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from actcalc.activations.declaration import QUANTITIES
from actcalc.activations.kinks import AT_KINK
from actcalc.catalogue import lookup
from actcalc.errors import ActcalcError, listed
from actcalc.numbers.floats import FORMATS
from actcalc.output.formats import TEXT_FORMATS


def complete_names(incomplete: str) -> list[str]:
    """Names of activations, or after ``NAME:`` those of its parameters that are not there yet."""
    name, colon, own = incomplete.partition(":")
    if not colon:
        return [name for name in lookup.names() if name.startswith(incomplete.lower())]
    *before, last = own.split(",")
    begun = ",".join([*before, ""])
    there = [setting.partition("=")[0] for setting in before]
    return [f"{name}:{begun}{known}=" for known in _parameters([name], last) if known not in there]


def complete_parameters(ctx: typer.Context, incomplete: str) -> list[str]:
    """The parameters of the activations that stand before."""
    named = ctx.params.get("names") or [ctx.params.get("name") or ""]
    return [f"{known}=" for known in _parameters(named, incomplete)]


def _parameters(names: Sequence[str], incomplete: str) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        with contextlib.suppress(ActcalcError):
            declared = lookup.declaration(name.partition(":")[0])
            found |= {p.name: None for p in declared.parameters if p.name.startswith(incomplete)}
    return list(found)


def complete_files(incomplete: str) -> list[str]:
    """Files, and folders with a slash; hidden ones where the word begins with a dot."""
    folder, start = os.path.split(incomplete)
    with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
        return sorted(
            os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
            for entry in entries
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        )
    return []


def complete_formats(incomplete: str) -> list[str]:
    return [name for name in TEXT_FORMATS if name.startswith(incomplete)]


def complete_all_formats(incomplete: str) -> list[str]:
    return [name for name in (*TEXT_FORMATS, "npy") if name.startswith(incomplete)]


def complete_dtypes(incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


def complete_quantities(incomplete: str) -> list[str]:
    return [of for of in QUANTITIES if of.startswith(incomplete)]


def complete_at_kink(incomplete: str) -> list[str]:
    return [rule for rule in AT_KINK if rule.startswith(incomplete)]


NAME_HELP = "An activation, as in 'actcalc list'; may carry its parameters: elu:alpha=2."

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help=NAME_HELP, autocompletion=complete_names, show_default=False),
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME...", help=NAME_HELP, autocompletion=complete_names, show_default=False),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[Z...]",
        help="Numbers, as -0.5, 1/3 or 0x1p-3; none, or '-', for those on standard input.",
        show_default=False,
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        autocompletion=complete_parameters,
        help="Set a parameter; may be repeated.",
        show_default=False,
    ),
]
A_FORMAT = listed(fmt.name if fmt.is_narrow else f"{fmt} (the default)" for fmt in FORMATS.values())
AtKink = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        autocompletion=complete_at_kink,
        help="g' at a kink: least, left, right or nan. 'least' is the number nearest to 0 between the"
        " slopes on either side.",
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        autocompletion=complete_dtypes,
        help=f"Round z and results to {A_FORMAT}. With it, numbers may be bit patterns: 0x3f80.",
        show_default=False,
    ),
]
Hex = Annotated[bool, typer.Option("--hex", help="Print hexadecimal float and bit pattern as well.")]
DigitsOption = Annotated[
    str | None,
    typer.Option(
        "--digits",
        metavar="N",
        help="Take z exactly as written, print N significant digits (1 to 1000).",
        show_default=False,
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="N",
        help="Order of the derivative, from 0 (g itself) to 8.  [default: 1]",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress bar.")]
ColumnOption = Annotated[
    str | None,
    typer.Option(
        "--column",
        metavar="NAME|N",
        help="Take z from this column, by name or number from 1, of text or JSON on standard input.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        autocompletion=complete_files,
        # In one place it is made of '-' that no file is named.
        callback=lambda path: None if path == "-" else path,
        help="Write to FILE, which becomes complete or stays as it was; its suffix chooses the format, .npy"
        " is an array for NumPy.  [default: -, standard output]",
        show_default=False,
    ),
]


def format_option(choices: str, complete: Callable[[str], list[str]]) -> Any:
    """What ``--format`` is, where it has these choices."""
    return typer.Option("--format", "-f", metavar="FORMAT", autocompletion=complete, help=choices)


Format = Annotated[str, format_option(f"One of {', '.join(TEXT_FORMATS)}.", complete_formats)]
ResultFormat = Annotated[
    str | None,
    format_option(
        f"{', '.join(TEXT_FORMATS)} or npy, with z and result; else a result a line.", complete_all_formats
    ),
]
