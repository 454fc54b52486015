"""Correctly rounded code of activations: what is printed, and in which language."""

from collections.abc import Callable, Mapping
from importlib import import_module

from actcalc.activations.declaration import Quantity
from actcalc.code.correct import certified
from actcalc.code.hard import hard_inputs, near_ties
from actcalc.code.programs import CorrectFunction, CorrectUnit, Printer
from actcalc.code.proof import exceptions
from actcalc.code.sensitive import sensitive_inputs
from actcalc.code.shipped import find
from actcalc.code.working import Form
from actcalc.errors import ActcalcError, Argument, Wording, quote
from actcalc.numbers.floats import Format

_PRINTERS = {
    "c": "actcalc.code.correct_c:CPrinter",
    "cuda": "actcalc.code.correct_c:CudaPrinter",
    "rust": "actcalc.code.correct_rust:RustPrinter",
    "numpy": "actcalc.code.correct_numpy:NumPyPrinter",
}
"""By language."""
_TRIED, _NEAREST = 20_000, 30
"""Of so many inputs of each part of a binade so many may show changes of constants."""


def correct_unit(
    forms: Mapping[Quantity, Form],
    names: Mapping[Quantity, str],
    fmt: Format,
    title: str,
    prove: bool = False,
    test: bool = False,
    step: Callable[[int], None] = lambda done: None,
) -> CorrectUnit:
    """Functions that are correctly rounded, with the inputs that need their results listed.

    Those are shipped, or else found: to ``prove`` is to try all inputs; ``step`` hears how many were. Raises
    ActcalcError for float64, and where it is neither.
    """
    if not fmt.is_narrow:
        raise ActcalcError(
            ": float64 cannot be correctly rounded, as the code computes in float64",
            about="dtype",
        )
    functions = []
    for which, (f, of) in forms.items():
        shipped = find(f, of, fmt)
        program = certified(f, of, fmt, None if shipped is None else shipped.plan)
        if prove:
            hard = exceptions(program, f, of, fmt, step)
        elif shipped is not None and shipped.program == program.digest:
            hard = dict(shipped.exceptions)
        else:
            raise ActcalcError(
                f": the hard-to-round {fmt} inputs of {quote(f.describe())} are not known",
                Wording("find them by trying all: ", Argument("prove")),
                about="correct",
            )
        tests: dict[int, int] = {}
        if test:
            shown = sensitive_inputs(program, fmt, near_ties(f, of, fmt, _TRIED, _NEAREST))
            tests = hard_inputs(f, of, fmt, [*map(fmt.from_bits, hard), *shown])
        functions.append(CorrectFunction(names[which], program, hard, tests))
    return CorrectUnit(title, functions, fmt)


def write_correct(unit: CorrectUnit, language: str) -> str:
    """Correctly rounded code in one of the languages that have it."""
    module, name = _PRINTERS[language].split(":")
    printer: type[Printer] = getattr(import_module(module), name)
    return printer(unit).write()
