"""The routine that is printed for g or g', and its errors: the best of several ways to write a formula."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.graph import Untraced
from actcalc.arithmetic.rational import Undefined
from actcalc.arithmetic.slopes import format_formula
from actcalc.arithmetic.stable import stable
from actcalc.catalogue.custom import FormulaActivation, rewritten
from actcalc.catalogue.recognition import Recognition, recognise
from actcalc.code.expression import COMPARISONS, FUNCTIONS, Routine, Unit, parts
from actcalc.code.languages.registry import write
from actcalc.code.measured import Function, Measurement, Standard, limit_of
from actcalc.code.plain import routine as plain_routine
from actcalc.code.working import Form
from actcalc.code.working import routine as working_routine
from actcalc.errors import ActcalcError
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format
from actcalc.teaching.diagnosis import reason
from actcalc.teaching.losses import Losses

_KNOWN = {
    *("z", "constant", "name", "neg", "abs", "add", "sub", "mul", "div", "max", "min", "select", "copysign"),
    *("product_error", "fma", "fma_error", *FUNCTIONS, *COMPARISONS),
}
_FEW = 2
"""The most losses that are reported."""


class Printed(NamedTuple):
    """A printed function and its properties."""

    routine: Routine
    measurement: Measurement
    recognition: Recognition | None = None
    """The function of the catalogue that a formula equals, and that is printed for it."""
    text: str = ""
    """The formula that is printed instead of the user's own, if it differs."""
    losses: tuple[str, ...] = ()
    """The operations of the printed formula that lose digits, and why."""


def best(f: Activation, of: Quantity, dtype: Format, compute: Format, z: Array) -> Printed:
    """g or g' of ``f`` as the catalogue declares it; the most accurate form of any other formula.

    Errors are measured at the points z.
    """
    if not isinstance(f, FormulaActivation):
        return _as_form(Form(f, of), Standard(f, of, dtype, z), of, compute)
    found = recognise(f, of)
    if found is not None:
        form = Form(found.f, found.of)
        # The values of a proved equal are found faster.
        right = Standard(*(form if found.is_proved else Form(f, of)), dtype, z)
        return _as_form(form, right, of, compute)._replace(recognition=found)
    given = f.tree if of == "g" else f.slopes[0]
    tree = stable(given)
    text = format_formula(tree)
    right = Standard(f, of, dtype, z)
    candidates: list[Printed] = []
    for routine in routines(f, of, tree, compute):
        candidates.append(_measured(routine, right, of, compute))
        if candidates[-1].measurement.largest.ulps <= limit_of(dtype):
            break
    one = min(candidates, key=lambda one: one.measurement.largest.ulps)
    losses = tuple(_losses(f, tree, one.measurement, compute))
    return one._replace(text="" if tree == given else text, losses=losses)


def _as_form(form: Form, right: Standard, of: Quantity, compute: Format) -> Printed:
    return _measured(working_routine({of: form}, compute), right, of, compute)


def _measured(routine: Routine, right: Standard, of: Quantity, compute: Format) -> Printed:
    return Printed(routine, right.measure(in_numpy({of: routine}, right.format, compute)[of]))


def routines(f: FormulaActivation, of: Quantity, tree: Node, compute: Format) -> Iterator[Routine]:
    """A formula with the mechanisms of working precision, if possible, and then as it is written."""
    forms = [] if "'" in format_formula(tree) else [Form(rewritten(f, tree), "g")]
    for form in [*forms, Form(f, of)] if of == "dg" or not forms else forms:
        # It may have no graph, or no value where it is evaluated.
        with suppress(Untraced, Undefined, ActcalcError, ArithmeticError, AttributeError, ValueError):
            routine = working_routine({of: form}, compute)
            values = [step.value for step in routine.steps]
            if all(x.op in _KNOWN for x in parts(*values, *routine.results.values())):
                yield routine
    yield plain_routine(of, tree, f.parameters, compute)


def _losses(f: FormulaActivation, tree: Node, found: Measurement, compute: Format) -> Iterator[str]:
    """Sentences on the operations that lose digits where errors are beyond the limit."""
    stretches = [stretch for stretch in found.stretches if stretch.reason is None]
    if not stretches:
        return
    with suppress(ActcalcError):  # it contains the slope of an activation
        losses = Losses(rewritten(f, tree), compute, from_z=True, of="g").found
        for loss in sorted(losses, key=lambda loss: -loss.largest)[:_FEW]:
            low, high = sorted((loss.first, loss.last))
            sides = [(low, high), (-high, -low)] if loss.is_on_both_sides else [(low, high)]
            if any(a <= one.high and b >= one.low for a, b in sides for one in stretches):
                yield (
                    f"{format_formula(loss.blame.operation)} loses digits from"
                    f" z = {compute.text(loss.first)} on: {reason(loss, compute)}"
                )


def in_numpy(routines: dict[Quantity, Routine], dtype: Format, compute: Format) -> dict[Quantity, Function]:
    """Routines as NumPy functions, compiled from their printed source."""
    unit = Unit("", list(routines.values()), {of: of for of in routines}, dtype, compute)
    namespace: dict[str, Any] = {"__name__": "actcalc.printed"}
    exec(compile(write(unit, "numpy"), "<printed for NumPy>", "exec"), namespace)
    return {of: namespace[of] for of in routines}
