"""The float formats: rounding exact values to them, their bits, ordinals and texts.

A value of any format is held as a Python ``float``, since all of them are float64 values, too. Rounding is to
nearest, ties to even, as in IEEE 754-2019 (4.3.1): overflow gives an infinity, or NaN in a format without
infinities; underflow gives a subnormal, or a zero with the sign of the value if the format has signed zeros.
"""

import math
import struct
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction

from actcalc.errors import ActcalcError, did_you_mean, quote

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""A context in which decimals keep all of their digits."""


class Format:
    """A binary float format with a sign, an exponent and a mantissa, laid out as in IEEE 754.

    In the order of bit patterns come 0, the finite values, an infinity if the format has one, and NaNs from
    ``first_nan`` on; then the same with the sign bit set. If ``first_nan`` is the pattern of -0.0, it is the
    only NaN, and zero has no sign. ``name`` is the name in NumPy or ml_dtypes; ``numpy`` is NumPy's narrowest
    dtype that contains all of the values.
    """

    has_nan = True
    """Integer formats have no NaN."""

    def __init__(
        self,
        name: str,
        exponent_bits: int,
        mantissa_bits: int,
        bias: int,
        has_infinities: bool,
        first_nan: int,
        numpy: str,
        aliases: tuple[str, ...] = (),
    ) -> None:
        self.name, self.aliases = name, aliases
        self.exponent_bits, self.mantissa_bits, self.bias = exponent_bits, mantissa_bits, bias
        self.first_nan, self.numpy = first_nan, numpy
        self.is_native = numpy == name
        """Whether NumPy has it without ml_dtypes."""
        self.is_narrow = mantissa_bits < 52
        """Whether some float64 are not values of this format."""
        self.bits = 1 + exponent_bits + mantissa_bits
        """The width of a pattern."""
        self.has_negative_zero = first_nan < 1 << (self.bits - 1)
        """Whether -0.0 is one of its values."""
        self.is_short = self.bits <= 16
        """Whether its values are few enough to go through all of them at once."""
        self.precision = mantissa_bits + 1
        """The bits of a significand, including the hidden one."""
        self.digits = 2 + self.precision * 30103 // 100000
        """Significant decimal digits that tell any two values apart."""
        self.quantum_exponent = 1 - bias - mantissa_bits
        """The exponent of the smallest subnormal, which is ``2**quantum_exponent``."""
        self.smallest_subnormal = math.ldexp(1.0, self.quantum_exponent)
        self.smallest_normal = math.ldexp(1.0, 1 - bias)
        self.finite_count = first_nan - has_infinities
        """The number of finite values without a sign, 0 included."""
        self.first_ordinal = 1 - self.finite_count - self.has_negative_zero
        """The ordinal of the least finite value."""
        self.largest = self.from_bits(self.finite_count - 1)
        """The largest finite value."""
        self.emax = math.frexp(self.largest)[1] - 1
        """The exponent of ``largest``."""
        self.has_infinities = has_infinities
        self.overflow = math.inf if has_infinities else math.nan
        """The result of rounding a number that is too large."""

    def round_float(self, x: float) -> float:
        """The float64 ``x`` rounded to this format."""
        if not self.is_narrow or math.isnan(x):
            return x
        if x == 0:
            return x if self.has_negative_zero else 0.0
        if abs(x) > 2 * self.largest:
            return math.copysign(self.overflow, x)
        exponent = self._unit_exponent(x)
        # The quotient is exact, and round() takes ties to even.
        rounded = math.ldexp(round(math.ldexp(x, -exponent)), exponent)
        if rounded == 0 and not self.has_negative_zero:
            return 0.0
        return math.copysign(self.overflow if abs(rounded) > self.largest else rounded, x)

    def _unit_exponent(self, x: float) -> int:
        """The exponent of the distance between neighbours in the binade of x."""
        return max(math.frexp(x)[1] - self.precision, self.quantum_exponent)

    def round_nearest(self, nearest: float) -> float | None:
        """The number whose nearest float64 is given, rounded once to this format.

        None if that depends on the error of the float64, which lies half way between two values.
        """
        if self.is_narrow and math.ldexp(nearest, -self._unit_exponent(nearest)) % 1 == 0.5:
            return None
        return self.round_float(nearest)

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0) -> float:
        """``value`` rounded once to this format.

        ``beyond`` is the sign of an infinitesimal by which the true value exceeds ``value``: it decides
        ties and the sign of a zero.
        """
        nearest = _nearest_float64(value, beyond)
        rounded = None if beyond else self.round_nearest(nearest)
        if rounded is not None:
            return rounded
        error = _compare(value, nearest) or beyond
        if not self.is_narrow or error == 0 or math.isinf(nearest):
            return self.round_float(_settle_tie(value, nearest, beyond) if beyond else nearest)
        # Rounding to odd first makes the second rounding harmless (Boldo and Melquiond, 2008).
        if _significand_is_even(nearest):
            nearest = math.nextafter(nearest, math.copysign(math.inf, error))
        return self.round_float(nearest)

    def round_between(self, low: Decimal, high: Decimal) -> float | None:
        """The result if every number strictly between two bounds rounds to the same float, else None.

        Equal bounds stand for that number itself.
        """
        if low == high:
            return self.round_exact(low)
        rounded = self.round_exact(low)
        if rounded != 0 and rounded == self.round_exact(high):
            return rounded
        # The bounds round differently, but they are excluded: a bound that is a tie or a zero does not count.
        rounded, other = self.round_exact(low, beyond=1), self.round_exact(high, beyond=-1)
        same = rounded == other or (math.isnan(rounded) and math.isnan(other))
        return rounded if same and math.copysign(1, rounded) == math.copysign(1, other) else None

    def to_bits(self, x: float) -> int:
        """The bit pattern of a value of this format; for NaN the quiet NaN of IEEE 754, or the first NaN."""
        size = abs(x)
        if self.smallest_normal <= size <= self.largest:
            significand, exponent = math.frexp(size)
            # The hidden bit adds one to the stored exponent.
            pattern = (exponent - self.precision - self.quantum_exponent) << self.mantissa_bits
            pattern += int(math.ldexp(significand, self.precision))
        elif size < self.smallest_normal:
            pattern = int(math.ldexp(size, -self.quantum_exponent))
        elif size > self.largest:
            pattern = self.first_nan - 1
        else:
            quiet = ((2 << self.exponent_bits) - 1 << self.mantissa_bits) >> 1
            return max(quiet, self.first_nan)
        return pattern + (1 << self.bits - 1) if math.copysign(1, x) < 0 else pattern

    def from_bits(self, pattern: int) -> float:
        """The value with this bit pattern."""
        if pattern == self.first_nan:
            return math.nan
        sign, pattern = divmod(pattern, 1 << (self.bits - 1))
        exponent, mantissa = divmod(pattern, 1 << self.mantissa_bits)
        if pattern >= self.finite_count:
            size = math.nan if pattern >= self.first_nan else math.inf
        elif exponent == 0:
            size = math.ldexp(mantissa, self.quantum_exponent)
        else:
            size = math.ldexp(mantissa + (1 << self.mantissa_bits), self.quantum_exponent + exponent - 1)
        return -size if sign else size

    def ordinal(self, x: float) -> int:
        """The ordinal of a value in the format's order: 0 for 0.0, and -1 for -0.0 if the format has it."""
        pattern = self.to_bits(abs(x))
        return pattern if math.copysign(1, x) > 0 else -pattern - self.has_negative_zero

    def value_of(self, x: float) -> Fraction:
        """The number that a finite value of the format stands for."""
        return Fraction(x)

    def bits_text(self, x: float) -> str:
        """The bit pattern in hexadecimal, padded to the format's width: ``0x3f80``."""
        return f"0x{self.to_bits(x):0{self.bits // 4}x}"

    def text(self, x: float) -> str:
        """The shortest decimal that reads back to ``x`` in this format.

        It is written as Python's ``repr`` writes it, but with an exponent, too, where plain notation would
        end in zeros that are not digits of the value.
        """
        if not self.is_narrow or x == 0 or not math.isfinite(x):
            return repr(x)
        sign = "-" if x < 0 else ""
        digits, exponent = self._shortest(abs(x))
        padded = exponent >= len(digits) and int(digits) * 10 ** (exponent + 1 - len(digits)) != abs(x)
        if -4 <= exponent < 16 and not padded:
            plain = format(Decimal(f"{digits}e{exponent + 1 - len(digits)}"), "f")
            return sign + (plain if "." in plain else plain + ".0")
        fraction = f".{digits[1:]}" if digits[1:] else ""
        return f"{sign}{digits[0]}{fraction}e{exponent:+03d}"

    def _shortest(self, x: float) -> tuple[str, int]:
        """The fewest digits ``d`` that read back to ``x``, and ``e``: x is about d[0].d[1:] * 10**e."""
        exact = EXACT.create_decimal_from_float(x)
        for count in range(1, 18):
            quantum = Decimal((0, (1,), exact.adjusted() + 1 - count))
            below = exact.quantize(quantum, "ROUND_FLOOR", EXACT)
            candidates = [c for c in (below, EXACT.add(below, quantum)) if self.round_exact(c) == x]
            if candidates:
                # The nearest; of two equally near ones the one with an even last digit, as in repr.
                best = min(
                    candidates,
                    key=lambda c: (EXACT.subtract(c, exact).copy_abs(), c.as_tuple().digits[-1] % 2),
                )
                return "".join(map(str, best.normalize(EXACT).as_tuple().digits)), best.adjusted()
        raise AssertionError(f"17 digits do not identify {x!r}")

    def __str__(self) -> str:
        return self.name


