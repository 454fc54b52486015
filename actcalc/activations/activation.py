"""An activation bound to values of its parameters: g, g', kinks, limits, rounded once."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from actcalc.activations.declaration import (
    INF,
    Declaration,
    End,
    Parameter,
    Parameters,
    Piece,
    Range,
    Shortcut,
)
from actcalc.arithmetic.exact import Formula, Rounding, enclose, evaluate
from actcalc.arithmetic.rational import RATIONAL, NotRational
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.numbers.floats import FLOAT64, Format, float_format
from actcalc.numbers.numerals import Numeral, parse_exact

AT_KINK = ("least", "left", "right", "nan")
"""What g' can be at a kink: see ``Activation.slope``."""

Exact = str | int | Fraction | Decimal | float
"""How a caller may write an exact number; a float stands for the decimal that it prints as."""
Real = str | int | float | Fraction | Decimal
"""A point z as a caller may write it; a float stands for its own value."""
Rounded = TypeVar("Rounded")


class Kink(NamedTuple):
    """A point where g has two one-sided slopes, or jumps."""

    z: Fraction
    left: Formula
    right: Formula
    """The slopes on either side, as formulas to be evaluated at ``z``."""
    is_jump: bool
    is_convex: bool


class Activation:
    """An activation with values for its parameters."""

    def __init__(
        self,
        declaration: Declaration,
        parameters: Mapping[str, Fraction],
        texts: Mapping[str, str],
        label: str,
    ) -> None:
        self.declaration = declaration
        self.parameters = parameters
        self.texts = texts
        """The parameters as they were written, or their defaults."""
        self.label = label
        """The name as the user wrote it, or the canonical name."""

    def __repr__(self) -> str:
        return f"<Activation {self.describe()}>"

    @property
    def name(self) -> str:
        return self.declaration.name

    @cached_property
    def _namespace(self) -> SimpleNamespace:
        return SimpleNamespace(**self.parameters)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of g in order; none of them is empty."""
        kept: list[Piece] = []
        for piece in self.declaration.pieces(self._namespace):
            if kept and kept[-1].upto == piece.upto and piece.upto is not None:
                continue
            kept.append(piece)
        return tuple(kept)

    @cached_property
    def range(self) -> Range:
        return self.declaration.range(self._namespace)

    @cached_property
    def shortcut(self) -> Shortcut | str:
        """The slope from a = g(z), or the reason why there is none."""
        return self.declaration.shortcut(self._namespace)

    @cached_property
    def _far(self) -> Fraction:
        """A stand-in for infinity: beyond all floats, and beyond what the parameters stretch."""
        sizes = (x.numerator.bit_length() + x.denominator.bit_length() for x in self.parameters.values())
        return Fraction(10) ** (600 + sum(sizes))

    def _fact(self, fact: Callable[[Parameters], str] | str) -> str:
        return fact if isinstance(fact, str) else fact(self._namespace)

    @property
    def parity(self) -> str:
        return self._fact(self.declaration.parity)

    @property
    def monotone(self) -> str:
        return self._fact(self.declaration.monotone)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """The points where the one-sided slopes differ, or g jumps, from left to right."""
        found = []
        for left, right in pairwise(self.pieces):
            assert left.upto is not None
            z = Fraction(left.upto)
            jumps = _order(left.g, right.g, z) != 0
            order = _order(left.dg, right.dg, z)
            if jumps or order:
                found.append(Kink(z, left.dg, right.dg, jumps, order < 0 and not jumps))
        return tuple(found)

    def kink_at(self, z: Fraction) -> Kink | None:
        """The kink at exactly ``z``, if there is one."""
        if all(piece.upto != z for piece in self.pieces):
            return None
        return next((kink for kink in self.kinks if kink.z == z), None)

    @cached_property
    def ends(self) -> tuple[tuple[End, End], tuple[End, End]]:
        """(g, g') at -inf and at +inf: exact limits."""
        if self.declaration.ends is not None:
            return self.declaration.ends(self._namespace)
        return _line_end(self.pieces[0], -1), _line_end(self.pieces[-1], 1)

    def piece_at(self, z: Fraction) -> Piece:
        """The piece that ``z`` belongs to."""
        for piece in self.pieces:
            if piece.upto is None or z < piece.upto or (z == piece.upto and not piece.excluding):
                return piece
        raise AssertionError("the last piece has no end")

    def value(self, z: Fraction, rounding: Rounding[Rounded]) -> Rounded:
        """g(z), rounded once."""
        return evaluate(self.piece_at(z).g, z, rounding)

    def slope(self, z: Fraction, rounding: Rounding[Rounded], at_kink: str = "least") -> Rounded | None:
        """g'(z), rounded once.

        At a kink ``left`` and ``right`` are the limits of g' from that side, ``least`` is the
        number nearest to 0 in the closed interval between them, ``nan`` is None.
        """
        kink = self.kink_at(z)
        if kink is None:
            return evaluate(self.piece_at(z).dg, z, rounding)
        return kink_slope(kink, z, rounding, at_kink)

    def slope_from(self, a: Fraction, rounding: Rounding[Rounded], at_kink: str = "least") -> Rounded | None:
        """The slope where g has the value ``a``, from ``a`` alone, rounded once."""
        shortcut = self.require_shortcut()
        for kink in self.shortcut_kinks:
            if kink.z == a:
                return kink_slope(kink, a, rounding, at_kink)
        if a in shortcut.flat:
            return rounding.round_exact(Fraction(0))
        formula = next(f for f, upto in shortcut.pieces if upto is None or a <= upto)
        return evaluate(formula, a, rounding)

    def require_shortcut(self) -> Shortcut:
        """The slope from a. Raises ActcalcError, with the reason, if there is none."""
        if isinstance(self.shortcut, str):
            raise ActcalcError(f"{self.label} has no slope from a alone: {self.shortcut}")
        return self.shortcut

    @cached_property
    def shortcut_kinks(self) -> tuple[Kink, ...]:
        """The kinks that a value a = g(z) stands for alone, with a in the place of z."""
        shortcut = self.require_shortcut()
        found = []
        for (left, upto), (right, _) in pairwise(shortcut.pieces):
            assert upto is not None
            a = Fraction(upto)
            if a not in shortcut.flat and (order := _order(left, right, a)):
                found.append(Kink(a, left, right, False, order < 0))
        return tuple(found)

    # The same for values of a float format, with their NaN, infinities and signed zeros.

    def g_float(self, z: float, fmt: Format = FLOAT64) -> float:
        """g(z) for a z of the format ``fmt``, rounded once to it."""
        if math.isnan(z):
            return math.nan
        if math.isinf(z):
            return self._end_float(z, 0, fmt)
        return self._signed(self.value(Fraction(z), fmt), z, lambda x: self.piece_at(x).g)

    def dg_float(self, z: float, fmt: Format = FLOAT64, at_kink: str = "least") -> float:
        """g'(z) for a z of the format ``fmt``, rounded once to it."""
        if math.isnan(z):
            return math.nan
        if math.isinf(z):
            return self._end_float(z, 1, fmt)
        slope = self.slope(Fraction(z), fmt, at_kink)
        return math.nan if slope is None else self._signed(slope, z, lambda x: self.piece_at(x).dg)

    def dg_from_a_float(self, a: float, fmt: Format = FLOAT64, at_kink: str = "least") -> float:
        """The slope from a value ``a = g(z)`` of the format ``fmt``, rounded once to it.

        Raises ActcalcError if ``a`` is outside the closed range of g, or there is no such slope.
        """
        self.check_a(a, fmt)
        if math.isnan(a):
            return math.nan
        if math.isinf(a):
            z = next(z for z, (g, _) in zip((-INF, INF), self.ends, strict=True) if g == a)
            return self._end_float(z, 1, fmt)
        slope = self.slope_from(self._unrounded(a, fmt), fmt, at_kink)
        return math.nan if slope is None else slope

    def check_a(self, a: float, fmt: Format) -> None:
        """Raises ActcalcError if ``a`` is outside the closed range of g, rounded, or gives no slope."""
        self.require_shortcut()
        if not math.isnan(a):
            self.check_range(a if math.isinf(a) else self._unrounded(a, fmt), fmt.text(a))

    def _unrounded(self, a: float, fmt: Format) -> Fraction:
        """``a``, or what it was before rounding: a flat piece's level, or an end that it overshoots."""
        exact = Fraction(a)
        ends = (self.range.low, self.range.high)
        for level in (*self.require_shortcut().flat, *(() if self.range.holds(exact) else ends)):
            if not isinstance(level, float) and fmt.round_exact(Fraction(level)) == a:
                return Fraction(level)
        return exact

    def check_range(self, a: End, text: str) -> None:
        """Raises ActcalcError if ``a``, written ``text``, is outside the closed range of g."""
        if not self.range.holds(a):
            raise ActcalcError(f"a = {text} is outside the range of {self.label}, {self.range}")

    def _end_float(self, z: float, which: int, fmt: Format) -> float:
        limit = self.ends[z > 0][which]
        if limit == 0:
            # The sign with which it gets there, if it is not there from some point on.
            near = self._far if z > 0 else -self._far
            piece = self.piece_at(near)
            return evaluate(piece.dg if which else piece.g, near, fmt)
        return limit if isinstance(limit, float) else fmt.round_exact(Fraction(limit))

    def _signed(self, result: float, z: float, formula_at: Callable[[Fraction], Formula]) -> float:
        """``result``, but an exact zero at z = -0.0 has the sign that the function has just below 0."""
        if result == 0 and z == 0 and math.copysign(1, z) < 0:
            below = -1 / self._far
            return math.copysign(0.0, evaluate(formula_at(below), below, FLOAT64))
        return result

    # The library's face.

    def g(self, z: Any, dtype: str | None = None) -> Any:
        """g(z): the exact value at z, rounded once.

        z is a number, rounded to ``dtype`` (float64 unless given) first, or a text as the command
        line takes it; the result is a float. Or z is a NumPy array, or a scalar of NumPy, of
        float64, float32, float16 or integers, which count as float64, in any shape; the result has
        its shape and dtype. NaN gives NaN and an infinity the limit.

        Raises ActcalcError for what is no number, and for an array of any other dtype.
        """
        if _is_array(z, dtype):
            from actcalc.activations.arrays import g_array, of_array

            return of_array(z, lambda x, fmt: g_array(self, x, fmt))
        fmt = float_format(dtype or "float64")
        return self.g_float(to_float(z, fmt), fmt)

    def dg(self, z: Any, at_kink: str = "least", dtype: str | None = None) -> Any:
        """g'(z): as ``g``; at a kink by the rule ``at_kink``, which is one of AT_KINK."""
        check_at_kink(at_kink)
        if _is_array(z, dtype):
            from actcalc.activations.arrays import dg_array, of_array

            return of_array(z, lambda x, fmt: dg_array(self, x, fmt, at_kink))
        fmt = float_format(dtype or "float64")
        return self.dg_float(to_float(z, fmt), fmt, at_kink)

    def dg_from_a(self, a: Any, at_kink: str = "least", dtype: str | None = None) -> Any:
        """The slope where g has the value ``a``, from ``a`` alone; numbers and arrays as in ``dg``.

        Raises ActcalcError if ``a`` is outside the closed range of g, or if ``a`` does not
        determine the slope.
        """
        check_at_kink(at_kink)
        if _is_array(a, dtype):
            from actcalc.activations.arrays import dg_from_a_array, of_array

            return of_array(a, lambda x, fmt: dg_from_a_array(self, x, fmt, at_kink))
        fmt = float_format(dtype or "float64")
        return self.dg_from_a_float(to_float(a, fmt), fmt, at_kink)

    def describe(self) -> str:
        """The canonical name with the parameters in force: ``leaky_relu(slope=0.01)``."""
        if not self.parameters:
            return self.name
        inside = ", ".join(f"{name}={self.texts[name]}" for name in self.parameters)
        return f"{self.name}({inside})"


def _is_array(z: Any, dtype: str | None) -> bool:
    """Whether ``z`` is one of NumPy's; float64 scalars are floats as well, and count as such."""
    if isinstance(z, float) or not hasattr(z, "__array__"):
        return False
    if dtype is not None:
        raise ActcalcError("an array has its own dtype: leave out dtype, or convert it with astype")
    return True


def to_float(z: Real, fmt: Format) -> float:
    """``z`` rounded once to ``fmt``. Raises ActcalcError if it is no number."""
    if isinstance(z, float):
        return fmt.round_float(z)
    if isinstance(z, str):
        return Numeral(z).to_format(fmt)
    if isinstance(z, Decimal):
        return Numeral(str(z)).to_format(fmt)
    if isinstance(z, int | Fraction):
        return fmt.round_exact(Fraction(z))
    raise ActcalcError(f"z must be a number, not {type(z).__name__}")


def check_at_kink(rule: str) -> str:
    """``rule``, if it is one of AT_KINK; raises ActcalcError otherwise."""
    if rule in AT_KINK:
        return rule
    raise ActcalcError(f"at_kink is one of {', '.join(AT_KINK)}, not {quoted(rule)}")


def kink_slope(kink: Kink, z: Fraction, rounding: Rounding[Rounded], at_kink: str) -> Rounded | None:
    """The slope at a kink by the rule ``at_kink``; None stands for NaN."""
    if at_kink == "nan":
        return None
    if at_kink == "left":
        return evaluate(kink.left, z, rounding)
    if at_kink == "right":
        return evaluate(kink.right, z, rounding)
    left, right = (_bounds(formula, z) for formula in (kink.left, kink.right))
    if min(left[0], right[0]) <= 0 <= max(left[1], right[1]):
        return rounding.round_exact(Fraction(0))
    nearer = kink.left if abs(left[0]) < abs(right[0]) else kink.right
    return evaluate(nearer, z, rounding)


def _bounds(formula: Formula, z: Fraction) -> tuple[Fraction, Fraction]:
    """Numbers between which ``formula(z)`` lies: the number itself, if it is rational."""
    try:
        exact = Fraction(formula(RATIONAL, z))
    except NotRational:
        bounds = enclose(formula, z, 40)
        if bounds is None:
            raise AssertionError(f"nothing is known of a formula at z = {z}") from None
        return Fraction(bounds.low), Fraction(bounds.high)
    return exact, exact


def _order(left: Formula, right: Formula, z: Fraction) -> int:
    """-1, 0 or 1: the order of two formulas at ``z``; those that forty digits do not part are equal."""
    a, b = _bounds(left, z), _bounds(right, z)
    return -1 if a[1] < b[0] else 1 if a[0] > b[1] else 0


def _line_end(piece: Piece, side: int) -> tuple[End, End]:
    """(g, g') at the infinite end of a piece that is a straight line."""
    far = Fraction(side * 10**9)
    slope = Fraction(piece.dg(RATIONAL, far))
    if slope == 0:
        return Fraction(piece.g(RATIONAL, far)), slope
    return (INF if slope * side > 0 else -INF), slope


def bind(declaration: Declaration, given: Mapping[str, Exact], label: str = "") -> Activation:
    """The activation with these parameters, and the defaults of the others.

    Raises ActcalcError for a parameter that is not known, is given twice under two names, is not a
    finite number, is outside its domain, or is missing and has no default.
    """
    texts: dict[str, str] = {}
    for name, value in given.items():
        parameter = find_parameter(declaration, name)
        if parameter.name in texts:
            raise ActcalcError(f"{declaration.name}: {parameter.name} is given twice")
        texts[parameter.name] = str(value)
    values = {}
    for parameter in declaration.parameters:
        text = texts.get(parameter.name, parameter.default)
        if text is None:
            names = ", ".join(p.name for p in declaration.parameters if p.default is None)
            raise ActcalcError(
                f"{declaration.name} has no defaults: give {names}",
                f"for example -p {parameter.name}=0",
            )
        texts[parameter.name] = text
        values[parameter.name] = _parameter_value(declaration, parameter, text)
    if declaration.constraint is not None and not declaration.constraint(SimpleNamespace(**values)):
        shown = ", ".join(f"{name}={texts[name]}" for name in values)
        raise ActcalcError(f"{declaration.name}: {declaration.constraint_text} is required, not {shown}")
    return Activation(declaration, values, texts, label or declaration.name)


def find_parameter(declaration: Declaration, name: str) -> Parameter:
    """The parameter of this name or alias.

    Raises ActcalcError, naming those there are, if there is none.
    """
    for parameter in declaration.parameters:
        if name in (parameter.name, *parameter.aliases):
            return parameter
    if not declaration.parameters:
        raise ActcalcError(f"{declaration.name} has no parameters, so no {quoted(name)}")
    known = [p.name for p in declaration.parameters]
    raise ActcalcError(
        f"{declaration.name} has no parameter {quoted(name)}: it has {', '.join(known)}",
        did_you_mean(name, known),
    )


def known_parameters(declaration: Declaration) -> str:
    """A hint that names the parameters of an activation."""
    shown = ", ".join(
        p.name if p.default is None else f"{p.name}={p.default}" for p in declaration.parameters
    )
    return f"parameters of {declaration.name}: {shown or 'none'}"


def _parameter_value(declaration: Declaration, parameter: Parameter, text: str) -> Fraction:
    where = f"{declaration.name}: {parameter.name}"
    try:
        value = parse_exact(text)
    except ActcalcError as error:
        raise ActcalcError(f"{where}: {error}", error.hint or known_parameters(declaration)) from None
    if parameter.domain is not None and not parameter.domain(value):
        raise ActcalcError(f"{where} must be {parameter.domain_text}, not {text}")
    return value
