"""An activation with parameter values, evaluated exactly at one number or float at a time."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from actcalc.activations.declaration import (
    INF,
    Declaration,
    End,
    Fact,
    Monotone,
    Number,
    Parity,
    Piece,
    Quantity,
    Range,
    Shortcut,
    T,
    resolve,
)
from actcalc.activations.kinks import Kink, kinks_between
from actcalc.arithmetic.exact import Rounded, Rounding, evaluate
from actcalc.arithmetic.rational import RATIONAL, NotRational, Undefined
from actcalc.errors import ActcalcError, Argument, InputError, UnsettledError, Wording, quote
from actcalc.numbers.floats import FLOAT64, Format
from actcalc.numbers.numerals import exact_text, value_text

if TYPE_CHECKING:
    from actcalc.numbers.integers import NumberFormat
    from actcalc.numbers.roundings import Rounder


class Function:
    """An activation with parameter values: g, g', kinks and limits, at one number or float at a time."""

    is_declared = True
    """Whether kinks, range and other facts are declared, and g has a value everywhere; false for formulas."""
    NOT_SETTLED = "undecided; please report this"
    NO_LIMIT = "it has no limit"

    def __init__(
        self,
        declaration: Declaration,
        parameters: Mapping[str, Fraction],
        texts: Mapping[str, str],
        label: str,
    ) -> None:
        self.declaration = declaration
        self.parameters = parameters
        """The values of the parameters, without those set to ``none``."""
        self.texts = texts
        """The texts of the parameters as they were written, or of their defaults."""
        self.label = label
        """The name as the user wrote it, or the canonical name."""
        self.given: frozenset[str] = frozenset()
        """The names of the parameters that were given explicitly."""
        self._kinks: dict[Quantity, tuple[Kink, ...]] = {}

    @property
    def name(self) -> str:
        return self.declaration.name

    @cached_property
    def _namespace(self) -> SimpleNamespace:
        return SimpleNamespace(**{**dict.fromkeys(self.texts), **self.parameters})

    @cached_property
    def g_text(self) -> str:
        """The textbook formula of g with these parameters."""
        return self._formula_texts[0]

    @cached_property
    def dg_text(self) -> str:
        """The textbook formula of g' with these parameters."""
        return self._formula_texts[1]

    @cached_property
    def _formula_texts(self) -> tuple[str, str]:
        d = self.declaration
        return (d.g, d.dg) if d.rewritten is None else d.rewritten(self._namespace)

    @cached_property
    def textbook_g(self) -> str:
        """The textbook formula of g, in z and the parameters alone."""
        return self.declaration.write_out(self.g_text)

    @cached_property
    def textbook_dg(self) -> str:
        """The textbook formula of g', in z and the parameters alone."""
        return self.declaration.write_out(self.dg_text)

    @property
    def notable_parameters(self) -> dict[str, str]:
        """The parameters as they were written, without quiet ones at their defaults."""
        return {
            p.name: self.texts[p.name]
            for p in self.declaration.parameters
            if not (p.quiet and self.texts[p.name] == p.default)
        }

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of g in order, without empty ones."""
        kept: list[Piece] = []
        for piece in self._fact(self.declaration.pieces):
            if piece.upto is None or not kept or kept[-1].upto != piece.upto:
                kept.append(piece)
        return tuple(kept)

    @cached_property
    def range(self) -> Range:
        return self._fact(self.declaration.range)

    @property
    def slope_range(self) -> Range | None:
        """The range of g', if it is declared."""
        return self._fact(self.declaration.slopes)

    @cached_property
    def shortcut(self) -> Shortcut | str:
        """The slope in terms of a = g(z), or the reason why a does not determine it."""
        return cast(Shortcut | str, self._fact(self.declaration.shortcut))

    @cached_property
    def _far(self) -> Fraction:
        """A stand-in for infinity, far beyond all floats and all points that depend on the parameters."""
        sizes = (x.numerator.bit_length() + x.denominator.bit_length() for x in self.parameters.values())
        return Fraction(10) ** (600 + sum(sizes))

    def _fact(self, fact: Fact[T]) -> T:
        return resolve(fact, self._namespace)

    @property
    def parity(self) -> Parity | None:
        return self._fact(self.declaration.parity)

    @property
    def monotone(self) -> Monotone | str:
        return cast(Monotone | str, self._fact(self.declaration.monotone))

    @property
    def variant(self) -> str:
        return self._fact(self.declaration.variant)

    @property
    def derivation(self) -> str:
        return self._fact(self.declaration.derivation)

    @cached_property
    def is_convex(self) -> bool:
        """Whether g is convex; then every number between the slopes at a kink is a subgradient."""
        if not all(kink.is_convex for kink in self.kinks):
            return False
        return self._fact(self.declaration.convex) or all(map(_is_straight, self.pieces))

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """The points where the one-sided slopes differ, or g jumps, from left to right."""
        return self.kinks_of("dg")

    def kinks_of(self, of: Quantity) -> tuple[Kink, ...]:
        """The points where g' or a higher derivative is undefined, from left to right."""
        if of not in self._kinks:
            self._kinks[of] = () if of == "g" else tuple(kinks_between(self.pieces, of))
        return self._kinks[of]

    def switches_at(self, z: Fraction) -> bool:
        """Whether a piece ends at ``z``, so that the two sides may differ."""
        return z in self._switches

    @cached_property
    def _switches(self) -> tuple[Number, ...]:
        return tuple(piece.upto for piece in self.pieces if piece.upto is not None)

    def kink_at(self, z: Fraction, of: Quantity = "dg") -> Kink | None:
        """The kink at exactly ``z``, or None."""
        if not self.switches_at(z):
            return None
        return next((kink for kink in self.kinks_of(of) if kink.z == z), None)

    def kink_at_or_none(self, z: Fraction, of: Quantity) -> Kink | None:
        """The kink at ``z``, or None, also if g has no value there or its value stays undecided."""
        try:
            return self.kink_at(z, of)
        except (Undefined, ZeroDivisionError, UnsettledError):
            return None

    def kinks_among(self, zs: Sequence[float], of: Quantity) -> list[Kink]:
        """The kinks within the range of the ascending points ``zs``."""
        return [kink for kink in self.kinks_of("dg" if of == "g" else of) if zs[0] <= kink.z <= zs[-1]]

    @cached_property
    def ends(self) -> tuple[tuple[End, End], tuple[End, End]]:
        """The exact limits (g, g') at -inf and at +inf."""
        declared = self._fact(self.declaration.ends)
        if declared is not None:
            return declared
        return _line_end(self.pieces[0], -1), _line_end(self.pieces[-1], 1)

    def piece_at(self, z: Fraction) -> Piece:
        """The piece that contains ``z``."""
        for piece in self.pieces:
            if piece.upto is None or (z < piece.upto if piece.excluding else z <= piece.upto):
                return piece
        raise AssertionError("the last piece has no end")

    def value(self, z: Fraction, rounding: Rounding[Rounded]) -> Rounded:
        """g(z), rounded once."""
        return evaluate(self.piece_at(z).g, z, rounding)

    def slope(self, z: Fraction, rounding: Rounding[Rounded], at_kink: str = "least") -> Rounded | None:
        """g'(z), rounded once.

        At a kink ``left`` and ``right`` give the limit of g' from that side, ``least`` gives the
        number nearest to 0 in the closed interval between them, and ``nan`` gives None.
        """
        return self._derivative_at(z, "dg", rounding, at_kink)

    def derivative_at(
        self, z: Fraction, of: Quantity, rounding: Rounding[Rounded], at_kink: str = "least"
    ) -> Rounded | None:
        """g, g' or a higher derivative at z, rounded once; ``at_kink`` decides where it is undefined.

        None stands for NaN, by that rule or because g has no value there. Raises UnsettledError, which names
        z.
        """
        try:
            return self._derivative_at(z, of, rounding, at_kink)
        except UnsettledError:
            raise self._unsettled_error(z) from None

    def _derivative_at(
        self, z: Fraction, of: Quantity, rounding: Rounding[Rounded], at_kink: str
    ) -> Rounded | None:
        kink = None if of == "g" else self.kink_at(z, of)
        return self._smooth_at(z, of, rounding) if kink is None else kink.slope(rounding, at_kink)

    def _smooth_at(self, z: Fraction, of: Quantity, rounding: Rounding[Rounded]) -> Rounded:
        """g, g' or a higher derivative where it is defined."""
        piece = self.piece_at(z)
        return evaluate(piece.formula(of, -1 if piece.upto == z else 1), z, rounding)

    def _unsettled_error(self, z: Fraction | float, variable: str = "z") -> UnsettledError:
        """The error for a value at ``z`` whose rounding stays undecided."""
        at = repr(z) if isinstance(z, float) else exact_text(z)[:60]
        return UnsettledError(f"{quote(self.label)} at {variable} = {at}: {self.NOT_SETTLED}", z)

    def gap(self, z: Fraction | float, of: Quantity) -> str:
        """The reason why there is no value at z; empty if there is one."""
        if z != z:
            return ""
        if isinstance(z, float) and math.isinf(z):
            limit = self.limit(z, of, FLOAT64)
            return "" if limit == limit else self.NO_LIMIT
        return self._gap_at(Fraction(z), of)

    def _gap_at(self, z: Fraction, of: Quantity) -> str:
        return ""

    def slope_from(self, a: Fraction, rounding: Rounding[Rounded], at_kink: str = "least") -> Rounded | None:
        """The slope at the point where g has the value ``a``, from ``a`` alone, rounded once.

        Raises UnsettledError, which names a.
        """
        shortcut = self.require_shortcut()
        for kink in self.shortcut_kinks:
            if kink.z == a:
                return kink.slope(rounding, at_kink)
        if a in shortcut.flat:
            return rounding.round_exact(Fraction(0))
        for g, limit in self.ends:
            if a == g and not isinstance(limit, float):
                return rounding.round_exact(Fraction(limit))
        formula = next(f for f, upto in shortcut.pieces if upto is None or a <= upto)
        try:
            return evaluate(formula, a, rounding)
        except UnsettledError:
            raise self._unsettled_error(a, "a") from None

    def require_shortcut(self) -> Shortcut:
        """The slope in terms of a. Raises ActcalcError, with the reason, if a does not determine it."""
        if isinstance(self.shortcut, str):
            raise ActcalcError(f"{quote(self.label)} has no slope from a alone: {self.shortcut}")
        return self.shortcut

    @cached_property
    def shortcut_kinks(self) -> tuple[Kink, ...]:
        """The kinks whose value a = g(z) occurs nowhere else, as kinks in a instead of z."""
        shortcut = self.require_shortcut()
        # As a function of a, g is the identity.
        pieces = [Piece(lambda m, a: a, formula, upto) for formula, upto in shortcut.pieces]
        return tuple(kink for kink in kinks_between(pieces) if kink.z not in shortcut.flat)

    # The following take values of a number format, with NaN, infinities and signed zeros.

    def g_float(self, z: float, fmt: Format = FLOAT64) -> float:
        """g(z) for a z of the format ``fmt``, rounded once to it."""
        return self.derivative_float(z, "g", fmt)

    def dg_float(self, z: float, fmt: Format = FLOAT64, at_kink: str = "least") -> float:
        """g'(z) for a z of the format ``fmt``, rounded once to it."""
        return self.derivative_float(z, "dg", fmt, at_kink)

    def derivative_float(
        self,
        z: float,
        of: Quantity,
        fmt: "NumberFormat" = FLOAT64,
        at_kink: str = "least",
        out: "Rounder | None" = None,
    ) -> float:
        """g, g' or a higher derivative for a z of the format ``fmt``, rounded once by ``out``.

        Without ``out`` it is rounded to nearest in ``fmt``. Raises InputError, which names z, if there is no
        value and the format of the result has no NaN.
        """
        target = fmt if out is None else out
        if math.isnan(z):
            return self._no_value("z = nan", target)
        if math.isinf(z):
            return self._end_float(z, of, target)
        value = self.derivative_at(fmt.value_of(z), of, target, at_kink)
        if value is None:
            return self._no_value(f"z = {value_text(z, fmt)}", target, at_kink)
        is_minus_zero = z == 0 and math.copysign(1, z) < 0 and target.has_negative_zero
        return self._zero_below(value, of) if value == 0 and is_minus_zero else value

    def dg_from_a_float(
        self,
        a: float,
        fmt: "NumberFormat" = FLOAT64,
        at_kink: str = "least",
        out: "Rounder | None" = None,
    ) -> float:
        """The slope from a value ``a = g(z)`` of the format ``fmt``, rounded once by ``out``.

        Without ``out`` it is rounded to nearest in ``fmt``. Raises ActcalcError if ``a`` is outside the
        closed range of g, or does not determine the slope.
        """
        target = fmt if out is None else out
        self.check_a(a, fmt)
        if math.isnan(a):
            return self._no_value("a = nan", target)
        if math.isinf(a):
            return self._end_float(self._end_of(a), "dg", target)
        slope = self.slope_from(self._level_of(a, fmt), target, at_kink)
        return self._no_value(f"a = {value_text(a, fmt)}", target, at_kink) if slope is None else slope

    def _no_value(self, where: str, target: "Rounder", at_kink: str = "") -> float:
        """Return NaN, or raise InputError if the format has no NaN."""
        if target.has_nan:
            return math.nan
        hint = Wording("choose ", Argument("at_kink", "least")) if at_kink == "nan" else ""
        raise InputError(f"{quote(self.label)} has no value at {where}, and {target} has no NaN", hint)

    def slope_from_end(self, a: float, rounding: Rounding[Rounded]) -> Rounded | float:
        """The limit of the slope where g tends to the infinity ``a``, rounded once."""
        return self.limit(self._end_of(a), "dg", rounding)

    def _end_of(self, a: float) -> float:
        """The infinite z at which g tends to the infinity ``a``."""
        return next(z for z, (g, _) in zip((-INF, INF), self.ends, strict=True) if g == a)

    def check_a(self, a: float, fmt: "NumberFormat") -> None:
        """Raise ActcalcError if ``a`` is outside the rounded closed range of g, or gives no slope."""
        self.require_shortcut()
        if not math.isnan(a):
            self.check_range(a if math.isinf(a) else self._level_of(a, fmt), value_text(a, fmt))

    def _level_of(self, a: float, fmt: "NumberFormat") -> Fraction:
        """``a`` before rounding: the level of a flat piece, the end that it overshoots, or ``a`` itself."""
        exact = fmt.value_of(a)
        ends = (self.range.low, self.range.high)
        for level in (*self.require_shortcut().flat, *(() if self.range.holds(exact) else ends)):
            if not isinstance(level, float) and _rounded(Fraction(level), fmt) == a:
                return Fraction(level)
        return exact

    def rounded_levels(self, fmt: "NumberFormat") -> dict[float, Fraction]:
        """The values that are taken for a level other than themselves, each with that level."""
        levels = (*self.require_shortcut().flat, self.range.low, self.range.high)
        near = {
            _rounded(Fraction(level), fmt): Fraction(level)
            for level in reversed(levels)
            if not isinstance(level, float)
        }
        return {
            a: level
            for a, level in near.items()
            if math.isfinite(a) and self._level_of(a, fmt) != fmt.value_of(a)
        }

    def check_range(self, a: End, text: str) -> None:
        """Raise ActcalcError if ``a``, written ``text``, is outside the closed range of g."""
        if not self.range.holds(a):
            raise ActcalcError(f"a = {text} is outside the range of {quote(self.label)}, {self.range}")

    def limit(self, z: float, of: Quantity, rounding: Rounding[Rounded]) -> Rounded | float:
        """The limit of g, g' or a higher derivative at the infinity ``z``, rounded once, or NaN."""
        limit = self._limit(z, of)
        return limit if isinstance(limit, float) else rounding.round_exact(Fraction(limit))

    def _limit(self, z: float, of: Quantity) -> End:
        if of == "g" or of == "dg":
            return self.ends[z > 0][0 if of == "g" else 1]
        slope = self.ends[z > 0][1]
        if slope != slope:  # unknown
            return slope
        # If the slope has a finite limit, higher derivatives tend to 0.
        return self._runaway(z, of) if isinstance(slope, float) else 0

    def _runaway(self, z: float, of: Quantity) -> End:
        """The limit of a derivative that is constant far out, or grows without bound."""
        formula, far = self.pieces[-1 if z > 0 else 0].formula(of), self._far if z > 0 else -self._far
        try:
            values = [Fraction(formula(RATIONAL, x)) for x in (far, 2 * far)]
            if values[0] == values[1]:
                return values[0]
        except NotRational:
            pass
        return math.copysign(INF, evaluate(formula, far, FLOAT64))

    def _end_float(self, z: float, of: Quantity, target: "Rounder") -> float:
        if target.has_negative_zero and self._limit(z, of) == 0:
            # The sign with which the limit 0 is approached.
            return math.copysign(0.0, self._near(self._far if z > 0 else -self._far, z, of))
        return self._limit_float(z, of, target)

    def _limit_float(self, z: float, of: Quantity, target: "Rounder") -> float:
        """The limit at the infinity ``z`` in the target format, which may lack NaN and infinities."""
        limit = self.limit(z, of, target)
        if math.isnan(limit):
            return self._no_value(f"z = {z}", target)
        return target.round_float(limit) if math.isinf(limit) else limit

    def _zero_below(self, zero: float, of: Quantity) -> float:
        """``zero``, the value at z = -0.0, with the sign of the function just below 0."""
        return math.copysign(0.0, self._near(-1 / self._far, -0.0, of))

    def _near(self, stand_in: Fraction, z: float, of: Quantity) -> float:
        """The value at a stand-in for an infinite z or for -0.0, which is never a kink."""
        try:
            return self._smooth_at(stand_in, of, FLOAT64)
        except UnsettledError:
            raise self._unsettled_error(z) from None

    def describe(self) -> str:
        """The canonical name with the parameters in force: ``leaky_relu(slope=0.01)``."""
        inside = ", ".join(f"{name}={text}" for name, text in self.notable_parameters.items())
        return f"{self.name}({inside})" if inside else self.name


def _rounded(number: Fraction, fmt: "NumberFormat") -> float:
    """A number rounded to a format, without saturation at the ends of an integer format."""
    return fmt.round_exact(number) if isinstance(fmt, Format) else float(fmt.nearest_code(number))


def _is_straight(piece: Piece) -> bool:
    try:
        return bool(piece.dg(RATIONAL, Fraction(10**9)) == piece.dg(RATIONAL, Fraction(-(10**9))))
    except NotRational:
        return False


def _line_end(piece: Piece, side: int) -> tuple[End, End]:
    """(g, g') at the infinite end of a piece that is a straight line."""
    far = Fraction(side * 10**9)
    slope = Fraction(piece.dg(RATIONAL, far))
    if slope == 0:
        return Fraction(piece.g(RATIONAL, far)), slope
    return (INF if slope * side > 0 else -INF), slope
