"""Settings of the catalogue, points for them, and formulas, all drawn from a seed."""

import math
import random
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration, Parameter
from actcalc.activations.parameters import bind
from actcalc.catalogue.lookup import declarations
from actcalc.errors import ActcalcError
from tests.support.oracle import FMTS, Fmt, nearest_fraction

# Settings


def _fraction_text(chance: random.Random) -> str:
    return f"{chance.choice((-1, 1)) * chance.randint(1, 20)}/{chance.choice((3, 7, 9, 11, 13, 60))}"


def _decimal_text(chance: random.Random, exponents: int) -> str:
    sign = chance.choice(("", "", "-"))
    digits = chance.choice(("1", "2", "7", "1.5", f"{chance.uniform(1, 10):.6g}"))
    return f"{sign}{digits}e{chance.randint(-exponents, exponents)}"


PARAMETERS: dict[str, Callable[[random.Random], str]] = {
    "degenerate": lambda chance: chance.choice(("0", "1", "-1", "2", "0.5")),
    "moved": lambda chance: chance.choice(("100", "1e3", "-40", "-100", "12.5", "1e5", "-7/3")),
    "near": lambda chance: f"{chance.uniform(-4, 4):.{chance.randint(1, 5)}g}",
    "no decimal": _fraction_text,
    "scale": lambda chance: _decimal_text(chance, 20),
    "extreme scale": lambda chance: _decimal_text(chance, 320),
    "power of two": lambda chance: str(
        chance.choice((-1, 1, 1)) * Fraction(2) ** chance.choice((-60, -20, -3, -1, 1, 3, 10, 24, 53))
    ),
}
"""Generators of parameter values by kind."""


_EVERYDAY = ("degenerate", "moved", "near", "no decimal")
"""Kinds that keep the shape of a function on an everyday scale."""


def _drawn_parameter(
    parameter: Parameter, before: list[str], kinds: tuple[str, ...], chance: random.Random
) -> str:
    if parameter.default is not None and chance.random() < 0.2:
        return parameter.default
    if parameter.may_be_none and chance.random() < 0.2:
        return "none"
    if before and chance.random() < 0.15:
        return chance.choice(before)  # repeats an earlier value
    text = PARAMETERS[chance.choice(kinds)](chance)
    return text.lstrip("-") if chance.random() < 0.3 else text


def drawn_setting(declared: Declaration, chance: random.Random) -> Activation:
    """An activation with random parameters within its domains."""
    while True:
        texts: dict[str, str] = {}
        kinds = _EVERYDAY if chance.random() < 0.5 else tuple(PARAMETERS)
        for parameter in declared.parameters:
            texts[parameter.name] = _drawn_parameter(parameter, list(texts.values()), kinds, chance)
        try:
            return bind(declared, texts)
        except ActcalcError:
            continue


@cache
def parametrized() -> tuple[Declaration, ...]:
    return tuple(declared for declared in declarations() if declared.parameters)


def any_setting(chance: random.Random) -> Activation:
    """A random activation of the catalogue; those with parameters are more frequent."""
    return drawn_setting(chance.choice(parametrized() if chance.random() < 0.85 else declarations()), chance)


# Points

_STEPS = (0, 1, -1, 0.5, -0.5, 2, -3, 8, -8, 26, -27, 37.5, -37.5, 38.5, -38.6, 40)
"""Offsets in multiples of a width, out to where exp(-x**2/2) underflows."""
_EXPONENTS = (1, 3.5, 8.7, 11.1, 17.3, 36.7, 88.7, 103.5, 104, 350, 709.8, 744.4, 745.2, 746)
"""Arguments at which e**x reaches the ends of the formats."""


class Features(NamedTuple):
    """The features of an activation that depend on parameters and pieces: centres, widths, and points."""

    centres: tuple[Fraction, ...]
    widths: tuple[Fraction, ...]
    places: tuple[Fraction, ...]


