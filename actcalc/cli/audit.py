"""``actcalc audit``: a framework's activations held against the right answers."""

import shutil
import sys
from typing import Annotated

import typer

from actcalc.cli.options import Output, complete_dtypes
from actcalc.cli.requests import activations, destination, whole_number
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import FORMATS, float_format
from actcalc.output.formats import FOR_PEOPLE, TEXT_FORMATS, check_format, format_of


def complete_targets(incomplete: str) -> list[str]:
    from actcalc.frameworks.target import FRAMEWORKS

    return [name for name in FRAMEWORKS if name.startswith(incomplete)]


def complete_audit_formats(incomplete: str) -> list[str]:
    return [name for name in (*TEXT_FORMATS, "junit") if name.startswith(incomplete)]


def audit(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET [NAME...]",
            help="torch, jax, or anybody's function MODULE:NAME; then activations, all unless given.",
            autocompletion=complete_targets,
            show_default=False,
        ),
    ],
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of", metavar="WHAT", help="g or dg; repeatable.  [default: both]", show_default=False
        ),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT",
            autocompletion=complete_dtypes,
            help="float64, float32, float16 or bfloat16; repeatable.  [default: all]",
            show_default=False,
        ),
    ] = None,
    points: Annotated[
        str, typer.Option(metavar="N", help="Points with float32 and float64, beside those that matter.")
    ] = "20000",
    max_ulp: Annotated[str, typer.Option(metavar="X", help="The largest error that passes, in ulps.")] = "1",
    worst: Annotated[str, typer.Option(metavar="N", help="List the N worst points of each row.")] = "0",
    strict_subnormals: Annotated[
        bool, typer.Option("--strict-subnormals", help="Zeros for subnormal numbers fail.")
    ] = False,
    device: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="Where it is computed: cuda.", show_default=False)
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", "--jit", help="Compile each function first.")
    ] = False,
    arrays: Annotated[
        str, typer.Option(metavar="KIND", help="What MODULE:NAME takes: numpy, torch or jax.")
    ] = "numpy",
    slope: Annotated[
        str | None,
        typer.Option(metavar="MODULE:NAME", help="The slope of MODULE:NAME.", show_default=False),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            autocompletion=complete_audit_formats,
            help=f"One of {', '.join(TEXT_FORMATS)}, junit.  [default: table]",
        ),
    ] = None,
    output: Output = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary on stderr.")] = False,
) -> int:
    """Run a framework's activations at many points; the exit status is 1 if one of them fails.

    Formats of 16 bits are run at all of their values. A row fails if an error exceeds --max-ulp, a sign is
    wrong, a number is not finite or is zero where a normal number is right, or the dtype that comes back is
    another.

    \b
    Examples:
      actcalc audit torch
      actcalc audit jax gelu gelu_tanh silu --dtype bfloat16
      actcalc audit kernels:fast_gelu gelu --dtype float32 --slope kernels:slope
      actcalc audit torch --of dg -f json -o accuracy.json
    """
    from actcalc.frameworks.target import is_target, target

    names = words[1:]
    if further := [name for name in names if is_target(name)]:
        raise ActcalcError(f"{further[0]} is a second target: there is one, and it comes first")
    form = format_of(output) or "table" if format_name is None else check_format(format_name, ["junit"])
    if form == "npy":
        raise ActcalcError("an audit is no array", "give a file that ends in .json, .csv or .md")
    fmts = [float_format(name) for name in dtype or FORMATS]
    count = whole_number("--points", points, 2, 100_000_000)
    worst_count = whole_number("--worst", worst, 0, 99999)
    found = target(words[0], device, compiled, arrays, slope)
    if not names and ":" in words[0]:
        raise ActcalcError(f"which activation is {words[0]}?", f"for example: actcalc audit {words[0]} gelu")

    from actcalc._version import __version__
    from actcalc.catalogue import lookup
    from actcalc.checking.audit import OF, Options
    from actcalc.checking.audit import audit as run
    from actcalc.checking.audit_report import summary_of, write_audit
    from actcalc.checking.comparison import parse_mark

    fs = activations(names or [f.name for f in lookup.settings() if not f.label.count(":")], None)
    options = Options(parse_mark(max_ulp), strict_subnormals, worst_count)
    rows = []
    shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
    total = len(fs) * len(fmts) * len(of or OF)
    for row in run(found, fs, of or OF, fmts, options, count):
        rows.append(row)
        if shown:
            print(f"\r{len(rows)}/{total} {row.activation:<20}\r", end="", file=sys.stderr, flush=True)
    about = {
        "actcalc": __version__,
        "target": found.name,
        "versions": dict(found.versions()),
        "device": found.device,
        "points": count,
    }
    versions = " ".join(f"{name} {version}" for name, version in found.versions().items())
    summary = summary_of(rows, f"{found.name} ({versions}, {found.device})")
    with destination(output) as out:
        width = shutil.get_terminal_size((0, 0)).columns if output is None else 0
        write_audit(about, rows, form, out, summary, width or None)
    if (form not in FOR_PEOPLE or output is not None) and not quiet:
        print(summary, file=sys.stderr)
    return int(not all(row.passed for row in rows))
