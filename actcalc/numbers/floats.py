"""The float formats: rounding exact values to them, their neighbours, bits and texts.

A value of any format is held as a Python ``float``: every float32, float16 and bfloat16 is also a
float64. Rounding is to nearest, ties to even, as IEEE 754-2019 (4.3.1) has it: overflow gives an
infinity, underflow a subnormal or a zero with the sign of the value.
"""

import math
import struct
from collections.abc import Iterator
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from itertools import chain

from actcalc.errors import ActcalcError, did_you_mean, quoted

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""For decimals that are to keep all of their digits."""


class Format:
    """A binary interchange format of IEEE 754, or bfloat16: float32 cut to its upper 16 bits.

    ``bits`` is its width, ``precision`` the bits of the significand with the hidden one, and
    ``emax`` the largest exponent: finite values are below ``2**(emax + 1)``.
    """

    def __init__(self, name: str, bits: int, precision: int, emax: int) -> None:
        self.name = name
        self.bits = bits
        self.precision = precision
        self.emax = emax

    @property
    def digits(self) -> int:
        """Significant decimal digits that tell any two values apart."""
        return 2 + self.precision * 30103 // 100000

    @property
    def quantum_exponent(self) -> int:
        """The exponent of the smallest subnormal, which is ``2**quantum_exponent``."""
        return 2 - self.emax - self.precision

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return math.ldexp(2 - 2.0 ** (1 - self.precision), self.emax)

    @property
    def smallest_normal(self) -> float:
        return math.ldexp(1.0, 1 - self.emax)

    @property
    def smallest_subnormal(self) -> float:
        return math.ldexp(1.0, self.quantum_exponent)

    def spacing_exponent(self, x: float) -> int:
        """The exponent of the distance between neighbours in the binade of the float64 ``x``."""
        return max(math.frexp(x)[1] - self.precision, self.quantum_exponent)

    def round_float(self, x: float) -> float:
        """The float64 ``x`` rounded to this format."""
        if self is FLOAT64 or x == 0 or not math.isfinite(x):
            return x
        if abs(x) > 2 * self.largest:
            return math.copysign(math.inf, x)
        exponent = self.spacing_exponent(x)
        # The quotient is exact, and round() takes ties to even.
        rounded = math.copysign(math.ldexp(round(math.ldexp(x, -exponent)), exponent), x)
        return math.copysign(math.inf, x) if abs(rounded) > self.largest else rounded

    def round_exact(self, value: Fraction | Decimal, beyond: int = 0) -> float:
        """``value`` rounded once to this format.

        ``beyond`` is the sign of an infinitely small amount by which the true value exceeds
        ``value``: it decides ties, and the sign of a zero.
        """
        nearest = _nearest_float64(value, beyond)
        error = _compare(value, nearest) or beyond
        if self is FLOAT64 or error == 0 or math.isinf(nearest):
            return self.round_float(_settle_tie(value, nearest, beyond) if beyond else nearest)
        # Rounding to odd first makes the second rounding harmless (Boldo and Melquiond, 2008).
        if _significand_is_even(nearest):
            nearest = math.nextafter(nearest, math.copysign(math.inf, error))
        return self.round_float(nearest)

    def round_between(self, low: Decimal, high: Decimal) -> float | None:
        """The one float to which every number strictly between two bounds rounds, or None.

        Equal bounds stand for that number itself.
        """
        if low == high:
            return self.round_exact(low)
        rounded = self.round_exact(low)
        if rounded != 0 and rounded == self.round_exact(high):
            return rounded
        # They differ; but a bound that is a tie or a zero is itself left out.
        rounded, other = self.round_exact(low, beyond=1), self.round_exact(high, beyond=-1)
        same = rounded == other and math.copysign(1, rounded) == math.copysign(1, other)
        return rounded if same else None

    def next_up(self, x: float) -> float:
        """The least value of the format above ``x``."""
        if x == 0:
            return self.smallest_subnormal
        if x == -math.inf:
            return -self.largest
        exponent = self.spacing_exponent(x)
        if x < 0 and math.frexp(x)[0] == -0.5:  # below a power of two the spacing is halved
            exponent = max(exponent - 1, self.quantum_exponent)
        above = x + math.ldexp(1.0, exponent)
        return math.inf if above > self.largest else math.copysign(above, x)

    def to_bits(self, x: float) -> int:
        """The bit pattern of a value of this format; NaN has the quiet pattern of IEEE 754."""
        if math.isnan(x):
            x = math.nan
        if self is FLOAT16:
            return int.from_bytes(struct.pack(">e", x), "big")
        if self is FLOAT64:
            return int.from_bytes(struct.pack(">d", x), "big")
        return int.from_bytes(struct.pack(">f", x), "big") >> (32 - self.bits)

    def from_bits(self, pattern: int) -> float:
        """The value whose bit pattern this is."""
        if self is FLOAT16:
            return float(struct.unpack(">e", pattern.to_bytes(2, "big"))[0])
        if self is FLOAT64:
            return float(struct.unpack(">d", pattern.to_bytes(8, "big"))[0])
        return float(struct.unpack(">f", (pattern << (32 - self.bits)).to_bytes(4, "big"))[0])

    def all_values(self) -> Iterator[float]:
        """All values of the format but NaN, from -inf to inf, -0.0 before 0.0."""
        infinity = self.to_bits(math.inf)
        sign = 1 << (self.bits - 1)
        return map(self.from_bits, chain(range(sign + infinity, sign - 1, -1), range(infinity + 1)))

    def bits_text(self, x: float) -> str:
        """The bit pattern in hexadecimal, all digits of the format's width: ``0x3f80``."""
        return f"0x{self.to_bits(x):0{self.bits // 4}x}"

    def text(self, x: float) -> str:
        """The shortest decimal that reads back to ``x`` in this format.

        It is laid out as Python's ``repr``; an exponent is also used where plain notation would
        need zeros that are not digits of the value.
        """
        if self is FLOAT64 or x == 0 or not math.isfinite(x):
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
                # The nearest, and of two the one that ends in an even digit, as repr has it.
                best = min(candidates, key=lambda c: (_distance(c, exact), _last_digit(c) % 2))
                return "".join(map(str, best.normalize(EXACT).as_tuple().digits)), best.adjusted()
        raise AssertionError(f"17 digits do not identify {x!r}")

    def __str__(self) -> str:
        return self.name


