"""``actcalc code``: g and its slope as source that keeps its digits, with its measured error."""

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Annotated

from actcalc.cli.options import (
    Name,
    Param,
    Quiet,
    flag,
    offer,
    output_option,
    value,
)
from actcalc.cli.progress import MinuteLines
from actcalc.cli.requests import activations, destination
from actcalc.code.language import ALL_DTYPES, LANGUAGES
from actcalc.errors import ActcalcError, join_names, quote
from actcalc.output.files import check_writable

_LANGUAGE, _DTYPE = "c", "float32"
_SUFFIXES = {".h": "c"}


def code(
    name: Name,
    of: Annotated[
        list[str] | None,
        value("g|dg", "Only g, or only its slope.  [default: both]", "--of", complete=offer(("g", "dg"))),
    ] = None,
    param: Param = None,
    lang: Annotated[
        str | None,
        value(
            "LANGUAGE",
            f"{join_names(LANGUAGES)}.  [default: by the suffix of FILE, else {_LANGUAGE}]",
            "--lang",
            complete=offer(LANGUAGES),
        ),
    ] = None,
    dtype: Annotated[
        str,
        value("FORMAT", f"Format of z and results: {join_names(ALL_DTYPES)}.", complete=offer(ALL_DTYPES)),
    ] = _DTYPE,
    compute: Annotated[
        str | None,
        value(
            "FORMAT",
            "Compute in float64 or float32, and round once.  [default: --dtype, or float32 for 16 bits]",
            complete=offer(("float64", "float32")),
        ),
    ] = None,
    correct: Annotated[
        bool,
        flag("Round each result correctly: the same bits everywhere; float32 and 16 bits.", "--correct"),
    ] = False,
    prove: Annotated[bool, flag("Try all inputs, which takes minutes for float32.", "--prove")] = False,
    test: Annotated[
        bool, flag("Add a test, with right results of inputs that are hard to round.", "--test")
    ] = False,
    called: Annotated[
        str | None,
        value("WORD", "Call the functions WORD and WORD_slope.  [default: the activation's name]", "--name"),
    ] = None,
    output: Annotated[
        str | None,
        output_option("Write to FILE, whole or not at all; its suffix selects the language.  [default: -]"),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Print g and its slope as source that keeps its digits, with its measured error.

    The code is stable everywhere: no digits cancel, and nothing overflows on the way. Its header states
    the largest error measured.

    \b
    Examples:
      actcalc code gelu
      actcalc code gelu --of dg --lang c --dtype float32
      actcalc code 'z*tanh(exp(z))' --lang torch -o telu.py
      actcalc code gelu --correct --test -o gelu.c
      actcalc code '1/(1+exp(-z))*(1-1/(1+exp(-z)))'
    """
    (f,) = activations([name], param, quiet)
    chosen = _language(lang, output)
    if output is not None:
        check_writable(output)
    from actcalc.code.emission import source  # which needs arrays

    given = {"--lang": lang and chosen, "--dtype": dtype, "--compute": compute, "--name": called}
    flags = {"--correct": correct, "--test": test, "--prove": prove}
    line = _command(name, of or (), param or (), given, [word for word, on in flags.items() if on])
    lines, done, quantities = MinuteLines(not quiet), 0, of or ("g", "dg")

    def step(count: int) -> None:
        nonlocal done
        done += count
        lines.tell(f"{done:,} inputs tried")

    text = source(f, quantities, chosen, dtype, compute, called, line, correct, prove, test, step)
    with destination(output) as out:
        out.write(text)


def _language(given: str | None, output: str | None) -> str:
    """The language asked for by name or by the suffix of a file; by default C.

    Raises ActcalcError for a suffix that several languages have.
    """
    if given is not None or output is None:
        return _LANGUAGE if given is None else given.lower()
    suffix = os.path.splitext(output)[1].lower()
    found = [name for name, language in LANGUAGES.items() if language.suffix == suffix]
    if len(found) > 1:
        raise ActcalcError(
            f"{quote(output, 4096)} could be {join_names(found)}", f"say which, for example --lang {found[0]}"
        )
    return found[0] if found else _SUFFIXES.get(suffix, _LANGUAGE)


def _command(
    name: str,
    of: Sequence[str],
    param: Sequence[str],
    given: Mapping[str, str | None],
    flags: Sequence[str] = (),
) -> str:
    """The command line that prints the same source, without defaults."""
    words = ["actcalc", "code", name]
    words += [word for which in of for word in ("--of", which)]
    words += [word for setting in param for word in ("-p", setting)]
    defaults = {"--dtype": _DTYPE}
    for option, text in given.items():
        if text is not None and text != defaults.get(option):
            words += [option, text]
    words += flags
    return shlex.join(words)
