"""z times a gate that opens as z grows: GELU, SiLU and Swish, Mish; and z tanh z."""

from fractions import Fraction
from functools import lru_cache, partial
from math import factorial

from actcalc.activations.declaration import (
    INF,
    Declaration,
    Monotone,
    Number,
    Parameter,
    Parameters,
    Parity,
    Piece,
    Range,
    Shortcut,
)
from actcalc.arithmetic.exact import Formula
from actcalc.arithmetic.maths import Maths, R
from actcalc.catalogue.forms import (
    TERMS,
    constant_slope,
    gaussian,
    least,
    line,
    number,
    sigmoid_above,
    sigmoid_below,
    sigmoid_gate,
    sigmoid_slope,
    tanh_above,
    tanh_below,
    tanh_slope,
)

TWO_SLOPES = "near the minimum two different z give the same a, with different slopes"

SMOOTH_ENDS = ((Fraction(0), 0), (INF, 1))

smooth_gate = partial(Declaration, shortcut=TWO_SLOPES, ends=SMOOTH_ENDS)
"""Declares a gate that tends to 0 at -inf, falls to its only minimum, and tends to z at inf."""


# Below 0, Phi(z) is phi(z) times Mills' ratio of -z: no cancellation in the tail.
_GELU_PIECES = (
    Piece(
        lambda m, z: z * gaussian(m, z) * m.mills(-z),
        lambda m, z: gaussian(m, z) * (z + m.mills(-z)),
        upto=0,
    ),
    Piece(
        lambda m, z: z * (1 - gaussian(m, z) * m.mills(z)),
        lambda m, z: 1 + gaussian(m, z) * (z - m.mills(z)),
    ),
)

GELU = smooth_gate(
    name="gelu",
    aliases=("gelu_erf", "gelu_python"),
    g="z*Phi(z)",
    dg="Phi(z) + z*phi(z)",
    derivation=(
        "Phi' = phi: the slope of the normal distribution function is its density\n"
        "product rule: g' = Phi(z) + z*Phi'(z) = Phi(z) + z*phi(z)"
    ),
    pieces=_GELU_PIECES,
    range=lambda _: Range(least(_GELU_PIECES[0]), INF, "[)"),
    monotone="falls to its minimum at z = -0.7518, then rises",
    variant="the exact form, with erf; gelu_tanh is the approximation",
    no_parameters={"approximate": "gelu_tanh is the tanh approximation, gelu the exact form"},
    source="Hendrycks and Gimpel, Gaussian error linear units, 2016",
)

GELU_TANH_CUBE = Fraction("0.044715")


def gelu_tanh_x(m: Maths[R], z: R) -> R:
    """Twice the argument of the tanh: (1 + tanh(x/2))/2 is sigmoid(x)."""
    return m.sqrt(8 / m.pi) * (z + GELU_TANH_CUBE * z**3)


def gelu_tanh_dx(m: Maths[R], z: R) -> R:
    return m.sqrt(8 / m.pi) * (1 + 3 * GELU_TANH_CUBE * z * z)


_GELU_TANH_PIECES = sigmoid_gate(gelu_tanh_x, gelu_tanh_dx)

GELU_TANH = smooth_gate(
    name="gelu_tanh",
    aliases=(
        "gelu_new",
        "gelu_pytorch_tanh",
        "gelu_approximate",
        "gelu_accurate",
        "gelu_python_tanh",
        "gelu_approx",
    ),
    g="z/2*(1 + t)",
    dg="(1 + t)/2 + z/2*(1 - t**2)*sqrt(2/pi)*(1 + 3*0.044715*z**2)",
    derivation=(
        "g = z/2*(1 + t) with t = tanh(u) and u = sqrt(2/pi)*(z + 0.044715*z**3)\n"
        "u' = sqrt(2/pi)*(1 + 3*0.044715*z**2)\n"
        "chain rule: t' = (1 - t**2)*u'\n"
        "product rule: g' = (1 + t)/2 + z/2*t'"
    ),
    where={"t": "tanh(sqrt(2/pi)*(z + 0.044715*z**3))"},
    pieces=_GELU_TANH_PIECES,
    range=lambda _: Range(least(_GELU_TANH_PIECES[0]), INF, "[)"),
    monotone="falls to its minimum at z = -0.7525, then rises",
    variant="the tanh approximation; gelu is the exact form",
    source="Hendrycks and Gimpel, Gaussian error linear units, 2016",
)


