"""Smooth ramps and bowls made of logarithms, exponentials and square roots."""

from fractions import Fraction
from functools import lru_cache
from math import factorial

from actcalc.activations.declaration import (
    INF,
    Declaration,
    Monotone,
    Parameter,
    Parameters,
    Parity,
    Piece,
    Range,
    Shortcut,
)
from actcalc.arithmetic.maths import Maths, R
from actcalc.catalogue.forms import (
    TERMS,
    leaky_pieces,
    line,
    number,
    sigmoid_above,
    sigmoid_below,
    tanh_above,
    tanh_below,
)


def softplus_pieces(beta: Fraction) -> tuple[Piece, Piece]:
    """ln(1 + e^(beta z))/beta, by the sign of beta z."""

    def g_low(m: Maths[R], z: R) -> R:
        return m.log1p(m.exp(beta * z)) / beta

    def g_high(m: Maths[R], z: R) -> R:
        return z + m.log1p(m.exp(-beta * z)) / beta

    low = Piece(g_low, lambda m, z: sigmoid_below(m, beta * z))
    high = Piece(g_high, lambda m, z: sigmoid_above(m, beta * z))
    first, last = (low, high) if beta > 0 else (high, low)
    return Piece(first.g, first.dg, upto=0), last


def softplus_cut(p: Parameters) -> tuple[Piece, ...]:
    """softplus, but z where beta*z > threshold."""
    pieces = softplus_pieces(p.beta)
    if p.threshold is None:
        return pieces
    cut = p.threshold / p.beta
    kept = [piece for piece in pieces if piece.upto is None or (piece.upto < cut) == (p.beta > 0)]
    if p.beta < 0:
        first = line(1, upto=cut, excluding=True)
        return first, *(kept if cut < 0 else kept[-1:])
    if cut <= 0:
        kept = [pieces[0]]
    return *kept[:-1], Piece(kept[-1].g, kept[-1].dg, upto=cut), line(1)


def softplus_range(p: Parameters) -> Range:
    end = 0 if p.threshold is None else min(0, p.threshold) / p.beta
    return Range(end, INF) if p.beta > 0 else Range(-INF, end)


def softplus_texts(p: Parameters) -> tuple[str, str]:
    if p.threshold is None:
        return SOFTPLUS.g, SOFTPLUS.dg
    return f"z if beta*z > threshold else {SOFTPLUS.g}", f"1 if beta*z > threshold else {SOFTPLUS.dg}"


def softplus_shortcut(p: Parameters) -> Shortcut | str:
    if p.threshold is not None:
        return "with a threshold two different z give the same a, with different slopes"
    return Shortcut("1 - exp(-beta*a)", ((lambda m, a: -m.expm1(-p.beta * a), None),))


SOFTPLUS = Declaration(
    name="softplus",
    aliases=("log1pexp", "bnll"),
    parameters=(
        Parameter("beta", "1", domain=lambda x: x != 0, domain_text="other than 0"),
        Parameter("threshold", "none", may_be_none=True, quiet=True),
    ),
    g="log(1 + exp(beta*z))/beta",
    dg="1/(1 + exp(-beta*z))",
    rewritten=softplus_texts,
    derivation=lambda p: (
        "g = log(u)/beta with u = 1 + exp(beta*z) and u' = beta*exp(beta*z)\n"
        "chain rule: g' = u'/(beta*u) = exp(beta*z)/(1 + exp(beta*z)) = 1/(1 + exp(-beta*z))\n"
        + (
            "exp(beta*a) = u, so g' = 1 - 1/u = 1 - exp(-beta*a)"
            if p.threshold is None
            else "where beta*z > threshold: g = z, so g' = 1"
        )
    ),
    pieces=softplus_cut,
    range=softplus_range,
    shortcut=softplus_shortcut,
    ends=lambda p: ((0, 0), (INF, 1)) if p.beta > 0 else ((-INF, 1), (0, 0)),
    monotone=lambda p: (
        Monotone.INCREASING
        if p.threshold is None
        else "rises, but falls at the jump where beta*z = threshold"
    ),
    examples=(
        {"beta": "2"},
        {"beta": "1/3"},
        {"beta": "-1.5"},
        {"threshold": "20"},
        {"beta": "2", "threshold": "-3"},
        {"beta": "-1.5", "threshold": "3"},
        {"beta": "-1.5", "threshold": "-3"},
    ),
    source="Dugas, Bengio, Belisle, Nadeau and Garcia, 2000",
)

LOG_SIGMOID = Declaration(
    name="log_sigmoid",
    g="-log(1 + exp(-z))",
    dg="exp(-z)/(1 + exp(-z))",
    derivation=(
        "g = -log(u) with u = 1 + exp(-z) and u' = -exp(-z)\n"
        "chain rule: g' = -u'/u = exp(-z)/(1 + exp(-z))\n"
        "this is 1/(1 + exp(z)) = 1 - sigmoid(z)\n"
        "a = log(sigmoid(z)), so g' = 1 - exp(a)"
    ),
    pieces=(
        Piece(lambda m, z: z - m.log1p(m.exp(z)), lambda m, z: sigmoid_above(m, -z), upto=0),
        Piece(lambda m, z: -m.log1p(m.exp(-z)), lambda m, z: sigmoid_below(m, -z)),
    ),
    range=Range(-INF, 0),
    shortcut=Shortcut("1 - exp(a)", ((lambda m, a: -m.expm1(a), None),)),
    ends=((-INF, 1), (0, 0)),
    monotone=Monotone.INCREASING,
    source="PyTorch LogSigmoid",
)