def hex_text(x: float) -> str:
    """``x`` as a hexadecimal float without trailing zeros, as C's ``%a`` prints it: ``0x1.8p+1``."""
    text = x.hex()
    if "p" not in text:
        return text
    significand, exponent = text.split("p")
    return f"{significand.rstrip('0').rstrip('.') if '.' in significand else significand}p{exponent}"


def binade_of(x: Fraction) -> int:
    """The exponent e with ``2**e <= abs(x) < 2**(e + 1)``; x is not 0."""
    n, d = abs(x.numerator), x.denominator
    e = n.bit_length() - d.bit_length()
    return e - 1 if (n << -e if e < 0 else n) < (d << e if e > 0 else d) else e


def _nearest_float64(value: Fraction | Decimal, beyond: int) -> float:
    """``value`` rounded to float64; a zero has the sign of ``value``, or of ``beyond`` if that is 0."""
    try:
        nearest = float(value)  # int / int and float(str) round correctly, to subnormals too
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
    if nearest == 0:
        return math.copysign(0.0, (value > 0) - (value < 0) or beyond or 1)
    return nearest


def _compare(value: Fraction | Decimal, x: float) -> int:
    """The sign of ``value - x``."""
    if math.isinf(x):
        return 0 if isinstance(value, Decimal) and value == x else -1 if x > 0 else 1
    other = EXACT.create_decimal_from_float(x) if isinstance(value, Decimal) else Fraction(x)
    return (value > other) - (value < other)


