"""``actcalc check``: values that somebody computed, compared with the right ones."""

import shlex
import sys
from typing import Annotated

from actcalc.activations.declaration import QUANTITIES, parse_quantity
from actcalc.activations.kinks import AT_KINK, check_at_kink
from actcalc.cli import options
from actcalc.cli.notes import option, tell
from actcalc.cli.options import argument, complete_files, flag, offer, value
from actcalc.cli.progress import with_progress
from actcalc.cli.requests import activations, exclude, judge, text_width, whole_number
from actcalc.errors import ActcalcError, spell_out
from actcalc.input.invalid import Invalid
from actcalc.numbers.floats import FLOAT64, FORMATS
from actcalc.output.formats import FOR_PEOPLE, check_format, write


def check(
    name: options.Name,
    files: Annotated[
        list[str] | None,
        argument(
            "[FILE...]",
            "Text, JSON or any output of 'table', compressed or not, .npy, .npz or .bin; or two .npy or .bin:"
            " z and values. With none, or '-', standard input is read.",
            complete_files,
        ),
    ] = None,
    of: Annotated[
        str, value("WHAT", "What was computed: g, dg, or d2g to d8g.", complete=offer(QUANTITIES))
    ] = "dg",
    dtype: Annotated[
        str | None,
        value(
            "FORMAT",
            f"Format of z and values: {options.A_FORMAT}, or integers, read as their codes: q3.12, uq0.16,"
            " s8:SCALE,ZERO. Numbers may then be bit patterns, too: 0x3f80.",
            complete=offer(FORMATS),
        ),
    ] = None,
    out_dtype: Annotated[
        str | None,
        value(
            "FORMAT",
            "Format of the values, and of the ulps, if it is not that of z.",
            "--out-dtype",
            complete=offer(FORMATS),
        ),
    ] = None,
    rounding: options.Rounding = None,
    overflow: options.Overflow = None,
    bits: Annotated[
        bool, flag("Read all numbers as bit patterns of --dtype: 0x3f80 or 3f80.", "--bits")
    ] = False,
    columns: Annotated[
        str | None,
        value(
            "A,B",
            "Columns of z and of the value: names, or numbers from 1.  [default: z and one of g, dg, d2g,"
            " value; without a header the first two]",
        ),
    ] = None,
    given_a: Annotated[
        bool, flag("Take the points as a = g(z), and check the slope from a alone.", "--given-a")
    ] = False,
    invalid: options.Invalid = "stop",
    param: options.Param = None,
    at_kink: Annotated[
        str | None,
        value(
            "RULE",
            "The right slope at a kink: least, left, right or nan.  [default: any between the two one-sided"
            " slopes]",
            complete=offer(AT_KINK),
        ),
    ] = None,
    max_ulp: options.MaxUlp = None,
    atol: options.Atol = None,
    rtol: options.Rtol = None,
    digits: Annotated[
        str | None,
        value(
            "auto|N",
            "Instead of ulps: pass values right to N significant digits or (auto) to the last place of their"
            " column, with z and values taken as written.",
        ),
    ] = None,
    strict_zero: Annotated[bool, flag("Fail zeros of the wrong sign.", "--strict-zero")] = False,
    flush_to_zero: options.FlushToZero = False,
    daz: options.Daz = False,
    strict_subnormals: Annotated[
        bool, flag("Pass neither of the two (the default).", "--strict-subnormals")
    ] = False,
    worst: Annotated[str, value("N", "List the N worst points.", show_default=False)] = "0",
    every_range: Annotated[bool, flag("Show the errors by decade of z.", "--ranges")] = False,
    format_name: options.Format = "table",
    quiet: Annotated[
        bool, flag("Print no notes, no progress bar and no verdict on stderr.", "--quiet", "-q")
    ] = False,
) -> int:
    """Compare computed values with the right ones; exit status 1 if they fail.

    Reads z and a value from each line, separated by commas, tabs or spaces, and reports errors in ulps (units
    in the last place of the exact value). In CSV the report is one row; with --worst, the worst points.

    \b
    Examples:
      actcalc table tanh -f csv | actcalc check tanh
      actcalc table gelu -f tsv | actcalc check gelu --of g --max-ulp 0.5
      actcalc check sigmoid slopes.npy --worst 5
      actcalc check silu log.csv --columns 1,3 --format json
      actcalc check tanh kernel.npy --dtype float32 --out-dtype bfloat16
      echo 1 0.1966 | actcalc check sigmoid --digits auto
      echo 0.5 0.75 | actcalc check tanh --given-a
    """
    check_format(format_name)
    (f,) = activations([name], param, quiet)
    quantity = parse_quantity(of)
    if given_a:
        exclude("--given-a", {f"--of {of}": quantity != "dg", "--at-kink": at_kink})
        f.require_shortcut()
    rule = None if at_kink is None else check_at_kink(at_kink)
    from actcalc.numbers.integers import IntegerFormat
    from actcalc.numbers.roundings import Rounding, number_format

    fmt = None if dtype is None else number_format(dtype)
    out = None if out_dtype is None else number_format(out_dtype, "out_dtype")
    known_out = out or fmt
    if known_out is not None or rounding is not None or overflow is not None:
        Rounding(known_out or FLOAT64, rounding or "nearest", overflow)  # refuses what is impossible
    if given_a and isinstance(fmt, IntegerFormat):
        raise ActcalcError(f"--given-a takes values of a float format, not codes of {fmt}")
    if invalid == "nan" and (bare := [one for one in (fmt, out) if one is not None and not one.has_nan]):
        raise ActcalcError(f"--invalid nan: {bare[0]} has no NaN", "--invalid skip leaves such lines out")
    if bits and fmt is None:
        raise ActcalcError("--bits needs --dtype", "for example: --bits --dtype bfloat16")
    most = whole_number("--worst", worst, 0, 99999)
    paths = files or ["-"]
    if len(paths) > 2:
        raise ActcalcError("more than two files", "give one, or two .npy or .bin files: z and values")
    if paths[0] == "-" and sys.stdin is not None and sys.stdin.isatty():
        raise ActcalcError(
            "no file given", f"give one, or pipe numbers in: ... | actcalc check {shlex.quote(name)}"
        )

    from actcalc.checking import digits as in_digits
    from actcalc.checking.judge import WITHIN_AN_ULP
    from actcalc.checking.report import document, verdict
    from actcalc.checking.request import CheckRequest
    from actcalc.input.npy import Given
    from actcalc.input.pairs import choose_pair
    from actcalc.teaching.elsewhere import default_note

    passes = judge(
        WITHIN_AN_ULP,
        max_ulp,
        atol,
        rtol,
        strict_zero=strict_zero,
        flush_to_zero=flush_to_zero,
        daz=daz,
        strict_subnormals=strict_subnormals,
    )
    passed_over = Invalid(invalid)

    def take_note(note: str) -> None:
        if note and not quiet:
            tell(f"note: {spell_out(note, option)}")

    choose = choose_pair(quantity, columns, take_note, "a" if given_a else "z")
    given, direction = Given(fmt, out), rounding or "nearest"
    request = CheckRequest(
        *(paths, choose, f, quantity, given, rule, passes, most, passed_over, bits, given_a),
        *(direction, overflow),
    )
    flags = {f"--at-kink {at_kink}": rule, "--strict-zero": strict_zero, "--flush-to-zero": flush_to_zero}
    flags["--daz"] = daz
    used = " ".join(option for option, given in flags.items() if given)
    note, file = "" if quiet else default_note(f), " ".join(files or [])
    is_narrow, count = False, None
    if digits is not None:
        exclude("--digits", {"--max-ulp": max_ulp, "--dtype": dtype, "--ranges": every_range})
        exclude("--digits", {"--out-dtype": out_dtype, "--rounding": rounding, "--overflow": overflow})
        exclude("--digits", {"--strict-zero": strict_zero, "--flush-to-zero": flush_to_zero, "--daz": daz})
        exclude("--digits", {"--strict-subnormals": strict_subnormals, "--atol": atol, "--rtol": rtol})
        count = None if digits == "auto" else whole_number("--digits", digits, 1, 1000)
    try:
        if digits is None:
            report, is_narrow = request.report(lambda pairs: with_progress(pairs, None, not quiet))
            explains = format_name == "table" and sys.stdout.isatty() and not quiet
            said = document(report, note, file, used, every_range, explains)
            passed, last, guess = report.passed, verdict(report), report.guess
        else:
            written = request.digits_report(count, lambda texts: with_progress(texts, None, not quiet))
            said = in_digits.document(written, note, file, used)
            passed, last, guess = written.passed, in_digits.verdict(written), written.guess
    finally:
        take_note(passed_over.note)
    write(format_name, said, sys.stdout, text_width())
    if format_name not in FOR_PEOPLE and not quiet:
        tell(*([f"guess: {guess}"] if guess else []), last)
    if is_narrow and not passed and not quiet:
        tell("hint: all values are float32 numbers: did you mean --dtype float32?")
    return int(not passed)