def scaled_gate(beta: Number) -> tuple[Piece, ...]:
    """z * sigmoid(beta z)."""
    if beta == 0:
        return (line(Fraction(1, 2)),)
    return sigmoid_gate(lambda m, z: beta * z, lambda m, z: beta, rising=beta > 0)


_SILU_PIECES = scaled_gate(1)


def swish_minimum(beta: Number) -> Fraction:
    """The minimum of z sigmoid(beta z), which is silu(beta z)/beta; for beta < 0 its maximum."""
    return least(_SILU_PIECES[0]) / beta


def swish_range(beta: Number) -> Range:
    if beta == 0:
        return Range(-INF, INF)
    turn = swish_minimum(beta)
    return Range(turn, INF, "[)") if beta > 0 else Range(-INF, turn, "(]")


QUICK_GELU = smooth_gate(
    name="quick_gelu",
    aliases=("gelu_quick", "gelu_fast_approx"),
    g="z*s",
    dg="s*(1 + 1.702*z*(1 - s))",
    derivation=(
        "g = z*s, where s is sigmoid of 1.702*z\n"
        "chain rule: s' = 1.702*s*(1 - s)\n"
        "product rule: g' = s + z*s' = s*(1 + 1.702*z*(1 - s))"
    ),
    where={"s": "1/(1 + exp(-1.702*z))"},
    pieces=scaled_gate(Fraction("1.702")),
    range=lambda _: swish_range(Fraction("1.702")),
    monotone="falls to its minimum at z = -0.7512, then rises",
    source="Hendrycks and Gimpel, Gaussian error linear units, 2016",
)


SILU = smooth_gate(
    name="silu",
    g="z*s",
    dg="s*(1 + z*(1 - s))",
    derivation=(
        "g = z*s, where s is sigmoid of z\ns' = s*(1 - s)\nproduct rule: g' = s + z*s' = s*(1 + z*(1 - s))"
    ),
    where={"s": "1/(1 + exp(-z))"},
    pieces=_SILU_PIECES,
    range=lambda _: swish_range(1),
    monotone="falls to its minimum at z = -1.2785, then rises",
    source="Elfwing, Uchibe and Doya, Sigmoid-weighted linear units, 2017",
)


def swish_shortcut(beta: Number) -> Shortcut | str:
    if beta == 0:
        return Shortcut("1/2", ((constant_slope(Fraction(1, 2)), None),))
    return TWO_SLOPES if beta > 0 else TWO_SLOPES.replace("minimum", "maximum")


SWISH = Declaration(
    name="swish",
    parameters=(Parameter("beta", "1"),),
    g="z*s",
    dg="s*(1 + beta*z*(1 - s))",
    derivation=(
        "g = z*s, where s is sigmoid of beta*z\n"
        "chain rule: s' = beta*s*(1 - s)\n"
        "product rule: g' = s + z*s' = s*(1 + beta*z*(1 - s))"
    ),
    where={"s": "1/(1 + exp(-beta*z))"},
    pieces=lambda p: scaled_gate(p.beta),
    range=lambda p: swish_range(p.beta),
    shortcut=lambda p: swish_shortcut(p.beta),
    # With beta = 0 it is a straight line, whose ends are derived.
    ends=lambda p: None if p.beta == 0 else SMOOTH_ENDS if p.beta > 0 else ((-INF, 1), (0, 0)),
    parity=lambda p: Parity.ODD if p.beta == 0 else None,
    monotone=lambda p: (
        Monotone.INCREASING
        if p.beta == 0
        else "falls to its minimum, then rises"
        if p.beta > 0
        else "rises to its maximum, then falls"
    ),
    examples=({"beta": "1.702"}, {"beta": "1/3"}, {"beta": "-1"}, {"beta": "0"}),
    source="Ramachandran, Zoph and Le, Searching for activation functions, 2017",
)