def _significand_is_even(x: float) -> bool:
    return struct.pack("<d", x)[0] % 2 == 0


def _settle_tie(value: Fraction | Decimal, nearest: float, beyond: int) -> float:
    """The float64 on the ``beyond`` side of ``value`` if ``value`` is a tie, else ``nearest``."""
    beside = math.nextafter(nearest, math.copysign(math.inf, beyond))
    if beside == nearest:
        return nearest
    half_way = (_finite(nearest) + _finite(beside)) / 2
    return beside if value == half_way else nearest


def _finite(x: float) -> Fraction:
    """``x``; for an infinity the number one step beyond the largest float64."""
    if math.isinf(x):
        return Fraction(2) ** 1024 if x > 0 else -(Fraction(2) ** 1024)
    return Fraction(x)


FLOAT64 = Format("float64", 11, 52, 1023, True, 0x7FF0_0000_0000_0001, "float64", ("double", "fp64", "f64"))
FLOAT32 = Format("float32", 8, 23, 127, True, 0x7F80_0001, "float32", ("single", "fp32", "f32"))
FLOAT16 = Format("float16", 5, 10, 15, True, 0x7C01, "float16", ("half", "fp16", "f16"))
BFLOAT16 = Format("bfloat16", 8, 7, 127, True, 0x7F81, "float32", ("bf16",))
# Micikevicius et al., FP8 formats for deep learning, 2022; fnuz ("finite, NaN, unsigned zero") is from Noune
# et al., 8-bit numerical formats for deep neural networks, 2022.
FLOAT8_E4M3FN = Format("float8_e4m3fn", 4, 3, 7, False, 0x7F, "float16", ("e4m3fn",))
FLOAT8_E5M2 = Format("float8_e5m2", 5, 2, 15, True, 0x7D, "float16", ("e5m2",))
FLOAT8_E4M3FNUZ = Format("float8_e4m3fnuz", 4, 3, 8, False, 0x80, "float16", ("e4m3fnuz",))
FLOAT8_E5M2FNUZ = Format("float8_e5m2fnuz", 5, 2, 16, False, 0x80, "float16", ("e5m2fnuz",))
_EIGHT_BITS = (FLOAT8_E4M3FN, FLOAT8_E5M2, FLOAT8_E4M3FNUZ, FLOAT8_E5M2FNUZ)
FORMATS = {f.name: f for f in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16, *_EIGHT_BITS)}
"""All float formats by name. ``float`` is not an alias: it means float64 to some and float32 to others."""


def find_format(name: str) -> Format | None:
    """The float format called ``name``, or None."""
    for known in FORMATS.values():
        if name == known.name or name.lower() in known.aliases:
            return known
    return None


def float_format(name: str, about: str = "dtype") -> Format:
    """The float format called ``name``. Raises ActcalcError about the argument ``about`` if it is unknown."""
    found = find_format(name)
    if found is not None:
        return found
    raise unknown_format(name, ", ".join(FORMATS), about)


def unknown_format(name: str, known: str, about: str) -> ActcalcError:
    """The error for an unknown format name."""
    names = [name for fmt in FORMATS.values() for name in (fmt.name, *fmt.aliases)]
    return ActcalcError(
        f": unknown format {quote(name)}: choose one of {known}", did_you_mean(name, names), about
    )
