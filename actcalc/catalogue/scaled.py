"""Smooth functions that level off on both sides: scaled forms of tanh and erf, and the bell curve."""

from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

from actcalc.activations.declaration import (
    Declaration,
    End,
    Monotone,
    Parameter,
    Parameters,
    Parity,
    Piece,
    Range,
    Shortcut,
)
from actcalc.arithmetic.maths import Maths, R
from actcalc.catalogue.forms import TERMS, gaussian, tanh_above, tanh_below, tanh_slope

NO_INVERSE = "a = erf(z) has no solution in closed form"


def tanh_pieces(outer: Fraction, inner: Fraction) -> tuple[Piece, Piece]:
    """outer * tanh(inner z), by the sign of z."""
    below, above = (tanh_below, tanh_above) if inner > 0 else (tanh_above, tanh_below)

    def slope(m: Maths[R], z: R) -> R:
        return outer * inner * tanh_slope(m, inner * z)

    return (
        Piece(lambda m, z: outer * below(m, inner * z), slope, upto=0),
        Piece(lambda m, z: outer * above(m, inner * z), slope),
    )


def tanh_ends(outer: Fraction, inner: Fraction) -> tuple[tuple[End, End], tuple[End, End]]:
    top = outer if inner > 0 else -outer
    return (-top, 0), (top, 0)


SOFTCAP = Declaration(
    name="softcap",
    parameters=(Parameter("c", "30", domain=lambda x: x > 0, domain_text="greater than 0"),),
    g="c*tanh(z/c)",
    dg="1 - tanh(z/c)**2",
    derivation=(
        "g = c*tanh(u) with u = z/c and u' = 1/c\n"
        "chain rule: g' = c*(1 - tanh(u)**2)*u' = 1 - tanh(z/c)**2\n"
        "tanh(z/c) = a/c, so g' = 1 - (a/c)**2"
    ),
    pieces=lambda p: tanh_pieces(p.c, 1 / p.c),
    range=lambda p: Range(-p.c, p.c),
    shortcut=lambda p: Shortcut("1 - (a/c)**2", ((lambda m, a: 1 - (a / p.c) ** 2, None),)),
    ends=lambda p: tanh_ends(p.c, 1 / p.c),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    examples=({"c": "15"}, {"c": "1/3"}),
    source="Gemma team, Gemma 2: improving open language models at a practical size, 2024",
)

SCALED_TANH = Declaration(
    name="scaled_tanh",
    aliases=("stanh",),
    parameters=(
        Parameter("a", "0.67", ("scale_a", "beta"), lambda x: x != 0, "other than 0"),
        Parameter("b", "1.7159", ("scale_b", "alpha"), lambda x: x != 0, "other than 0"),
    ),
    g="b*tanh(a*z)",
    dg="b*a*(1 - tanh(a*z)**2)",
    derivation=(
        "g = b*tanh(u) with u = a*z and u' = a\n"
        "chain rule: g' = b*(1 - tanh(u)**2)*u' = b*a*(1 - tanh(a*z)**2)\n"
        "tanh(a*z) = g/b, so g' = b*a*(1 - (g/b)**2)"
    ),
    pieces=lambda p: tanh_pieces(p.b, p.a),
    range=lambda p: Range(-abs(p.b), abs(p.b)),
    shortcut=lambda p: Shortcut(
        "b*a*(1 - (g/b)**2)", ((lambda m, g: p.a * p.b * (1 - (g / p.b) ** 2), None),), variable="g"
    ),
    ends=lambda p: tanh_ends(p.b, p.a),
    parity=Parity.ODD,
    monotone=lambda p: Monotone.INCREASING if p.a * p.b > 0 else Monotone.DECREASING,
    examples=({"a": "2/3"}, {"a": "1/3", "b": "0.5"}, {"a": "-1", "b": "2"}),
    source="LeCun, Bottou, Orr and Mueller, Efficient BackProp, 1998; PaddlePaddle stanh",
)

DYT = Declaration(
    name="dyt",
    aliases=("dynamic_tanh",),
    parameters=(Parameter("alpha", "0.5", domain=lambda x: x != 0, domain_text="other than 0"),),
    g="tanh(alpha*z)",
    dg="alpha*(1 - tanh(alpha*z)**2)",
    derivation=(
        "g = tanh(u) with u = alpha*z and u' = alpha\n"
        "chain rule: g' = alpha*(1 - tanh(alpha*z)**2)\n"
        "with tanh(alpha*z) = a: g' = alpha*(1 - a**2)"
    ),
    pieces=lambda p: tanh_pieces(Fraction(1), p.alpha),
    range=Range(-1, 1),
    shortcut=lambda p: Shortcut("alpha*(1 - a**2)", ((lambda m, a: p.alpha * (1 - a * a), None),)),
    ends=lambda p: tanh_ends(Fraction(1), p.alpha),
    parity=Parity.ODD,
    monotone=lambda p: Monotone.INCREASING if p.alpha > 0 else Monotone.DECREASING,
    examples=({"alpha": "1"}, {"alpha": "1/3"}, {"alpha": "-2"}),
    variant="the function without the learned scale and shift of each channel",
    source="Zhu, Chen, He, LeCun and Liu, Transformers without normalization, 2025",
)


@lru_cache(TERMS)
def _over_odd_product(k: int) -> Fraction:
    return Fraction(1, prod(range(1, 2 * k + 2, 2)))