# tanh(softplus(z)) = ((1 + e^z)^2 - 1)/((1 + e^z)^2 + 1), in e = e^z below 0 and w = e^-z above.


def mish_below(m: Maths[R], z: R) -> R:
    e = m.exp(z)
    n = e * (2 + e)
    return z * n / (2 + n)


def mish_slope_below(m: Maths[R], z: R) -> R:
    e = m.exp(z)
    n = e * (2 + e)
    return e * ((2 + e) * (2 + n) + 4 * z * (1 + e)) / (2 + n) ** 2


def mish_above(m: Maths[R], z: R) -> R:
    w = m.exp(-z)
    n = 1 + 2 * w
    return z * n / (n + 2 * w * w)


def mish_slope_above(m: Maths[R], z: R) -> R:
    w = m.exp(-z)
    n = 1 + 2 * w
    d = n + 2 * w * w
    return 1 + 2 * w * w * (2 * z * (1 + w) - d) / d**2


_MISH_PIECES = (
    Piece(mish_below, mish_slope_below, upto=0),
    Piece(mish_above, mish_slope_above),
)

MISH = smooth_gate(
    name="mish",
    g="z*t",
    dg="t + z*(1 - t**2)/(1 + exp(-z))",
    derivation=(
        "g = z*t with t = tanh(u) and u = log(1 + exp(z))\n"
        "u' = exp(z)/(1 + exp(z)) = 1/(1 + exp(-z))\n"
        "chain rule: t' = (1 - t**2)*u'\n"
        "product rule: g' = t + z*t' = t + z*(1 - t**2)/(1 + exp(-z))"
    ),
    where={"t": "tanh(log(1 + exp(z)))"},
    pieces=_MISH_PIECES,
    range=lambda _: Range(least(_MISH_PIECES[0]), INF, "[)"),
    monotone="falls to its minimum at z = -1.1924, then rises",
    source="Misra, Mish: a self regularized non-monotonic activation function, 2019",
)


HARD_SWISH = Declaration(
    name="hard_swish",
    aliases=("hard_silu", "hswish"),
    g="z*min(max(0, z + 3), 6)/6",
    dg="0 if z <= -3 else 1 if z > 3 else (2*z + 3)/6",
    derivation=(
        "below -3: g = 0, so g' = 0\n"
        "between -3 and 3: g = (z**2 + 3*z)/6, so g' = (2*z + 3)/6\n"
        "above 3: g = z, so g' = 1"
    ),
    pieces=(
        line(0, upto=-3),
        Piece(lambda m, z: z * (z + 3) / 6, lambda m, z: (2 * z + 3) / Fraction(6), upto=3),
        line(1),
    ),
    range=Range(Fraction(-3, 8), INF, "[)"),
    shortcut=TWO_SLOPES,
    monotone="0 up to z = -3, falls to -3/8 at z = -3/2, then rises",
    source="Howard et al., Searching for MobileNetV3, 2019",
)

HARD_MISH = Declaration(
    name="hard_mish",
    g="z/2*min(max(0, z + 2), 2)",
    dg="0 if z <= -2 else 1 if z > 0 else z + 1",
    derivation=(
        "below -2: g = 0, so g' = 0\n"
        "between -2 and 0: g = (z**2 + 2*z)/2, so g' = z + 1\n"
        "above 0: g = z, so g' = 1"
    ),
    pieces=(
        line(0, upto=-2),
        Piece(lambda m, z: z * (z + 2) / 2, lambda m, z: z + 1, upto=0),
        line(1),
    ),
    range=Range(Fraction(-1, 2), INF, "[)"),
    shortcut=TWO_SLOPES,
    monotone="0 up to z = -2, falls to -1/2 at z = -1, then rises",
    source="timm hard_mish",
)