def squareplus_pieces(b: Fraction) -> tuple[Piece, ...]:
    if b == 0:
        return leaky_pieces(0)

    def root(m: Maths[R], z: R) -> R:
        return m.sqrt(z * z + b)

    def dg(m: Maths[R], z: R) -> R:
        """g' for z <= 0, in a form whose higher derivatives do not cancel far out."""
        r = root(m, z)
        return b / (2 * r * (r - z))

    return (
        Piece(lambda m, z: b / (2 * (root(m, z) - z)), dg, upto=0),
        Piece(lambda m, z: (z + root(m, z)) / 2, lambda m, z: 1 - dg(m, -z)),
    )


SQUAREPLUS = Declaration(
    name="squareplus",
    parameters=(Parameter("b", "4", domain=lambda x: x >= 0, domain_text="at least 0"),),
    g="(z + sqrt(z**2 + b))/2",
    dg="(1 + z/sqrt(z**2 + b))/2",
    derivation=lambda p: (
        "g = (z + r)/2 with r = sqrt(z**2 + b)\n"
        "chain rule: r' = 2*z/(2*r) = z/r\n"
        "g' = (1 + z/r)/2 = (r + z)/(2*r) = a/r\n"
        "(r + z)*(r - z) = b, so r = a + b/(4*a) and g' = a**2/(a**2 + b/4)"
        if p.b
        else "with b = 0 sqrt(z**2) is abs(z)\nbelow 0: g = 0, so g' = 0\nabove 0: g = z, so g' = 1"
    ),
    pieces=lambda p: squareplus_pieces(p.b),
    range=lambda p: Range(0, INF) if p.b > 0 else Range(0, INF, "[)"),
    shortcut=lambda p: squareplus_shortcut(p.b),
    ends=((0, 0), (INF, 1)),
    monotone=lambda p: Monotone.INCREASING if p.b > 0 else Monotone.NONDECREASING,
    examples=({"b": "1"}, {"b": "0.3"}, {"b": "0"}),
    source="Barron, Squareplus: a softplus-like algebraic rectifier, 2021",
)


def squareplus_shortcut(b: Fraction) -> Shortcut:
    if b == 0:
        return Shortcut("1 if a > 0 else 0", ((lambda m, a: 1, None),), flat=(0,))
    return Shortcut("a**2/(a**2 + b/4)", ((lambda m, a: a * a / (a * a + b / 4), None),))


def logcosh_far(m: Maths[R], z: R) -> R:
    """ln cosh z for z >= 1."""
    return z - m.ln2 + m.log1p(m.exp(-2 * z))


def logcosh_near(m: Maths[R], z: R) -> R:
    """ln cosh z for z in [0, 1], by cosh z - 1 = (e^-z - 1)^2 e^z / 2."""
    return m.log1p(m.expm1(-z) ** 2 * m.exp(z) / 2)


LOGCOSH = Declaration(
    name="logcosh",
    aliases=("log_cosh",),
    g="log(cosh(z))",
    dg="tanh(z)",
    derivation=(
        "g = log(u) with u = cosh(z) and u' = sinh(z)\nchain rule: g' = u'/u = sinh(z)/cosh(z) = tanh(z)"
    ),
    pieces=(
        Piece(lambda m, z: logcosh_far(m, -z), tanh_below, upto=-1),
        Piece(lambda m, z: logcosh_near(m, -z), tanh_below, upto=0),
        Piece(logcosh_near, tanh_above, upto=1),
        Piece(logcosh_far, tanh_above),
    ),
    range=Range(0, INF, "[)"),
    shortcut="g is even, so a shows neither the sign of z nor that of the slope",
    ends=((INF, -1), (INF, 1)),
    parity=Parity.EVEN,
    monotone="falls to 0 at z = 0, then rises",
    source="NNlib.jl logcosh",
)


@lru_cache(TERMS)
def _tanhshrink_coefficient(k: int) -> Fraction:
    return Fraction(2 * k + 2, factorial(2 * k + 3))


def tanhshrink_near(m: Maths[R], z: R) -> R:
    """z - tanh z for |z| <= 1, as (z cosh z - sinh z)/cosh z with the series of the numerator."""
    numerator = z**3 * m.series(_tanhshrink_coefficient, z * z)
    return 2 * numerator / (m.exp(z) + m.exp(-z))