def over_odd_products(m: Maths[R], x: R) -> R:
    """The sum of x**k / (1*3*...*(2k + 1)) over k."""
    return m.series(_over_odd_product, x)


def erf_near(m: Maths[R], z: R) -> R:
    """erf z for |z| <= 1/2, as e^(-z^2) times a series of positive terms."""
    square = z * z
    return 2 * z * m.exp(-square) * over_odd_products(m, 2 * square) / m.sqrt(m.pi)


def erf_far(m: Maths[R], z: R) -> R:
    """erf z for z >= 1/2, by its complement."""
    x = m.sqrt(2 * z * z)
    return 1 - 2 * gaussian(m, x) * m.mills(x)


def erf_slope(m: Maths[R], z: R) -> R:
    return 2 * m.exp(-z * z) / m.sqrt(m.pi)


HALF = Fraction(1, 2)

ERF = Declaration(
    name="erf",
    g="erf(z)",
    dg="2*exp(-z**2)/sqrt(pi)",
    derivation=(
        "erf(z) is the area under 2*exp(-t**2)/sqrt(pi) from t = 0 to z\n"
        "so its slope is the height of that curve at z: g' = 2*exp(-z**2)/sqrt(pi)"
    ),
    pieces=(
        Piece(lambda m, z: -erf_far(m, -z), erf_slope, upto=-HALF),
        Piece(erf_near, erf_slope, upto=HALF),
        Piece(erf_far, erf_slope),
    ),
    range=Range(-1, 1),
    shortcut=NO_INVERSE,
    ends=((-1, 0), (1, 0)),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    source="Glaisher, On a class of definite integrals, 1871",
)


def laplace_pieces(p: Parameters) -> tuple[Piece, ...]:
    """The normal distribution function of (z - mu)/sigma, as a series within sigma/2 of mu."""

    def below(m: Maths[Any], z: Any) -> Any:
        x = (p.mu - z) / p.sigma
        return gaussian(m, x) * m.mills(x)

    def near(m: Maths[Any], z: Any) -> Any:
        x = (z - p.mu) / p.sigma
        return HALF + x * gaussian(m, x) * over_odd_products(m, x * x)

    def above(m: Maths[Any], z: Any) -> Any:
        x = (z - p.mu) / p.sigma
        return 1 - gaussian(m, x) * m.mills(x)

    def slope(m: Maths[Any], z: Any) -> Any:
        return gaussian(m, (z - p.mu) / p.sigma) / p.sigma

    reach = p.sigma / 2
    return (
        Piece(below, slope, upto=p.mu - reach),
        # The slope has its maximum at mu.
        Piece(near, slope, upto=p.mu),
        Piece(near, slope, upto=p.mu + reach),
        Piece(above, slope),
    )


NEAR_TIE = "0.3973899758084309943681952970552597600382093"
"""A sigma for which the slope at mu is half way between two bfloat16 to within forty digits."""

LAPLACE = Declaration(
    name="laplace",
    parameters=(
        Parameter("mu", "0.707107"),
        Parameter("sigma", "0.282095", domain=lambda x: x > 0, domain_text="greater than 0"),
    ),
    g="(1 + erf((z - mu)/(sigma*sqrt(2))))/2",
    dg="phi((z - mu)/sigma)/sigma",
    derivation=(
        "g = Phi(u) with u = (z - mu)/sigma and u' = 1/sigma\n"
        "Phi' = phi: the slope of the normal distribution function is its density\n"
        "chain rule: g' = phi(u)*u' = phi((z - mu)/sigma)/sigma"
    ),
    pieces=laplace_pieces,
    range=Range(0, 1),
    shortcut=NO_INVERSE,
    ends=((0, 0), (1, 0)),
    parity=lambda p: Parity.COMPLEMENT if p.mu == 0 else None,
    monotone=Monotone.INCREASING,
    examples=({"mu": "0", "sigma": "1"}, {"mu": "-1/3", "sigma": "2"}, {"mu": "0", "sigma": NEAR_TIE}),
    source="Ma et al., Mega: moving average equipped gated attention, 2022",
)


def bell(m: Maths[R], z: R, a: Fraction) -> R:
    return m.exp(-z * z / (2 * a * a))


GAUSSIAN = Declaration(
    name="gaussian",
    parameters=(Parameter("a", "1", domain=lambda x: x != 0, domain_text="other than 0"),),
    g="exp(-z**2/(2*a**2))",
    dg="-z/a**2*exp(-z**2/(2*a**2))",
    derivation=(
        "g = exp(u) with u = -z**2/(2*a**2)\n"
        "power rule: u' = -z/a**2\n"
        "chain rule: g' = exp(u)*u' = -z/a**2*exp(-z**2/(2*a**2))"
    ),
    pieces=lambda p: (
        Piece(lambda m, z: bell(m, z, p.a), lambda m, z: -z * bell(m, z, p.a) / (p.a * p.a), upto=0),
        Piece(lambda m, z: bell(m, z, p.a), lambda m, z: -z * bell(m, z, p.a) / (p.a * p.a)),
    ),
    range=Range(0, 1, "(]"),
    shortcut="g is even, so the value shows neither the sign of z nor that of the slope",
    ends=((0, 0), (0, 0)),
    parity=Parity.EVEN,
    monotone="rises to 1 at z = 0, then falls",
    examples=({"a": "0.2"}, {"a": "3"}),
    source="Ramasinghe and Lucey, Beyond periodicity: a unifying framework for activations, 2022",
)
