"""The diagnosis of a textbook slope in a float format: its losses, an example, and a better formula."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parity, Piece, Quantity
from actcalc.arithmetic.formulas import Node
from actcalc.arithmetic.slopes import format_formula
from actcalc.arithmetic.stable import stable
from actcalc.arithmetic.writing import abbreviated, written
from actcalc.catalogue.custom import FormulaActivation, without_activations
from actcalc.catalogue.recognition import recognise
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import Format
from actcalc.output.documents import Document
from actcalc.output.pages import Fact, Heading, Part, Section
from actcalc.output.rows import Column, FormulaText, Table, one_by_one
from actcalc.teaching.losses import OVER, Kind, Loss, Losses, Step
from actcalc.teaching.textbook import formula_in_floats

_FACTS = {
    "mills": "mills(x) = (1 - Phi(x))/phi(x), which is sqrt(pi/2)*erfcx(x/sqrt(2)) in SciPy",
    "erfc": "erfc(x) = 1 - erf(x), but accurate even where it is small",
    "expm1": "expm1(x) = exp(x) - 1, but accurate even where it is small",
    "log1p": "log1p(x) = log(1 + x), but accurate even where x is small",
}


class Instead(NamedTuple):
    """The formula to write instead of a textbook slope."""

    texts: Sequence[str]
    largest: float | None
    """Its largest error in ulps at the same points; None if it was not measured."""


class Diagnosis:
    """The losses of the slope of ``f``, from a if possible and from z, and a formula to write instead."""

    def __init__(self, f: Activation, fmt: Format) -> None:
        self.f, self.format = f, fmt
        shown = without_activations(f) if isinstance(f, FormulaActivation) else f
        self.forms = [Losses(shown, fmt)]
        if self.forms[0].slope.is_from_a:
            self.forms.append(Losses(shown, fmt, from_z=True))

    @property
    def losses(self) -> list[Loss]:
        return [loss for form in self.forms for loss in form.found]

    def instead(self) -> Instead | None:
        """The catalogue's formula, which does not cancel, or else one found by rules, if it is better."""
        form = self.forms[-1]
        if not self.losses:
            return None
        known: tuple[Activation, Quantity] | None = (self.f, "dg")
        if isinstance(self.f, FormulaActivation):
            found = recognise(self.f, "dg")
            known = None if found is None else (found.f, found.of)
        if known is not None:
            f, of = known
            pieces = [Piece(piece.g, piece.formula(of), piece.upto) for piece in f.pieces]
            if any(map(_is_endless, pieces, [None, *pieces])):
                return None
            return Instead(list(self._written(pieces)), form.largest_error(pieces))
        tree = stable(form.slope.tree)
        piece = Piece(lambda m, z: z, formula_in_floats(tree, self.f.parameters))
        largest = form.largest_error([piece])
        half = 2.0 ** (self.format.precision / 2)
        if tree == form.slope.tree or largest >= min(half, max(loss.largest for loss in self.losses)):
            return None
        return Instead([FormulaText(format_formula(tree)), *_explained(tree)], largest)

    def _written(self, pieces: Sequence[Piece]) -> Iterator[str]:
        """The formulas for where digits are lost, for each side of 0 unless they are the same."""
        zs = {side * loss.z for loss in self.losses for side in ((1, -1) if loss.is_on_both_sides else (1,))}

        def at(z: float) -> Node | None:
            piece = next(piece for piece in pieces if piece.upto is None or z <= piece.upto)
            return written(piece.dg, Fraction(z))

        trees = {tree: z for z in sorted(zs, key=abs, reverse=True) if (tree := at(z)) is not None}
        for tree, z in trees.items():
            short, names = abbreviated(tree)
            means = " and ".join(f"{name} = {format_formula(meaning)}" for name, meaning in names.items())
            side = "" if at(-z) == tree else "above 0: " if z > 0 else "below 0: "
            yield FormulaText(f"{side}{format_formula(short)}" + (f" with {means}" if means else ""))
        yield from dict.fromkeys(line for tree in trees for line in _explained(tree))


def _is_endless(piece: Piece, before: Piece | None) -> bool:
    """Whether a piece is an infinite sum, which cannot be written as a formula."""
    low = None if before is None or before.upto is None else Fraction(before.upto)
    high = None if piece.upto is None else Fraction(piece.upto)
    z = low + Fraction(1, 100) if low is not None else (high or Fraction(0)) - 1
    return written(piece.dg, z) is None