def tanh_plus(tanh: Formula) -> Formula:
    """tanh z + z/cosh(z)^2 from tanh."""
    return lambda m, z: tanh(m, z) + z * tanh_slope(m, z)


LISHT = Declaration(
    name="lisht",
    g="z*tanh(z)",
    dg="tanh(z) + z/cosh(z)**2",
    derivation=("tanh' = 1 - tanh**2\nproduct rule: g' = tanh(z) + z*(1 - tanh(z)**2)"),
    pieces=(
        Piece(lambda m, z: z * tanh_below(m, z), tanh_plus(tanh_below), upto=0),
        Piece(lambda m, z: z * tanh_above(m, z), tanh_plus(tanh_above)),
    ),
    range=Range(0, INF, "[)"),
    shortcut="g is even, so a shows neither the sign of z nor that of the slope",
    ends=((INF, -1), (INF, 1)),
    parity=Parity.EVEN,
    monotone="falls to 0 at z = 0, then rises",
    source="Roy et al., LiSHT: non-parametric linearly scaled hyperbolic tangent activation, 2019",
)


def clipped_swish_top(p: Parameters) -> Formula:
    """The level above ``limit``: limit * sigmoid(alpha limit)."""
    return lambda m, z: p.limit / (1 + m.exp(-p.alpha * p.limit))


def clipped_swish_pieces(p: Parameters) -> tuple[Piece, ...]:
    shut, opened = sigmoid_gate(lambda m, z: p.alpha * z, lambda m, z: p.alpha)
    return shut, Piece(opened.g, opened.dg, upto=p.limit), Piece(clipped_swish_top(p), lambda m, z: 0)


CLIPPED_SWISH = Declaration(
    name="clipped_swish",
    parameters=(
        Parameter("limit", "7", domain=lambda x: x > 0, domain_text="greater than 0"),
        Parameter("alpha", "1.702", domain=lambda x: x > 0, domain_text="greater than 0"),
    ),
    g="min(z, limit)/(1 + exp(-alpha*min(z, limit)))",
    dg="0 if z > limit else s*(1 + alpha*z*(1 - s))",
    derivation=(
        "below limit g = z*s, where s is sigmoid of alpha*z\n"
        "chain rule: s' = alpha*s*(1 - s)\n"
        "product rule: g' = s + z*s'\n"
        "above limit g is constant, so g' = 0"
    ),
    where={"s": "1/(1 + exp(-alpha*z))"},
    pieces=clipped_swish_pieces,
    range=lambda p: Range(swish_minimum(p.alpha), number(clipped_swish_top(p)), "[]"),
    shortcut=TWO_SLOPES,
    ends=lambda p: ((0, 0), (number(clipped_swish_top(p)), 0)),
    monotone="falls to its minimum, rises up to z = limit, then is constant",
    examples=({"limit": "10", "alpha": "1"}, {"limit": "1/4", "alpha": "3"}),
    source="OpenAI, gpt-oss-120b and gpt-oss-20b model card, 2025",
)


def situ_pieces(beta: Fraction) -> tuple[Piece, Piece]:
    """beta tanh(z/beta) sigmoid(z), by the sign of z."""

    def below(m: Maths[R], z: R) -> R:
        return beta * tanh_below(m, z / beta) * sigmoid_below(m, z)

    def slope_below(m: Maths[R], z: R) -> R:
        rest = sigmoid_above(m, -z)
        steep = tanh_slope(m, z / beta)
        return sigmoid_below(m, z) * (steep + beta * tanh_below(m, z / beta) * rest)

    def above(m: Maths[R], z: R) -> R:
        return beta * tanh_above(m, z / beta) * sigmoid_above(m, z)

    def slope_above(m: Maths[R], z: R) -> R:
        steep = tanh_slope(m, z / beta) * sigmoid_above(m, z)
        return steep + beta * tanh_above(m, z / beta) * sigmoid_slope(m, z)

    return Piece(below, slope_below, upto=0), Piece(above, slope_above)


