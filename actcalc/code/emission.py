"""From an activation to a file of source: what is printed, measured, and said of it."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity, parse_quantity
from actcalc.catalogue.resolution import resolve
from actcalc.code.candidates import Printed, best, in_numpy
from actcalc.code.correct_emission import check_language, correct_source
from actcalc.code.expression import Unit
from actcalc.code.header import header
from actcalc.code.language import LANGUAGES, Language
from actcalc.code.languages.registry import write
from actcalc.code.local_c import compiled, compiler
from actcalc.code.measured import Function, audit_points, measure_everywhere
from actcalc.code.names import names
from actcalc.code.trial import trial
from actcalc.errors import ActcalcError, Argument, Wording, did_you_mean, join_names, quote
from actcalc.numbers.floats import FLOAT32, Format, float_format

ORDERS: tuple[Quantity, ...] = ("g", "dg")
"""The printed source and what it was made from."""
COMPUTE = ("float64", "float32")
"""Formats that are computed in."""


def source(
    f: Activation | str,
    of: Sequence[str] | str = ORDERS,
    lang: str = "c",
    dtype: str = "float32",
    compute: str | None = None,
    name: str | None = None,
    command: str = "",
    correct: bool = False,
    prove: bool = False,
    test: bool = False,
    step: Callable[[int], None] = lambda done: None,
) -> str:
    """g and g' of an activation or a formula as a file of source, with its error measured in the header.

    ``of`` is ``g``, ``dg`` or both, ``lang`` one of LANGUAGES, ``dtype`` the format of z and results,
    ``compute`` the wider one that is worked in: float32 for formats of 16 bits, unless given, else the format
    itself. ``name`` stands in the place of the activation's name, and ``command`` is the line that the header
    says it was made by. To ``prove`` is to try all inputs, of which ``step`` hears. ``correct`` is each
    result correctly rounded, in a program of float64 operations. A ``test`` goes along in C, CUDA and NumPy.
    Raises ActcalcError for what cannot be printed.
    """
    f = resolve(f) if isinstance(f, str) else f
    quantities = _quantities(f, [of] if isinstance(of, str) else of)
    language = language_of(lang)
    fmt = _dtype(dtype, language.dtypes, "dtype")
    called = names(f, quantities, language.title, language.reserved, name)
    if test:
        check_language(language, [one for one in LANGUAGES.values() if one.has_test], "test")
    if correct:
        if compute is not None:
            raise ActcalcError("must be float64 in correctly rounded code: leave it out", about="compute")
        return correct_source(f, called, language, fmt, prove, test, command, step)
    if prove and fmt.bits > 32:
        raise ActcalcError(f"is for formats of up to 32 bits, not for {fmt}", about="prove")
    working = _compute(compute, fmt)
    z = audit_points(f, fmt)
    printed = {which: best(f, which, fmt, working, z) for which in quantities}
    unit = Unit(
        f.describe(),
        [one.routine for one in printed.values()],
        called,
        fmt,
        working,
    )
    by = f"with the same operations in NumPy {version('numpy')}"
    if prove:
        printed, by = _proved(unit, f, printed, language, by, step)
    if test:
        run = _run_in_numpy(unit, printed)
        trials = {of: trial(run[of], f, of, fmt, working, one.measurement) for of, one in printed.items()}
        unit = unit._replace(trials=trials)
    return write(unit._replace(header=_header(unit, f, printed, language, by, command)), language.name)


def _proved(
    unit: Unit,
    f: Activation,
    printed: Mapping[Quantity, Printed],
    language: Language,
    by: str,
    step: Callable[[int], None],
) -> tuple[dict[Quantity, Printed], str]:
    """The functions with their errors at all inputs, and what ran them: C, where it can be compiled."""
    cc = compiler() if language.name == "c" else None
    if cc is None:
        run = _run_in_numpy(unit, printed)
    else:
        run, by = compiled(write(unit, language.name), unit.names, unit.dtype, cc)
        by = f"with {by}"
    found = {
        which: one._replace(measurement=measure_everywhere(run[which], f, which, unit.dtype, step))
        for which, one in printed.items()
    }
    return found, by


def _run_in_numpy(unit: Unit, printed: Mapping[Quantity, Printed]) -> dict[Quantity, Function]:
    return in_numpy({which: one.routine for which, one in printed.items()}, unit.dtype, unit.compute)


def language_of(name: str) -> Language:
    """The language of this name. Raises ActcalcError if it is none."""
    if name not in LANGUAGES:
        raise ActcalcError(
            f"must be {join_names(LANGUAGES)}, not {quote(name)}",
            did_you_mean(name.lower(), LANGUAGES),
            about="lang",
        )
    return LANGUAGES[name]


def _quantities(f: Activation, of: Sequence[str]) -> tuple[Quantity, ...]:
    """g and g' in their order. Raises ActcalcError for a derivative of higher order, with a way out."""
    asked = {_quantity(f, text) for text in of}
    return tuple(which for which in ORDERS if which in asked)


def _quantity(f: Activation, text: str) -> Quantity:
    if text not in (*QUANTITIES, "deriv"):
        raise ActcalcError(f"must be {join_names(ORDERS)}, not {quote(text)}", about="of")
    which = parse_quantity(text)
    if which in ORDERS:
        return which
    settings = [f"-p {name}={value}" for name, value in f.texts.items()]
    if which == "d2g" and "'" not in f.textbook_dg:
        words = ["print it as the slope of g': actcalc code", shlex.quote(f.textbook_dg), *settings]
        hint = Wording(" ".join(words) + " ", Argument("of", "dg"))
    else:
        words = ["for its values: actcalc deriv", shlex.quote(f.name), *settings]
        hint = Wording(" ".join(words) + " ", Argument("order", str(QUANTITIES.index(which))))
    raise ActcalcError(f"{which} is not supported: code is for g and dg", hint, about="of")


def _dtype(text: str, known: Sequence[str], about: str) -> Format:
    """The format of this name, which is one of those that are known."""
    with suppress(ActcalcError):
        fmt = float_format(text)
        if fmt.name in known:
            return fmt
    raise ActcalcError(
        f"must be {join_names(known)}, not {quote(text)}", did_you_mean(text, known), about=about
    )


def _compute(text: str | None, dtype: Format) -> Format:
    """The format of the computation."""
    if text is None:
        return FLOAT32 if dtype.is_short else dtype
    fmt = _dtype(text, COMPUTE, "compute")
    if fmt.precision < dtype.precision:
        raise ActcalcError(
            f"{fmt} is narrower than {dtype}", f"leave it out: {dtype} is computed in itself", about="compute"
        )
    return fmt


def _header(
    unit: Unit,
    f: Activation,
    printed: Mapping[Quantity, Printed],
    language: Language,
    by: str,
    command: str,
) -> tuple[str, ...]:
    breaks = f"Compiled with {language.fast_math}, it may lose digits, infinities and NaN."
    warnings = [breaks] if language.fast_math else []
    return header(unit, f, printed, by, warnings, command)
