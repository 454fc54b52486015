"""Whether NumPy may warn about a routine because some part overflows or has no value at some z.

NumPy evaluates all branches for all elements, so branches that are not taken may warn, too. Bounds of each
part over all z, also infinite z, show which routines cannot; if the bounds are too wide, the source has a
needless line that turns warnings off.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from actcalc.code.expression import COMPARISONS, Expression, Step, parts
from actcalc.numbers.floats import Format

Range = tuple[float, float]
_EVERYTHING: Range = (-math.inf, math.inf)
_MONOTONE: Mapping[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "fine_tanh": math.tanh,
    "atan": math.atan,
    "expm1": math.expm1,
    "exp": math.exp,
}


class _MayWarn(Exception):
    """A part may have no value."""


def is_quiet(steps: Sequence[Step], result: Expression, compute: Format, most: float) -> bool:
    """Whether a routine overflows for no z; its finite results are at most ``most`` in size."""
    bounds = _Bounds(compute)
    try:
        for step in steps:
            bounds.names[step.name] = bounds.of(step.value)
        low, high = bounds.of(result)
    except _MayWarn:
        return False
    return most >= compute.largest or max(-low, high) <= most


class _Bounds:
    def __init__(self, compute: Format) -> None:
        self.largest = compute.largest
        self.names: dict[str, Range] = {}

    def of(self, x: Expression) -> Range:
        known: dict[Expression, Range] = {}
        for part in parts(x):
            known[part] = self._range(part, [known[y] for y in part.args])
        return known[x]

    def _range(self, x: Expression, args: Sequence[Range]) -> Range:
        if x.op == "z" or x.op in COMPARISONS:
            return _EVERYTHING
        if x.op == "name":
            return self.names[x.data]
        if x.op == "constant":
            return float(x.data), float(x.data)
        if x.op in ("add", "sub"):
            return self._sum(args[0], args[1] if x.op == "add" else (-args[1][1], -args[1][0]))
        if x.op in ("mul", "div"):
            return self._product(args[0], args[1] if x.op == "mul" else self._inverse(args[1]))
        if x.op == "select":
            return _union(*args[1:])
        low, high = args[0]
        if x.op == "neg":
            return -high, -low
        if x.op in ("abs", "copysign"):
            most = max(-low, high)
            if x.op == "copysign":
                return -most, most
            return max(low, -high, 0.0), most
        if x.op in ("max", "min"):
            choose = max if x.op == "max" else min
            return choose(low, args[1][0]), choose(high, args[1][1])
        if x.op in _MONOTONE and (not x.op.startswith("exp") or high <= math.log(self.largest) - 1):
            return _MONOTONE[x.op](low), _MONOTONE[x.op](high)
        if x.op == "log1p" and low > -1:
            return math.log1p(low), math.log1p(high)
        if x.op == "sqrt" and low >= 0:
            return math.sqrt(low), math.sqrt(high)
        if x.op in ("sin", "cos") and max(-low, high) < math.inf:
            return -1.0, 1.0
        raise _MayWarn

    def _sum(self, a: Range, b: Range) -> Range:
        """The range of a sum; if one number is unbounded, the other must be too small to matter."""
        if max(map(_size, (a, b))) == math.inf and min(map(_size, (a, b))) > self.largest * 1e-18:
            raise _MayWarn
        return a[0] + b[0], a[1] + b[1]

    def _product(self, a: Range, b: Range) -> Range:
        if _size(a) == math.inf or _size(b) == math.inf:
            a, b = (a, b) if _size(a) == math.inf else (b, a)
            if _size(b) > 1 or b[0] <= 0 <= b[1]:  # infinity times 0 is no number
                raise _MayWarn
        found = [p * q for p in a for q in b]
        if math.inf not in map(abs, (*a, *b)) and max(map(abs, found)) > self.largest:
            raise _MayWarn
        return min(found), max(found)

    def _inverse(self, a: Range) -> Range:
        if a[0] <= 0 <= a[1] or _size(a) == math.inf:
            raise _MayWarn
        return 1 / a[1], 1 / a[0]


def _size(a: Range) -> float:
    return max(-a[0], a[1])


def _union(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])