SITU = Declaration(
    name="situ",
    parameters=(Parameter("beta", "4", domain=lambda x: x > 0, domain_text="greater than 0"),),
    g="beta*t*s",
    dg="s/cosh(z/beta)**2 + beta*t*exp(-z)*s**2",
    derivation=(
        "g = beta*t*s with t = tanh(z/beta), and s is sigmoid of z\n"
        "chain rule: t' = (1 - t**2)/beta = 1/(beta*cosh(z/beta)**2)\n"
        "s' = s*(1 - s) = exp(-z)*s**2\n"
        "product rule: g' = beta*(t'*s + t*s')"
    ),
    where={"t": "tanh(z/beta)", "s": "1/(1 + exp(-z))"},
    pieces=lambda p: situ_pieces(p.beta),
    range=lambda p: Range(least(situ_pieces(p.beta)[0]), p.beta, "[)"),
    shortcut=TWO_SLOPES,
    ends=lambda p: ((0, 0), (p.beta, 0)),
    monotone="falls to its minimum, then rises",
    examples=({"beta": "1"}, {"beta": "25"}, {"beta": "1/3"}),
    variant="the gate alone; Kimi K3 multiplies it by a capped second half",
    source="Moonshot AI, Kimi K3, 2026",
)


# With u = e^z the slope is tanh u + z u/cosh(u)^2 = u (sinh(2u)/(2u) + z)/cosh(u)^2.


def telu(m: Maths[R], z: R) -> R:
    d = m.expm1(-2 * m.exp(z))
    return -z * d / (2 + d)


@lru_cache(TERMS)
def _sinh_coefficient(k: int) -> Fraction:
    return Fraction(1, factorial(2 * k + 1))


def _small_u(m: Maths[R], z: R) -> tuple[R, R]:
    """sinh(2u)/(2u) and u/cosh(u)^2 for u = exp(z), z <= -1, where the series converges fast."""
    u = m.exp(z)
    e = m.exp(-2 * u)
    return m.series(_sinh_coefficient, 4 * u * u), 4 * u * e / (1 + e) ** 2


def telu_below(m: Maths[R], z: R) -> R:
    """z tanh(u) for z <= -1, by tanh(u) = sinh(2u)/(2 cosh(u)^2)."""
    stretch, slope = _small_u(m, z)
    return z * stretch * slope


def telu_slope_below(m: Maths[R], z: R) -> R:
    stretch, slope = _small_u(m, z)
    return (stretch + z) * slope


def telu_slope_between(m: Maths[R], z: R) -> R:
    u = m.exp(z)
    d = m.expm1(-2 * u)
    return (-d * (2 + d) + 4 * z * m.exp(z - 2 * u)) / (2 + d) ** 2


def telu_slope_above(m: Maths[R], z: R) -> R:
    u = m.exp(z)
    e = m.exp(-2 * u)
    return 1 + (4 * z * m.exp(z - 2 * u) - 2 * e * (1 + e)) / (1 + e) ** 2


_TELU_PIECES = (
    Piece(telu_below, telu_slope_below, upto=-1),
    Piece(telu, telu_slope_between, upto=1),
    Piece(telu, telu_slope_above),
)

TELU = smooth_gate(
    name="telu",
    aliases=("tanhexp",),
    g="z*t",
    dg="t + z*exp(z)*(1 - t**2)",
    derivation=(
        "g = z*t with t = tanh(u) and u = exp(z)\n"
        "u' = exp(z)\n"
        "chain rule: t' = (1 - t**2)*exp(z)\n"
        "product rule: g' = t + z*t' = t + z*(1 - t**2)*exp(z)"
    ),
    where={"t": "tanh(exp(z))"},
    pieces=_TELU_PIECES,
    range=lambda _: Range(least(_TELU_PIECES[0]), INF, "[)"),
    monotone="falls to its minimum at z = -1.0789, then rises",
    source=(
        "Liu and Di, TanhExp: a smooth activation function with high convergence speed, 2020; Fernandez and "
        "Mali, TeLU activation function for fast and stable deep learning, 2024"
    ),
)