def _explained(tree: Node) -> Iterator[str]:
    """Explanations of functions that not everybody knows."""
    text = format_formula(tree)
    yield from (meaning for name, meaning in _FACTS.items() if f"{name}(" in text)


# As a page


def page(f: Activation, fmt: Format) -> Document:
    """The diagnosis as a document."""
    found = Diagnosis(f, fmt)
    instead = found.instead()
    parts: list[Part] = [Heading(f"{f.describe()}: where its textbook slope loses digits in {fmt}")]
    for form in found.forms:
        facts = [Fact("slope", "g'", "", FormulaText(form.slope.text))]
        where = [f"{name} = {format_formula(tree)}" for name, tree in form.slope.where.items()]
        facts += [Fact("where", "", "", list(map(FormulaText, where)))] if where else []
        facts += [] if form.found else [Fact("lost", "", "", _nowhere(form))]
        for loss in form.found:
            facts += _facts(loss, form)
        parts.append(Section("From a = g(z)" if form.slope.is_from_a else "From z", facts))
        if form.found:
            main = _most_telling(form)
            parts.append(Section(f"Step by step at z = {fmt.text(main.z)}", _table(main, form)))
    if found.losses:
        parts.append(
            Section("What to write instead", [Fact("instead", "g'(z)", "", _advice(found, instead))])
        )
    rows = [_row(loss, form) for form in found.forms for loss in form.found]
    return Document(
        Table(_COLUMNS, one_by_one([[_cell(value) for value in row.values()] for row in rows])),
        data={
            "activation": f.describe(),
            "dtype": fmt.name,
            "losses": [
                {**row, "steps": [_step_object(step, form) for step in _shown(loss, form)]}
                for row, (loss, form) in zip(
                    rows, ((x, form) for form in found.forms for x in form.found), strict=True
                )
            ],
            "instead": list(instead.texts) if instead else [],
            "instead_max_ulp": instead.largest if instead else None,
        },
        objects=rows,
        text=parts,
        markup=[_in_markup(part) for part in parts if not isinstance(part, Heading)],
    )


def _in_markup(part: Part) -> Part:
    """A section of facts as a section with a table."""
    if not isinstance(part, Section) or isinstance(part.held, Table):
        return part
    facts: Sequence[Fact] = part.held
    lines = [[fact.title or fact.name, text] for fact in facts for text in fact.parts]
    table = Table([Column("fact"), Column("value", may_be_cut=True)], one_by_one(lines))
    return part._replace(held=table)


_COLUMNS = [
    *(Column("slope"), Column("operation"), Column("kind"), Column("cause")),
    *(Column(name, kind="number") for name in ("from", "to", "zero_from", "max_ulp", "z")),
]


def _row(loss: Loss, form: Losses) -> dict[str, Any]:
    return {
        "slope": form.slope.text,
        "operation": format_formula(loss.blame.operation),
        "kind": loss.blame.kind.value,
        "cause": format_formula(loss.blame.cause),
        "from": loss.first,
        "to": loss.last,
        "zero_from": loss.zero,
        "max_ulp": loss.largest if math.isfinite(loss.largest) else None,
        "z": loss.z,
    }


def _cell(value: Any) -> str | None:
    return repr(value) if isinstance(value, float) else value


def _step_object(step: Step, form: Losses) -> dict[str, Any]:
    return {
        "operation": _name_of(step.node, form),
        "computed": step.computed,
        "right": _right_text(step, form.format),
        "ulps": step.error if math.isfinite(step.error) else None,
    }


def _most_telling(form: Losses) -> Loss:
    """The loss for the example: the first that takes half of the digits, away from a root."""
    half = 2.0 ** (form.format.precision / 2)
    telling = [loss for loss in form.found if loss.largest > half and not loss.is_at_root]
    return telling[0] if telling else max(form.found, key=lambda loss: loss.largest)


def _nowhere(form: Losses) -> str:
    return f"nowhere: the error is at most {OVER} ulps of {form.format} ({form.reach})"