@lru_cache(maxsize=256)  # random activations are many
def features(f: Activation) -> Features:
    """The features given by the parameters and the ends of pieces."""
    numbers = [*f.parameters.values()]
    ends = [Fraction(piece.upto) for piece in f.pieces if piece.upto is not None]
    places = {Fraction(0), *numbers, *(-x for x in numbers), *ends}
    places |= {-x / y for x, y in product(numbers, numbers) if y}
    places |= {(1 - x) / y for x, y in product(numbers, numbers) if y}
    places |= {root * side for x in numbers if x > 0 for root in (_near_root(x),) for side in (-1, 1)}
    widths = sorted({Fraction(1), *map(abs, numbers), *(1 / abs(x) for x in numbers if x)} - {0})
    found = set(places)
    centres = sorted({Fraction(0), *numbers, *ends})
    for centre, width, step in product(centres, widths, _STEPS):
        found.add(centre + width * Fraction(step))
    for width, step in product(widths, _EXPONENTS):
        found |= {width * Fraction(step), -width * Fraction(step)}
    return Features(tuple(centres), tuple(widths), tuple(sorted(found)))


def _near_root(x: Fraction) -> Fraction:
    """An approximate square root, whatever the size of x."""
    size = (x.numerator.bit_length() - x.denominator.bit_length()) // 2
    return Fraction(math.sqrt(x / Fraction(4) ** size)) * Fraction(2) ** size


def _simple(chance: random.Random) -> float:
    return chance.randint(-64, 64) / chance.choice((1, 1, 2, 4, 8, 16))


def _anywhere(fmt: Fmt, chance: random.Random) -> float:
    return fmt.from_bits(chance.getrandbits(fmt.bits))


def _remarkable(fmt: Fmt, chance: random.Random) -> float:
    few = (0.0, fmt.smallest, 3 * fmt.smallest, fmt.smallest_normal, fmt.largest, math.inf, math.nan)
    return chance.choice((-1, 1)) * chance.choice(few)


def _half_way(fmt: Fmt, chance: random.Random) -> float:
    """A number with about as many digits as the format, so that sums and products are often ties."""
    digits = fmt.precision - chance.randint(0, 2)
    odd = chance.choice((1, 3, (1 << digits) - 1, (chance.getrandbits(digits) | 1)))
    return chance.choice((-1, 1)) * nearest_fraction(
        Fraction(odd) * Fraction(2) ** chance.randint(-digits - 3, 3), fmt
    )


def tie(f: Activation, fmt: Fmt, chance: random.Random) -> float:
    """A point at which a line made of the parameters is half way between two floats, if one is found soon."""
    numbers = [*f.parameters.values(), Fraction(1)]
    p, q = chance.choice(numbers), chance.choice(numbers)
    slope = chance.choice((p, 1 / p if p else p, p - q, p * q)) or Fraction(1)
    offset = chance.choice((Fraction(0), p, -p, q, -q))
    z = Fraction(0)
    for _ in range(100):
        odd = chance.getrandbits(fmt.precision) | (1 << fmt.precision) | 1
        half_way = chance.choice((-1, 1)) * Fraction(odd) * Fraction(2) ** chance.randint(-fmt.precision, 5)
        z = (half_way - offset) / slope
        rounded = nearest_fraction(z, fmt)
        if abs(rounded) < math.inf and Fraction(rounded) == z:
            break
    return nearest_fraction(z, fmt)


