"""The losses of a textbook slope in a float format: the operations to blame, the z, and the reasons.

The slope is computed twice, with every operation rounded to the format and without any rounding. Where it is
off by more than a few ulps, the operation to blame is found from the result inwards: it is the last one whose
result is far off although its operands are not.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Piece, Quantity
from actcalc.arithmetic.exact import Formula, evaluate
from actcalc.arithmetic.formulas import Node, names_in
from actcalc.arithmetic.rational import Undefined
from actcalc.errors import ActcalcError
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import Format
from actcalc.numbers.ulp import ulps
from actcalc.teaching.textbook import TextbookSlope

if TYPE_CHECKING:
    from actcalc.numbers.float_arrays import Array

_FARTHEST, _IN_TENTHS = 1000, 100
"""The largest z of slopes, and the largest z in tenths for users' formulas, which may take long."""
OVER = 10
"""An error of more ulps is a loss; a few roundings may add up to less."""
_FEW = 2
_ALIKE = 4
"""An operation is to blame if its operands are off by _FEW ulps, or by _ALIKE times less than its result."""
_NEXT_TO_ONE = 0.1
_PROBES = 8
_BESIDE = 0.2
_RIGHT = Digits(40)
_WORK = 1e9


class Kind(Enum):
    """The way in which an operation loses digits."""

    CANCELS = "cancels"
    ABSORBED = "absorbed"
    MAGNIFIES = "magnifies"
    OVERFLOWS = "overflows"
    UNDERFLOWS = "underflows"
    ADDS_UP = "adds up"


class Step(NamedTuple):
    """A part of the formula computed at a z."""

    node: Node
    computed: float
    right: Fraction | None
    """Its value without any rounding; None if it has none."""
    error: float
    """Its error in ulps of the format."""


class Blame(NamedTuple):
    """The operation that loses digits, the kind of loss, and the operand that causes it."""

    kind: Kind
    operation: Node
    cause: Node


class Loss(NamedTuple):
    """Numbers z at which a slope is off by more than a few ulps through one operation."""

    blame: Blame
    first: float
    last: float
    """The ends, the one nearer to 0 first; not all z between them need be off."""
    to_the_end: bool
    """Whether it extends as far as slopes are examined, or are normal numbers."""
    zero: float | None
    """The z from which to the end the result is exactly 0; None if there is none."""
    largest: float
    """The largest error, in ulps."""
    steps: Sequence[Step]
    """An example, each operation after its operands."""
    z: float
    """The z of the example."""
    is_at_root: bool = False
    """Whether g' crosses 0 within it."""
    is_on_both_sides: bool = False
    """Whether the same holds at -z."""