def _facts(loss: Loss, form: Losses) -> Iterator[Fact]:
    """The operation, where it loses digits, and why."""
    fmt = form.format
    on = "on" if loss.first > 0 else "down"
    first, last = fmt.text(loss.first), fmt.text(loss.last)
    text = f"from z = {first} {on}" if loss.to_the_end else f"from z = {first} to {last}"
    if loss.first == loss.last:
        text = f"near z = {first}"
    if loss.zero is not None and loss.zero == loss.first:
        text += " exactly 0"
    else:
        text += f" {_off_by(loss.largest)}"
        text += f"; from {fmt.text(loss.zero)} {on} exactly 0" if loss.zero is not None else ""
    if loss.zero is not None:
        text += f", where the slope is {fmt.text(form.f.dg_float(loss.zero, fmt))}"
    if loss.is_on_both_sides:
        text += "; likewise below 0"
    why = reason(loss, fmt)
    if loss.is_at_root:
        why += "; g' is 0 nearby, where every rounding error matters"
    yield Fact("operation", "", "", FormulaText(format_formula(loss.blame.operation)))
    yield Fact("where", "", "", text)
    yield Fact("why", "", "", why)


def _off_by(error: float) -> str:
    if error == 0:
        return "correctly rounded"
    return f"off by up to {error:.2g} ulp{'s' * (error > 1)}" if error < _ALL else "no digit is right"


_ALL = 1e300


def reason(loss: Loss, fmt: Format) -> str:
    """A clause on how an operation loses digits."""
    cause = format_formula(loss.blame.cause)
    match loss.blame.kind:
        case Kind.CANCELS:
            return (
                f"cancellation: the leading digits of both sides cancel, and the rounding error of {cause}"
                " remains"
            )
        case Kind.ABSORBED:
            return (
                f"{cause} is close to 1: most digits of the number added to 1 are rounded away, and the"
                " logarithm depends on that number alone"
            )
        case Kind.MAGNIFIES:
            return f"it magnifies the rounding error of {cause}, more the larger that is"
        case Kind.OVERFLOWS:
            return f"{cause} overflows: it exceeds {fmt.text(fmt.largest)}, the largest {fmt}"
        case Kind.UNDERFLOWS:
            smallest = fmt.text(fmt.smallest_normal)
            return f"{cause} is below {smallest}, the smallest normal {fmt}: it has lost digits, or is 0"
    return f"the rounding errors of its parts add up, mainly that of {cause}"


def _shown(loss: Loss, form: Losses) -> list[Step]:
    """The steps up to the operation to blame, and from it to the result."""
    inside = {*_parts(loss.blame.operation, form)}
    steps = []
    for step in loss.steps:
        around = {*_parts(step.node, form)}
        is_variable = step.node.kind == "name" and step.node.name in (*form.slope.where, "a", "g")
        is_leaf = step.node.kind in ("number", "name", "negative") and not is_variable
        is_named = step.node in form.slope.where.values()
        if not is_leaf and not is_named and (step.node in inside or loss.blame.operation in around):
            steps.append(step)
    return steps


def _parts(node: Node, form: Losses) -> Iterator[Node]:
    yield node
    if node.kind == "name" and node.name in form.slope.where:
        yield from _parts(form.slope.where[node.name], form)
    for part in node.parts:
        yield from _parts(part, form)


def _name_of(node: Node, form: Losses) -> str:
    if node.kind == "name" and node.name in form.slope.where:
        return f"{node.name} = {format_formula(form.slope.where[node.name])}"
    return f"{node.name} = g(z)" if node.kind == "name" else format_formula(node)


def _right_text(step: Step, fmt: Format) -> str:
    if step.right is None:
        return "?"
    digits = Digits(fmt.digits)
    return digits.text(digits.round_exact(step.right))


def _table(loss: Loss, form: Losses) -> Table:
    columns = [
        Column("operation", may_be_cut=True, identifies=True),
        *(Column("computed", kind="number"), Column("right", kind="number")),
        Column("off by", "ulps", "number"),
    ]
    cells = [
        [
            _name_of(step.node, form),
            form.format.text(step.computed),
            _right_text(step, form.format),
            _off(step),
        ]
        for step in _shown(loss, form)
    ]
    return Table(columns, one_by_one(cells))


def _off(step: Step) -> str:
    return "all" if not math.isfinite(step.error) else f"{step.error:.2g}"


def _advice(found: Diagnosis, instead: Instead | None) -> list[str]:
    """The formula to write, its error, and a remark if a is not enough."""
    lines: list[str] = []
    if instead is not None:
        lines += instead.texts
        if instead.largest is not None:
            lines.append(f"{_off_by(instead.largest)} at the same z, with each operation rounded")
    else:
        lines.append("no short formula keeps the digits everywhere; actcalc deriv does")
    if found.forms[0].slope.is_from_a and found.forms[0].found:
        lines.append(
            "the lost digits cannot be recovered from a alone: use z"
            + (", and 1 - a is g(-z)" if found.f.parity is Parity.COMPLEMENT else "")
        )
    return lines