TANHSHRINK = Declaration(
    name="tanhshrink",
    aliases=("tanh_shrink",),
    g="z - tanh(z)",
    dg="tanh(z)**2",
    derivation=("tanh' = 1 - tanh**2\ng' = 1 - (1 - tanh(z)**2) = tanh(z)**2"),
    pieces=(
        Piece(lambda m, z: z - tanh_below(m, z), lambda m, z: tanh_below(m, z) ** 2, upto=-1),
        Piece(tanhshrink_near, lambda m, z: tanh_below(m, z) ** 2, upto=0),
        Piece(tanhshrink_near, lambda m, z: tanh_above(m, z) ** 2, upto=1),
        Piece(lambda m, z: z - tanh_above(m, z), lambda m, z: tanh_above(m, z) ** 2),
    ),
    range=Range(-INF, INF),
    shortcut="z = a + tanh z has no solution in closed form",
    ends=((-INF, 1), (INF, 1)),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    source="PyTorch Tanhshrink",
)


EXPONENTIAL = Declaration(
    name="exponential",
    aliases=("exp",),
    g="exp(z)",
    dg="exp(z)",
    derivation=("exp is its own derivative: g' = exp(z)\nexp(z) is g itself: g' = a"),
    pieces=(Piece(lambda m, z: m.exp(z), lambda m, z: m.exp(z)),),
    range=Range(0, INF),
    shortcut=Shortcut("a", ((lambda m, a: a, None),)),
    ends=((0, 0), (INF, INF)),
    monotone=Monotone.INCREASING,
    source="Keras exponential",
)


def shifted_softplus_far(m: Maths[R], z: R) -> R:
    """ln(1 + e^z) - ln 2 for z >= 1."""
    return z - m.ln2 + m.log1p(m.exp(-z))


def minus_ln2(m: Maths[R], z: R) -> R:
    return -m.ln2


SHIFTED_SOFTPLUS = Declaration(
    name="shifted_softplus",
    aliases=("ssp",),
    g="log((1 + exp(z))/2)",
    dg="1/(1 + exp(-z))",
    derivation=(
        "g is softplus minus a constant, so both have the same slope\n"
        "g' = 1/(1 + exp(-z)) = 1 - 1/(1 + exp(z))\n"
        "exp(a) = (1 + exp(z))/2, so g' = 1 - exp(-a)/2"
    ),
    pieces=(
        Piece(lambda m, z: m.log1p(m.expm1(z) / 2), sigmoid_below, upto=0),
        Piece(lambda m, z: m.log1p(m.expm1(z) / 2), sigmoid_above, upto=1),
        Piece(shifted_softplus_far, sigmoid_above),
    ),
    range=lambda _: Range(number(minus_ln2), INF),
    shortcut=Shortcut("1 - exp(-a)/2", ((lambda m, a: -m.expm1(-a - m.ln2), None),)),
    ends=lambda _: ((number(minus_ln2), 0), (INF, 1)),
    monotone=Monotone.INCREASING,
    source="Schuett et al., SchNet: a continuous-filter convolutional neural network, 2017",
)


@lru_cache(TERMS)
def _artanh_coefficient(k: int) -> Fraction:
    return Fraction(1, 4**k * (2 * k + 1))


def sqrtsoftplus_ratio(m: Maths[R], z: R) -> R:
    """sqrt(softplus(z))/e^(z/2) for z <= 0, by ln(1 + e) = 2 artanh(e/(2 + e)) with e = e^z."""
    e = m.exp(z)
    y = e / (2 + e)
    return m.sqrt(2 / (2 + e) * m.series(_artanh_coefficient, 4 * y * y))


def sqrtsoftplus_above(m: Maths[R], z: R) -> R:
    return m.sqrt(z + m.log1p(m.exp(-z)))


SQRTSOFTPLUS = Declaration(
    name="sqrtsoftplus",
    g="sqrt(log(1 + exp(z)))",
    dg="1/((1 + exp(-z))*2*sqrt(log(1 + exp(z))))",
    derivation=(
        "g = sqrt(u) with u = log(1 + exp(z))\n"
        "u' = 1/(1 + exp(-z))\n"
        "chain rule: g' = u'/(2*sqrt(u)) = u'/(2*a)\n"
        "exp(a**2) = 1 + exp(z), so u' = 1 - exp(-a**2) and g' = (1 - exp(-a**2))/(2*a)"
    ),
    pieces=(
        Piece(
            lambda m, z: m.exp(z / 2) * sqrtsoftplus_ratio(m, z),
            lambda m, z: m.exp(z / 2) / ((1 + m.exp(z)) * 2 * sqrtsoftplus_ratio(m, z)),
            upto=0,
        ),
        Piece(sqrtsoftplus_above, lambda m, z: sigmoid_above(m, z) / (2 * sqrtsoftplus_above(m, z))),
    ),
    range=Range(0, INF),
    shortcut=Shortcut(
        "(1 - exp(-a**2))/(2*a) if a > 0 else 0", ((lambda m, a: -m.expm1(-a * a) / (2 * a), None),)
    ),
    ends=((0, 0), (INF, 0)),
    monotone=Monotone.INCREASING,
    source="DeepSeek V4, scoring_func=sqrtsoftplus",
)