class Losses:
    """All losses of the textbook slope of ``f`` in a format: from a if possible, or from z.

    With ``of="g"`` they are those of g itself.
    """

    def __init__(self, f: Activation, fmt: Format, from_z: bool = False, of: Quantity = "dg") -> None:
        self.f, self.format, self.of = f, fmt, of
        self.slope = TextbookSlope(f, fmt, from_z, of)

    @cached_property
    def found(self) -> tuple[Loss, ...]:
        """The losses, one for each operation to blame: those nearest to 0 first, z > 0 before z < 0."""
        import numpy as np

        zs, right = self._points
        computed = self.slope.of_array(zs)
        errors = self._errors(computed, right)
        values = dict(zip(zs.tolist(), computed.tolist(), strict=True))
        losses: list[Loss] = []
        for side in (1, -1):
            here = np.flatnonzero(zs * side > 0)[::side]
            points = [*zip(zs[here].tolist(), errors[here].tolist(), strict=True)]
            found = [x for some in _stretches(points) for x in self._of_stretch(some, points[-1][0], values)]
            for loss in _gathered(found):
                beside = (np.abs(zs) >= abs(loss.first) - _BESIDE) & (np.abs(zs) <= abs(loss.last) + _BESIDE)
                slopes = right[beside & (zs * side > 0)]
                loss = loss._replace(is_at_root=bool((slopes > 0).any() and (slopes < 0).any()))
                before = next((i for i, other in enumerate(losses) if _is_mirrored(other, loss)), None)
                if before is None:
                    losses.append(loss)
                else:
                    losses[before] = losses[before]._replace(is_on_both_sides=True)
        return tuple(losses)

    @property
    def reach(self) -> str:
        """The z that are examined, in words."""
        if self.f.is_declared:
            return f"every z from -{_FARTHEST} to {_FARTHEST} in steps of 0.1"
        return (
            f"every z from -{_IN_TENTHS} to {_IN_TENTHS} in steps of 0.1, and out to {_FARTHEST} in steps"
            " of 10"
        )

    @cached_property
    def _points(self) -> "tuple[Array, Array]":
        """The points that are examined, and the right slopes there, which are normal numbers."""
        import numpy as np

        from actcalc.activations.arrays import derivative_array
        from actcalc.activations.aside import SetAside

        tenths = 10 * (_FARTHEST if self.f.is_declared else _IN_TENTHS)
        points = {self.format.round_exact(Fraction(k, 10)) for k in range(-tenths, tenths + 1)}
        points |= {self.format.round_exact(Fraction(k)) for k in range(-_FARTHEST, _FARTHEST + 1, 10)}
        # Which side of a kink its nearest float lies on is chance.
        points -= {self.format.round_exact(kink.z) for kink in self.f.kinks}
        zs = np.array(sorted(z for z in points if math.isfinite(z)))
        right = derivative_array(self.f, zs, self.of, self.format, "nan", SetAside())
        is_normal = np.isfinite(right) & (np.abs(right) >= self.format.smallest_normal)
        return zs[is_normal], right[is_normal]

    def _errors(self, computed: "Array", right: "Array") -> "Array":
        """The errors of slopes in ulps."""
        import numpy as np

        from actcalc.numbers.ulp_arrays import ulp_array

        with np.errstate(all="ignore"):
            errors = np.abs(computed - right) / ulp_array(right, self.format)
        errors[~np.isfinite(computed)] = math.inf
        return cast("Array", errors)

    def largest_error(self, pieces: Sequence[Piece]) -> float:
        """The largest error, in ulps, of other formulas for the slope, rounded at each operation."""
        import numpy as np

        from actcalc.arithmetic.rounded_arrays import evaluate_rounded

        zs, right = self._points
        computed = np.full(len(zs), math.nan)
        low = -math.inf
        for piece in pieces:
            high = math.inf if piece.upto is None else float(piece.upto)
            inside = (zs > low) & (zs <= high)
            if inside.any():
                computed[inside] = evaluate_rounded(_numbers_of(piece.dg), zs[inside], self.format)
            low = high
        return float(self._errors(computed, right).max(initial=0))

    def _of_stretch(
        self, stretch: Sequence[tuple[float, float]], end: float, computed: Mapping[float, float]
    ) -> Iterator[Loss]:
        """The losses of a stretch of points with errors: a run for each operation to blame."""
        zs = [z for z, _ in stretch]
        blame = cache(lambda i: self.blame(zs[i]))
        starts = [0]
        probes = sorted({round(k * (len(zs) - 1) / _PROBES) for k in range(_PROBES + 1)})
        for low, high in pairwise(probes):
            if blame(low) != blame(high):
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if blame(middle) == blame(low) else (low, middle)
                starts.append(high)
        for start, stop in pairwise([*starts, len(zs)]):
            found = blame(start)
            if found is None:
                continue
            run = stretch[start:stop]
            z, last = self._example(run), run[-1][0]
            zeros = [x for x, _ in run if computed[x] == 0]
            is_zero = zeros and last == end and all(computed[x] == 0 for x, _ in run[-len(zeros) :])
            largest = max(error for _, error in run)
            zero = zeros[0] if is_zero else None
            yield Loss(found, run[0][0], last, last == end, zero, largest, self.steps(z), z)

    def _example(self, run: Sequence[tuple[float, float]]) -> float:
        """The z, a whole number if there is one, where about half of the digits are lost."""
        half = self.format.precision / 2
        whole = [(z, error) for z, error in run if z == int(z)] or run
        return min(whole, key=lambda one: (abs(math.log2(min(one[1], 1e300)) - half), abs(one[0])))[0]

    def steps(self, z: float) -> tuple[Step, ...]:
        """All operations of the slope at z, each after its operands."""
        # The activation's own formula equals the result, and does not cancel.
        whole = self.f.piece_at(Fraction(z)).formula(self.of)
        return tuple(
            Step(node, computed, *self._right(whole if node == self.slope.tree else formula, z, computed))
            for node, (computed, formula) in self.slope.steps(z).items()
        )

    def _right(self, formula: Formula, z: float, computed: float) -> tuple[Fraction | None, float]:
        try:
            right = Fraction(evaluate(formula, Fraction(z), _RIGHT, _WORK))
        except (Undefined, ZeroDivisionError, ActcalcError, ValueError, OverflowError):
            return None, math.inf if math.isnan(computed) else 0.0
        return right, ulps(computed, right, self.format)

    def blame(self, z: float) -> Blame | None:
        """The operation that loses the digits at z; None if none does."""
        known = {step.node: step for step in self.steps(z)}
        step = known[self.slope.tree]
        if step.error <= OVER:
            return None
        while True:
            parts = [known[part] for part in self._operands(step.node) if part in known]
            if not parts:
                return None
            worst = max(parts, key=lambda part: part.error)
            if worst.error <= _FEW or worst.error < min(step.error, 2.0**self.format.precision) / _ALIKE:
                return self._reason(step, parts)
            step = worst

    def _operands(self, node: Node) -> Sequence[Node]:
        if node.kind == "name" and node.name in self.slope.where:
            return (self.slope.where[node.name],)
        return node.parts[1:] if node.kind == "if" else node.parts

    def _reason(self, step: Step, parts: Sequence[Step]) -> Blame:
        """The way in which an operation loses digits that its operands have."""
        node = step.node
        beyond = next((part for part in parts if math.isinf(part.computed)), None)
        if beyond is not None:
            return Blame(Kind.OVERFLOWS, node, beyond.node)
        small = self.format.smallest_normal
        sunk = next((part for part in parts if abs(part.computed) < small and part.right), None)
        if sunk is not None and node.kind in ("*", "/", "**", "call"):
            return Blame(Kind.UNDERFLOWS, node, sunk.node)
        main = max(parts, key=lambda part: (self._depends_on_z(part.node), part.error, abs(part.computed)))
        if node.kind in ("+", "-"):
            return Blame(Kind.CANCELS, node, main.node)
        if node.kind == "call" and node.name == "log" and abs(main.computed - 1) < _NEXT_TO_ONE:
            return Blame(Kind.ABSORBED, node, main.node)
        return Blame(Kind.MAGNIFIES if node.kind == "call" else Kind.ADDS_UP, node, main.node)

    def _depends_on_z(self, node: Node) -> bool:
        return bool(names_in(node) & {self.slope.variable, *self.slope.where})


def _numbers_of(formula: Formula) -> Any:
    """The formula, with constants as numbers of its arithmetic."""
    return lambda m, z: m.number(formula(m, z))


def _stretches(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The points that are off, in stretches from 0 outwards, which may have small gaps by chance."""
    stretch: list[tuple[float, float]] = []
    for z, error in points:
        if error > OVER:
            if stretch and abs(z) > abs(stretch[-1][0]) * 1.1 + 1:
                yield stretch
                stretch = []
            stretch.append((z, error))
    if stretch:
        yield stretch


def _gathered(losses: Sequence[Loss]) -> list[Loss]:
    """The losses with those of the same operation, kind and side of 0 merged."""
    found: dict[Blame, Loss] = {}
    for loss in losses:
        before = found.get(loss.blame, loss)
        largest = max(before.largest, loss.largest)
        found[loss.blame] = loss._replace(first=before.first, largest=largest, z=before.z, steps=before.steps)
    return [*found.values()]


def _is_mirrored(one: Loss, other: Loss) -> bool:
    return one.blame == other.blame and (one.first, one.last) == (-other.first, -other.last)