def drawn_points(
    about: Features, fmt: Fmt, count: int, chance: random.Random, spread: float = 0.25
) -> list[float]:
    """Points around the features and everywhere, some of them in even steps across a feature."""
    places = (nearest_fraction(place, fmt) for place in about.places)
    rounded = sorted({x for x in places if abs(x) < math.inf})
    centre, width = chance.choice(about.centres), chance.choice(about.widths)
    found = []
    for _ in range(count):
        kind = chance.random()
        if kind < 0.12:
            found.append(nearest_fraction(centre + width * Fraction(chance.uniform(-42, 42)), fmt))
        elif kind < 0.35:
            found.append(chance.choice(fmt.near(chance.choice(rounded), chance.choice((0, 1, 1, 2, 40)))))
        elif kind < 0.48:
            i = chance.randrange(len(rounded))
            before, after = Fraction(rounded[i]), Fraction(rounded[min(i + 1, len(rounded) - 1)])
            between = before + (after - before) * Fraction(chance.random())
            found.append(nearest_fraction(between, fmt))
        elif kind < 0.6:
            found.append(nearest_fraction(Fraction(_simple(chance)), fmt))
        elif kind < 0.7:
            found.append(_anywhere(fmt, chance))
        elif kind < 0.8:
            found.append(nearest_fraction(Fraction(chance.gauss(0, 1) * chance.choice((1, 10, 300))), fmt))
        elif kind < 0.9:
            found.append(_half_way(fmt, chance))
        else:
            found.append(_remarkable(fmt, chance))
    steps = int(count * spread)
    if chance.random() < 0.5:
        low, reach = centre - 50 * width, 100 * width
    else:
        ends = sorted(Fraction(chance.choice(rounded)) for _ in range(2))
        low, reach = ends[0], max(ends[1] - ends[0], Fraction(1))
    found += [nearest_fraction(low + reach * Fraction(k, max(steps - 1, 1)), fmt) for k in range(steps)]
    return list({(z, math.copysign(1, z)) if z == z else "nan": z for z in map(fmt.as_value, found)}.values())


ORDERS = ("sorted", "falling", "shuffled", "repeated", "between zeros", "between nans", "between infinities")
"""The arrangements of points in an array."""


def arranged(points: list[float], how: str, chance: random.Random, least: int = 0) -> list[float]:
    """The points arranged in an array, repeated to at least ``least`` elements."""
    z = list(points)
    if how in ("sorted", "falling"):
        z.sort(key=lambda x: (x != x, x), reverse=how == "falling")
    else:
        chance.shuffle(z)
    filler = {
        "between zeros": (0.0, -0.0),
        "between nans": (math.nan,),
        "between infinities": (math.inf, -math.inf, 1.0),
    }.get(how)
    if filler:
        z = [x for point in z for x in (point, chance.choice(filler))]
    if how == "repeated":
        z = [x for point in z for x in [point] * chance.choice((1, 1, 2, 5))]
    return z * math.ceil(least / len(z)) if least else z


# Formulas

IRRATIONAL = (
    "pi",
    "e",
    "sqrt(2)",
    "exp(1)",
    "tanh(1)",
    "log(3)",
    "Phi(1)",
    "(1/pi)",
    "atan(1/3)",
    "(2 - pi)",
)
RATIONAL = ("2", "-1", "3", "1/3", "0.1", "1e-3", "100", "0.5", "-2/7", "1e10")
PLACES = ("0", "1", "-1", "2", "-0.5", "0.25", "3", "-4", "100")
SMOOTH = (
    *("exp", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "atan", "erf", "erfc", "Phi", "phi"),
    *("sigmoid", "softplus", "silu", "gelu", "mish", "gelu_tanh", "logcosh", "log_sigmoid", "tanhshrink"),
    *("telu", "lisht", "squareplus", "softcap"),
)
KINKED = (
    *("abs({})", "max(0, {})", "min({}, 1)", "relu({})", "leaky_relu({})", "leaky_relu({}, slope=-1/3)"),
    *("elu({}, alpha=2)", "selu({})", "relu6({})", "hard_tanh({})", "prelu({})", "softshrink({}, lambd=0)"),
    *("abs(-({}))", "max({}, -2*({}))", "min({}, pi*({}))", "hard_sigmoid({})", "relu2({})", "softsign({})"),
)