def hex_text(x: float) -> str:
    """``x`` as a hexadecimal float with no trailing zeros, as C's ``%a`` prints it: ``0x1.8p+1``."""
    text = x.hex()
    if "p" not in text:
        return text
    significand, exponent = text.split("p")
    return f"{significand.rstrip('0').rstrip('.') if '.' in significand else significand}p{exponent}"


def _nearest_float64(value: Fraction | Decimal, beyond: int) -> float:
    """``value`` rounded to float64, a zero with the sign of ``value`` or else of ``beyond``."""
    try:
        nearest = float(value)  # int / int and float(str) round correctly, to subnormals too
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
    if nearest == 0:
        return math.copysign(0.0, _sign(value) or beyond or 1)
    return nearest


def _distance(a: Decimal, b: Decimal) -> Decimal:
    return EXACT.subtract(a, b).copy_abs()


def _last_digit(c: Decimal) -> int:
    return c.as_tuple().digits[-1]


def _sign(value: Fraction | Decimal) -> int:
    return int(value > 0) - int(value < 0)


def _compare(value: Fraction | Decimal, x: float) -> int:
    """The sign of ``value - x``."""
    if math.isinf(x):
        return 0 if isinstance(value, Decimal) and value == x else -1 if x > 0 else 1
    other = EXACT.create_decimal_from_float(x) if isinstance(value, Decimal) else Fraction(x)
    return int(value > other) - int(value < other)


def _significand_is_even(x: float) -> bool:
    return struct.pack("<d", x)[0] % 2 == 0


def _settle_tie(value: Fraction | Decimal, nearest: float, beyond: int) -> float:
    """The float64 beside ``value`` on the side of ``beyond`` if it lies half way, else ``nearest``."""
    beside = math.nextafter(nearest, math.copysign(math.inf, beyond))
    if beside == nearest:
        return nearest
    half_way = (_finite(nearest) + _finite(beside)) / 2
    return beside if value == half_way else nearest


def _finite(x: float) -> Fraction:
    """``x``, or for an infinity the number one step beyond the largest float64."""
    if math.isinf(x):
        return Fraction(2) ** 1024 if x > 0 else -(Fraction(2) ** 1024)
    return Fraction(x)


FLOAT64 = Format("float64", 64, 53, 1023)
FLOAT32 = Format("float32", 32, 24, 127)
FLOAT16 = Format("float16", 16, 11, 15)
BFLOAT16 = Format("bfloat16", 16, 8, 127)
FORMATS = {f.name: f for f in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16)}


_ALIASES = {
    **dict.fromkeys(("double", "fp64", "f64"), FLOAT64),
    **dict.fromkeys(("single", "fp32", "f32"), FLOAT32),
    **dict.fromkeys(("half", "fp16", "f16"), FLOAT16),
    "bf16": BFLOAT16,
}
"""What people call them as well; ``float`` is float64 to some and float32 to others."""


def float_format(name: str, about: str = "dtype") -> Format:
    """The format called ``name``. Raises ActcalcError, which is ``about`` this argument, if there is none."""
    found = FORMATS.get(name) or _ALIASES.get(name.lower())
    if found is not None:
        return found
    raise ActcalcError(
        f": unknown format {quoted(name)}: it is one of {', '.join(FORMATS)}",
        did_you_mean(name, FORMATS),
        about,
    )
