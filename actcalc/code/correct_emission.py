"""A file of correctly rounded source, with what its header says."""

from collections.abc import Callable, Mapping, Sequence

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.catalogue.custom import FormulaActivation
from actcalc.catalogue.recognition import Recognition, recognise
from actcalc.code.correct_unit import correct_unit, write_correct
from actcalc.code.header import closing, filled, opening
from actcalc.code.language import LANGUAGES, Language
from actcalc.code.programs import CorrectUnit
from actcalc.code.working import Form
from actcalc.errors import ActcalcError, join_names
from actcalc.numbers.floats import Format


def correct_source(
    f: Activation,
    names: Mapping[Quantity, str],
    language: Language,
    fmt: Format,
    prove: bool = False,
    test: bool = False,
    command: str = "",
    step: Callable[[int], None] = lambda done: None,
) -> str:
    """Functions that are correctly rounded, by their names; see ``correct_unit``.

    Raises ActcalcError for languages that have none.
    """
    check_language(language, [one for one in LANGUAGES.values() if one.has_correct], "correct")
    found = {which: recognise(f, which) if isinstance(f, FormulaActivation) else None for which in names}
    forms = {
        which: Form(one.f, one.of) if one is not None and one.is_proved else Form(f, which)
        for which, one in found.items()
    }
    unit = correct_unit(forms, names, fmt, f.describe(), prove, test, step)
    return write_correct(unit._replace(header=_header(unit, f, names, found, command)), language.name)


def check_language(language: Language, known: Sequence[Language], about: str) -> None:
    """Raises ActcalcError, about this argument, if a language is not among those known."""
    if language not in known:
        titles = join_names([one.title for one in known])
        raise ActcalcError(f"is for {titles}, not for {language.title}", about=about)


def _header(
    unit: CorrectUnit,
    f: Activation,
    names: Mapping[Quantity, str],
    recognitions: Mapping[Quantity, Recognition | None],
    command: str,
) -> tuple[str, ...]:
    lines = opening(f, names, recognitions, {})
    fmt = unit.dtype
    right = (
        f"Correctly rounded: all {2 * fmt.finite_count:,} finite {fmt} numbers were tried, and each"
        f" result is the {fmt} nearest to the exact value. Computed in float64, by operations that give the"
        " same bits on every machine, and rounded once."
    )
    lines += ["", *filled(right)]
    for function in unit.functions:
        if listed := len(function.exceptions):
            cases = "1 hard-to-round case is" if listed == 1 else f"{listed} hard-to-round cases are"
            lines += filled(f"{function.name}: {cases} listed in the code", 4, 4)
    return (*lines, *closing(command))