class Grammar:
    """Draws formulas; ``places`` collects the points where the last one should switch or end."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.places: list[Fraction] = []
        self.used: set[str] = set()

    def formula(self) -> str:
        """A formula of random depth."""
        self.places = []
        text = self._any(self.chance.choice((1, 1, 2, 2, 3)))
        return text if "z" in text.replace("zeta", "") else f"{text} + z"

    def _any(self, depth: int) -> str:
        name = self.chance.choice(list(PRODUCTIONS if depth > 0 else _LEAVES))
        self.used.add(name)
        return PRODUCTIONS[name](self, depth - 1)

    def pick(self, among: tuple[str, ...]) -> str:
        return self.chance.choice(among)

    def at(self) -> str:
        """``z - a`` for a place a that floats can hit."""
        place = self.pick(PLACES)
        self.places.append(Fraction(place))
        if place == "0":
            return "z"
        return f"(z + {place[1:]})" if place.startswith("-") else f"(z - {place})"

    def inner(self, depth: int) -> str:
        return self._any(depth) if depth > 0 else self.pick(("z", "z", self.at(), "(-z)"))

    def through_zero(self) -> str:
        """An expression that is exactly 0 at a place, though its factors are irrational."""
        x = self.at()
        return self.pick(
            (
                *(f"{self.pick(IRRATIONAL)}*{x}", f"{x}*{self.pick(IRRATIONAL)}", f"exp(z)*{x}"),
                *(f"cosh(z)*{x}", f"{x}/{self.pick(IRRATIONAL)}", f"min({x}, sin({x}))", f"tanh({x})"),
                *(f"expm1(2*{x})", f"{x}*(2 + sin(z))", f"({x} if exp(z) > 0 else z)", f"gelu({x})"),
                *(f"(sin({x}) if z < 1e9 else z)", f"{x}*Phi(z)", f"{x} + tanh({x})", f"{x}**3"),
                *(f"erf({x})", f"log1p({x})", f"{x}*sqrt(2)*tanh(1)", f"({x} + 1 if exp(z) < 0 else {x})"),
            )
        )


def _linear(g: Grammar, depth: int) -> str:
    return f"{g.pick((*RATIONAL, *IRRATIONAL))}*{g.at()}"


def _sum(g: Grammar, depth: int) -> str:
    return f"({g.inner(depth)} {g.pick(('+', '-'))} {g.inner(depth)})"


def _scaled(g: Grammar, depth: int) -> str:
    factor, x = g.pick((*RATIONAL, *IRRATIONAL)), g.inner(depth)
    return g.pick((f"{factor}*({x})", f"({x})*{factor}", f"({x})/{factor}"))


def _kink(g: Grammar, depth: int) -> str:
    x = g.through_zero() if g.chance.random() < 0.7 else g.inner(depth)
    return g.pick(KINKED).replace("{}", x)


def _condition(g: Grammar, depth: int) -> str:
    test = f"{g.through_zero()} {g.pick(('<', '<=', '>', '>='))} 0"
    if g.chance.random() < 0.3:
        test = g.pick(
            (
                f"{test} and z < 50",
                f"not {test}",
                f"{test} or pi*z > 9",
                f"-1 < {g.at()} < pi",
                f"e*{g.at()} < z",
            )
        )
    x, y = g.inner(depth), g.inner(depth)
    return g.pick((f"({x} if {test} else {y})", f"(1 if {test} else 0)", f"({x} if {test} else -({x}))"))


def _domain_end(g: Grammar, depth: int) -> str:
    x = g.through_zero() if g.chance.random() < 0.5 else g.at()
    end = g.pick(
        (
            *(
                f"log({x})",
                f"sqrt({x})",
                f"log1p({x})",
                f"({x})**0.5",
                f"1/({x})",
                f"({x})**-2",
                f"({x})**(1/3)",
            ),
            *(f"sqrt(-({x}))", f"({x})**1.5", f"({x})**(-0.5)", f"log(abs({x}))", f"z/({x})"),
        )
    )
    return g.pick((end, end, f"{end}*0 + z", f"z*({end})", f"exp({end})", f"max({end}, 1)"))


def _root(g: Grammar, depth: int) -> str:
    x = g.through_zero() if g.chance.random() < 0.4 else g.at()
    return g.pick(
        (
            *(
                f"sqrt(({x})**2)",
                f"sqrt(({x})**4)",
                f"abs({x})**1.5",
                f"({x})*abs({x})**0.5",
                f"(({x})**2)**0.5",
            ),
            *(f"max(sqrt(({x})*({x})), 1e-10)", f"abs({x})**0.5", f"abs({x})**(7/3)", f"sqrt(abs({x})**3)"),
            *(
                f"(({x})**4)**(3/4)",
                f"sqrt(({x})**2 + 1)",
                f"sqrt(1 - cos({x}))",
                f"sqrt(({x})**2*(1 + z**2))",
            ),
        )
    )


def _constants(g: Grammar, depth: int) -> str:
    x = g.inner(depth)
    return g.pick(
        (
            *(
                "(Phi(z) - Phi(-1))/(Phi(1) - Phi(-1))",
                f"erf(1/2) + {x}",
                f"gelu(-1)*({x})",
                f"erfc(2)*({x})",
            ),
            *("sqrt(-1)*z", "log1p(-2)*z", "log(0) + z", f"1/(z - z) + {x}", "0/pi/(z - z)", "z*log(-2)"),
            *(f"sinh(1)*({x})", f"(mish(1) - tanh(1))*({x})", f"0*({x})", f"({x})**0", f"softplus(0) - {x}"),
            *(f"(1 if pi > 3 else 0)*({x})", f"abs(-pi)*({x})", f"max(e, pi) + {x}"),
        )
    )


def _cancelling(g: Grammar, depth: int) -> str:
    x = g.pick(("z", "z", g.at()))
    return g.pick(
        (
            *(
                f"gelu_tanh({x}) - gelu({x})",
                f"gelu({x}) - silu({x})",
                f"2*gelu({x}) - {x}",
                f"sinh({x}) - {x}",
            ),
            *(f"log(1 + exp({x}))", f"log(1 - tanh({x})**2)", f"tanh(erf({x}**-2))", f"{x} - sin({x})"),
            *(f"exp({x}) - 1 - {x}", f"1 - cos({x})", f"softplus({x}) - {x}", f"tanh({x}) - erf({x})"),
            *(
                f"exp(-1/{x}**2)",
                f"exp(-exp({x}))",
                f"log(cosh({x}))",
                f"1/(1 + exp({x}))",
                f"Phi({x}) - 0.5",
            ),
        )
    )


PRODUCTIONS: dict[str, Callable[[Grammar, int], str]] = {
    "z": lambda g, depth: "z",
    "place": lambda g, depth: g.at(),
    "line": _linear,
    "sum": _sum,
    "scaled": _scaled,
    "product": lambda g, depth: f"({g.inner(depth)})*({g.inner(depth)})",
    "quotient": lambda g, depth: f"({g.inner(depth)})/(1 + ({g.inner(0)})**2)",
    "power": lambda g, depth: f"({g.inner(depth)})**{g.pick(('2', '3', '5', '-1', '-3'))}",
    "fractional power": lambda g, depth: f"(1 + ({g.inner(0)})**2)**({g.pick(('1/3', '-3/2', '0.25'))})",
    "smooth call": lambda g, depth: f"{g.pick(SMOOTH)}({g.inner(depth)})",
    "kink": _kink,
    "condition": _condition,
    "domain end": _domain_end,
    "root": _root,
    "constants": _constants,
    "cancelling": _cancelling,
}
"""The productions of the grammar."""

_LEAVES = ("z", "place", "line")


def formula_points(places: Iterable[Fraction], fmt: Fmt, count: int, chance: random.Random) -> list[float]:
    """The places and their neighbours, both zeros, and other points."""
    around = [z for place in {*places} for z in fmt.near(nearest_fraction(place, fmt))]
    chance.shuffle(around)
    sure = [nearest_fraction(place, fmt) for place in {*places}]
    simple = [chance.choice((0.0, -0.0)), float(chance.randint(-3, 3))]
    extra = [Fraction(x) for x in (0, 1, -2, 30, -700)]
    about = Features(tuple(places) or (Fraction(0),), (Fraction(1),), (*places, *extra))
    found = [*sure, *around[:3], *simple, *drawn_points(about, fmt, count, chance, 0)]
    return list({(z, math.copysign(1, z)) if z == z else "nan": z for z in map(fmt.as_value, found)}.values())


def drawn_format(chance: random.Random) -> Fmt:
    return chance.choice(list(FMTS.values()))
