"""ReLU and the functions that bend it below zero: a line, an exponential."""

from fractions import Fraction
from functools import lru_cache, partial
from math import factorial
from typing import Any

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
from actcalc.arithmetic.maths import Maths
from actcalc.catalogue.forms import TERMS, constant_slope, leaky_pieces, line, number


def leaky_range(slope: Number) -> Range:
    return Range(-INF, INF) if slope > 0 else Range(0, INF, "[)")


def leaky_shortcut(slope: Number, name: str) -> Shortcut | str:
    if slope < 0:
        return f"with {name} < 0 two different z give the same a, with different slopes"
    flat = (0,) if slope == 0 else ()
    return Shortcut(f"1 if a > 0 else {name}", ((constant_slope(slope), 0), (constant_slope(1), None)), flat)


def leaky_monotone(slope: Number) -> Monotone | str:
    if slope > 0:
        return Monotone.INCREASING
    return Monotone.NONDECREASING if slope == 0 else "falls to 0 at z = 0, then rises"


def leaky_parity(slope: Number) -> Parity | None:
    return Parity.ODD if slope == 1 else Parity.EVEN if slope == -1 else None


def relu_pieces(p: Parameters) -> tuple[Piece, ...]:
    if p.max_value == p.negative_slope == 0:
        return (line(0),)
    low = line(p.negative_slope, -p.negative_slope * p.threshold, upto=p.threshold)
    return (low, line(1)) if p.max_value is None else (low, line(1, upto=p.max_value), line(0, p.max_value))


def relu_range(p: Parameters) -> Range:
    # If max_value equals threshold, g takes that value nevertheless.
    above = "()" if p.threshold == p.max_value else "(]"
    gaps = (((Fraction(0), p.threshold),), (above,)) if p.threshold else ()
    low, bracket = (-INF, "(") if p.negative_slope else (0, "[")
    return (
        Range(low, INF, bracket + ")", *gaps)
        if p.max_value is None
        else Range(low, p.max_value, bracket + "]", *gaps)
    )


def relu_shortcut(p: Parameters) -> Shortcut:
    flat = [] if p.negative_slope else [Fraction(0)]
    text = f"1 if a > 0 else {'negative_slope' if p.negative_slope else 0}"
    if p.max_value is not None:
        flat += [] if p.max_value in flat else [p.max_value]
        text = f"0 if a >= max_value else {text}"
    return Shortcut(text, ((constant_slope(p.negative_slope), 0), (constant_slope(1), None)), tuple(flat))


def relu_monotone(p: Parameters) -> Monotone:
    if p.max_value == 0 and p.negative_slope == 0:
        return Monotone.CONSTANT
    return Monotone.INCREASING if p.negative_slope and p.max_value is None else Monotone.NONDECREASING


def relu_texts(p: Parameters) -> tuple[str, str]:
    g, dg = "max(0, z)", "1 if z > 0 else 0"
    if p.negative_slope or p.threshold:
        g = "z if z > threshold else negative_slope*(z - threshold)"
        dg = "1 if z > threshold else negative_slope"
    if p.max_value is None:
        return g, dg
    return (
        "min(max(0, z), max_value)" if g == "max(0, z)" else f"max_value if z > max_value else {g}",
        f"0 if z > max_value else {dg}",
    )


def relu_derivation(p: Parameters) -> str:
    if p.max_value == p.negative_slope == 0:
        return "g = 0 everywhere, so g' = 0"
    if not p.negative_slope and not p.threshold and p.max_value is None:
        return "below 0: g = 0, so g' = 0\nabove 0: g = z, so g' = 1\na > 0 exactly where z > 0"
    place = "threshold" if p.threshold else "0"
    below = "0, so g' = 0"
    if p.negative_slope:
        below = f"negative_slope*{'(z - threshold)' if p.threshold else 'z'}, so g' = negative_slope"
    steps = [f"up to {place}: g = {below}"]
    if p.max_value is None:
        steps.append("above: g = z, so g' = 1")
    else:
        if p.threshold < p.max_value:
            steps.append("from there up to max_value: g = z, so g' = 1")
        steps.append("above: g = max_value, so g' = 0")
    return "\n".join(steps)


def relu_parity(p: Parameters) -> Parity | None:
    if p.max_value is None:
        return Parity.ODD if p.negative_slope == 1 and p.threshold == 0 else None
    return Parity.EVEN if p.max_value == p.negative_slope == 0 else None


RELU = Declaration(
    name="relu",
    aliases=("poslin",),
    parameters=(
        Parameter("negative_slope", "0", (), lambda x: x >= 0, "at least 0", quiet=True),
        Parameter("max_value", "none", (), lambda x: x >= 0, "at least 0", may_be_none=True, quiet=True),
        Parameter("threshold", "0", (), lambda x: x >= 0, "at least 0", quiet=True),
    ),
    constraint=lambda p: p.max_value is None or p.threshold <= p.max_value,
    constraint_text="threshold <= max_value",
    g="max(0, z)",
    dg="1 if z > 0 else 0",
    rewritten=relu_texts,
    derivation=relu_derivation,
    pieces=relu_pieces,
    range=relu_range,
    shortcut=relu_shortcut,
    parity=relu_parity,
    monotone=relu_monotone,
    examples=(
        {"max_value": "6"},
        {"negative_slope": "0.1", "max_value": "1/3"},
        {"negative_slope": "0.5", "max_value": "4", "threshold": "1/3"},
        {"threshold": "2"},
    ),
    source=(
        "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, 2010; parameters as "
        "in keras"
    ),
)

LEAKY_RELU = Declaration(
    name="leaky_relu",
    aliases=("lrelu",),
    parameters=(Parameter("slope", "0.01", ("negative_slope", "alpha")),),
    g="z if z > 0 else slope*z",
    dg="1 if z > 0 else slope",
    derivation=(
        "below 0: g = slope*z, so g' = slope\nabove 0: g = z, so g' = 1\nwith slope > 0 a has the sign of z"
    ),
    pieces=lambda p: leaky_pieces(p.slope),
    range=lambda p: leaky_range(p.slope),
    shortcut=lambda p: leaky_shortcut(p.slope, "slope"),
    parity=lambda p: leaky_parity(p.slope),
    monotone=lambda p: leaky_monotone(p.slope),
    examples=({"slope": "0.2"}, {"slope": "1/3"}, {"slope": "-0.5"}, {"slope": "0"}, {"slope": "1"}),
    source="Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",
)

PRELU = LEAKY_RELU._replace(
    name="prelu",
    aliases=(),
    parameters=(Parameter("slope", "0.25"),),
    derivation=(
        "below 0: g = slope*z, so g' = slope, which is learned\n"
        "above 0: g = z, so g' = 1\n"
        "with slope > 0 a has the sign of z"
    ),
    examples=({"slope": "0.1"}, {"slope": "2/3"}),
    source="He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015",
)


def rrelu_slope(p: Parameters) -> Fraction:
    return Fraction(p.lower + p.upper) / 2


RRELU = Declaration(
    name="rrelu",
    parameters=(Parameter("lower", "1/8"), Parameter("upper", "1/3")),
    constraint=lambda p: p.lower <= p.upper,
    constraint_text="lower <= upper",
    g="z if z > 0 else (lower + upper)/2*z",
    dg="1 if z > 0 else (lower + upper)/2",
    derivation=(
        "below 0: a straight line whose slope is the mean of the random slopes: g' = (lower + upper)/2\n"
        "above 0: g = z, so g' = 1\n"
        "if the mean is above 0, a has the sign of z"
    ),
    pieces=lambda p: leaky_pieces(rrelu_slope(p)),
    range=lambda p: leaky_range(rrelu_slope(p)),
    shortcut=lambda p: leaky_shortcut(rrelu_slope(p), "(lower + upper)/2"),
    parity=lambda p: leaky_parity(rrelu_slope(p)),
    monotone=lambda p: leaky_monotone(rrelu_slope(p)),
    examples=({"lower": "0.1", "upper": "0.3"}, {"lower": "0.5", "upper": "1.5"}),
    variant="the form used in evaluation, whose slope is the mean of lower and upper",
    source="Xu, Wang, Chen and Li, Empirical evaluation of rectified activations, 2015",
)

RELU6 = Declaration(
    name="relu6",
    g="min(max(0, z), 6)",
    dg="1 if 0 < z < 6 else 0",
    derivation=("below 0: g = 0, so g' = 0\nbetween 0 and 6: g = z, so g' = 1\nabove 6: g = 6, so g' = 0"),
    pieces=(line(0, upto=0), line(1, upto=6), line(0, 6)),
    range=Range(0, 6, "[]"),
    shortcut=Shortcut("1 if 0 < a < 6 else 0", ((constant_slope(1), None),), flat=(0, 6)),
    monotone=Monotone.NONDECREASING,
    source="Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",
)

RELU2 = Declaration(
    name="relu2",
    aliases=("squared_relu",),
    g="max(0, z)**2",
    dg="2*max(0, z)",
    derivation=(
        "below 0: g = 0, so g' = 0\n"
        "above 0, power rule: g = z**2, so g' = 2*z\n"
        "there z = sqrt(a), so g' = 2*sqrt(a)"
    ),
    pieces=(line(0, upto=0), Piece(lambda m, z: z * z, lambda m, z: 2 * z)),
    range=Range(0, INF, "[)"),
    shortcut=Shortcut("2*sqrt(a)", ((lambda m, a: 2 * m.sqrt(a), None),)),
    ends=((0, 0), (INF, INF)),
    monotone=Monotone.NONDECREASING,
    source="So et al., Primer: searching for efficient transformers for language modeling, 2021",
)

ELU = Declaration(
    name="elu",
    parameters=(Parameter("alpha", "1"),),
    g="z if z > 0 else alpha*(exp(z) - 1)",
    dg="1 if z > 0 else alpha*exp(z)",
    derivation=(
        "above 0: g = z, so g' = 1\n"
        "below 0: g = alpha*exp(z) - alpha, and exp is its own derivative: g' = alpha*exp(z)\n"
        "there alpha*exp(z) = a + alpha"
    ),
    pieces=lambda p: (
        Piece(lambda m, z: p.alpha * m.expm1(z), lambda m, z: p.alpha * m.exp(z), upto=0),
        line(1),
    ),
    range=lambda p: Range(-p.alpha, INF) if p.alpha > 0 else Range(0, INF, "[)"),
    shortcut=lambda p: elu_shortcut(p.alpha),
    ends=lambda p: ((-p.alpha, 0), (INF, 1)),
    monotone=lambda p: leaky_monotone(p.alpha),
    convex=lambda p: 0 <= p.alpha <= 1,
    examples=({"alpha": "2"}, {"alpha": "0.5"}, {"alpha": "257"}, {"alpha": "-1"}),
    source="Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by ELUs, 2015",
)


def elu_shortcut(alpha: Number) -> Shortcut | str:
    if alpha < 0:
        return "with alpha < 0 two different z give the same a, with different slopes"
    flat = (0,) if alpha == 0 else ()
    return Shortcut(
        "1 if a > 0 else a + alpha", ((lambda m, a: a + alpha, 0), (constant_slope(1), None)), flat
    )


CELU = Declaration(
    name="celu",
    parameters=(Parameter("alpha", "1", domain=lambda x: x != 0, domain_text="other than 0"),),
    g="z if z > 0 else alpha*(exp(z/alpha) - 1)",
    dg="1 if z > 0 else exp(z/alpha)",
    derivation=(
        "above 0: g = z, so g' = 1\n"
        "below 0: g = alpha*exp(z/alpha) - alpha\n"
        "chain rule: g' = alpha*exp(z/alpha)/alpha = exp(z/alpha)\n"
        "there exp(z/alpha) = a/alpha + 1"
    ),
    pieces=lambda p: (
        Piece(lambda m, z: p.alpha * m.expm1(z / p.alpha), lambda m, z: m.exp(z / p.alpha), upto=0),
        line(1),
    ),
    range=lambda p: Range(-p.alpha, INF) if p.alpha > 0 else Range(-INF, INF),
    shortcut=lambda p: Shortcut(
        "1 if a > 0 else a/alpha + 1", ((lambda m, a: a / p.alpha + 1, 0), (constant_slope(1), None))
    ),
    ends=lambda p: ((-p.alpha, 0) if p.alpha > 0 else (-INF, INF), (INF, 1)),
    monotone=Monotone.INCREASING,
    examples=({"alpha": "2"}, {"alpha": "1/3"}, {"alpha": "-1.5"}),
    source="Barron, Continuously differentiable exponential linear units, 2017",
)

# Klambauer et al. give these decimals, which define the function exactly.
SELU_SCALE = "1.0507009873554804934193349852946"
SELU_ALPHA = "1.6732632423543772848170429916717"
SELU_PRODUCT = Fraction(SELU_SCALE) * Fraction(SELU_ALPHA)

SELU = Declaration(
    name="selu",
    g="scale*(z if z > 0 else alpha*(exp(z) - 1))",
    dg="scale*(1 if z > 0 else alpha*exp(z))",
    derivation=(
        "above 0: g = scale*z, so g' = scale\n"
        "below 0: g = scale*alpha*(exp(z) - 1), so g' = scale*alpha*exp(z)\n"
        "there scale*alpha*exp(z) = a + scale*alpha"
    ),
    where={"scale": SELU_SCALE, "alpha": SELU_ALPHA},
    pieces=(
        Piece(lambda m, z: SELU_PRODUCT * m.expm1(z), lambda m, z: SELU_PRODUCT * m.exp(z), upto=0),
        line(Fraction(SELU_SCALE)),
    ),
    range=Range(-SELU_PRODUCT, INF),
    shortcut=Shortcut(
        f"{SELU_SCALE} if a > 0 else a + {SELU_SCALE}*{SELU_ALPHA}",
        ((lambda m, a: a + SELU_PRODUCT, 0), (constant_slope(Fraction(SELU_SCALE)), None)),
    ),
    ends=((-SELU_PRODUCT, 0), (INF, Fraction(SELU_SCALE))),
    monotone=Monotone.INCREASING,
    source="Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks, 2017",
)

STAR_RELU = Declaration(
    name="star_relu",
    parameters=(
        Parameter("s", "0.8944", ("scale",), lambda x: x != 0, "other than 0"),
        Parameter("b", "-0.4472", ("bias",)),
    ),
    g="s*max(0, z)**2 + b",
    dg="2*s*max(0, z)",
    derivation=(
        "below 0: g = b, so g' = 0\n"
        "above 0, power rule: g = s*z**2 + b, so g' = 2*s*z\n"
        "there z = sqrt((a - b)/s)"
    ),
    pieces=lambda p: (
        line(0, p.b, upto=0),
        Piece(lambda m, z: p.s * (z * z) + p.b, lambda m, z: 2 * p.s * z),
    ),
    range=lambda p: Range(p.b, INF, "[)") if p.s > 0 else Range(-INF, p.b, "(]"),
    shortcut=lambda p: Shortcut(
        "2*s*sqrt((a - b)/s)", ((lambda m, a: 2 * p.s * m.sqrt((a - p.b) / p.s), None),), flat=(p.b,)
    ),
    ends=lambda p: ((p.b, 0), (INF, INF) if p.s > 0 else (-INF, -INF)),
    monotone=lambda p: Monotone.NONDECREASING if p.s > 0 else Monotone.NONINCREASING,
    examples=({"s": "1", "b": "0"}, {"s": "-1/3", "b": "0.5"}),
    source="Yu et al., MetaFormer baselines for vision, 2022",
)


def xielu_below(p: Parameters, m: Maths[Any], z: Any) -> Any:
    """xielu for z <= eps."""
    return p.alpha_n * (m.expm1(z) - z) + p.beta * z


@lru_cache(TERMS)
def _even_coefficient(k: int) -> Fraction:
    return Fraction(1, factorial(2 * k + 2))


@lru_cache(TERMS)
def _odd_coefficient(k: int) -> Fraction:
    return Fraction(1, factorial(2 * k + 3))


def xielu_near(p: Parameters, m: Maths[Any], z: Any) -> Any:
    """xielu from -1 to eps: e^z - 1 - z is (cosh z - 1) + (sinh z - z), series of positive terms in z**2."""
    square = z * z
    even = m.series(_even_coefficient, square)
    odd = m.series(_odd_coefficient, square)
    return p.alpha_n * (square * (even + z * odd)) + p.beta * z


def xielu_middle(p: Parameters, m: Maths[Any], z: Any) -> Any:
    """xielu from eps to 0."""
    return p.alpha_n * m.expm1(p.eps) + (p.beta - p.alpha_n) * z


def xielu_pieces(p: Parameters) -> tuple[Piece, ...]:
    def slope(m: Maths[Any], z: Any) -> Any:
        return p.alpha_n * m.expm1(z) + p.beta

    return (
        Piece(partial(xielu_below, p), slope, upto=min(p.eps, Fraction(-1))),
        Piece(partial(xielu_near, p), slope, upto=p.eps),
        Piece(partial(xielu_middle, p), lambda m, z: p.beta - p.alpha_n, upto=0),
        Piece(lambda m, z: z * (p.alpha_p * z + p.beta), lambda m, z: 2 * p.alpha_p * z + p.beta),
    )


def xielu_range(p: Parameters) -> Range:
    """The range from the minimum, where e^z = 1 - beta/alpha_n, or from the value at 0 if that is less."""
    rest = p.beta - p.alpha_n
    at_zero = number(lambda m, z: xielu_middle(p, m, 0 * z), digits=130)
    if not xielu_rises_below(p):
        return Range(at_zero, INF, "[)")
    turn = number(lambda m, z: rest * m.log1p(-p.beta / p.alpha_n) - p.beta, digits=130)
    return Range(min(turn, at_zero), INF, "[)")


def xielu_rises_below(p: Parameters) -> bool:
    """Whether the minimum is reached before eps, so that g rises between them."""
    turn = number(lambda m, z: m.log1p(-p.beta / p.alpha_n), digits=60)
    return bool(turn < p.eps)


def xielu_monotone(p: Parameters) -> Monotone | str:
    if xielu_rises_below(p):
        return "falls to its minimum, rises, falls from z = eps to 0, where it jumps up, and rises"
    return "falls to z = 0, where it jumps up, and rises"


def xielu_variant(p: Parameters) -> str:
    from actcalc.numbers.digits import Digits  # needed by `show` and notes only
    from actcalc.numbers.floats import EXACT

    jump = Digits(3).round_exact(number(lambda m, z: -p.alpha_n * m.expm1(p.eps), digits=60))
    about = str(jump.normalize(EXACT)).lower()
    return (
        f"the function as it is computed, with a jump of alpha_n*(1 - exp(eps)), about {about}, at 0 and a "
        "kink at eps"
    )


XIELU = Declaration(
    name="xielu",
    parameters=(
        Parameter("alpha_p", "0.8", (), lambda x: x > 0, "greater than 0"),
        Parameter("alpha_n", "0.8", (), lambda x: x > 0, "greater than 0"),
        Parameter("beta", "0.5", (), lambda x: x > 0, "greater than 0"),
        Parameter("eps", "-1e-6", (), lambda x: x < 0, "less than 0"),
    ),
    constraint=lambda p: p.beta < p.alpha_n,
    constraint_text="beta < alpha_n",
    g="alpha_p*z**2 + beta*z if z > 0 else alpha_n*(exp(min(z, eps)) - 1 - z) + beta*z",
    dg="2*alpha_p*z + beta if z > 0 else beta - alpha_n if z > eps else alpha_n*(exp(z) - 1) + beta",
    derivation=(
        "above 0, power rule: g' = 2*alpha_p*z + beta\n"
        "up to eps: exp is its own derivative, so g' = alpha_n*(exp(z) - 1) + beta\n"
        "between eps and 0: exp(eps) is constant, so only the two terms in z count: g' = beta - alpha_n"
    ),
    pieces=xielu_pieces,
    range=xielu_range,
    shortcut="two different z give the same a, with different slopes",
    ends=lambda p: ((INF, p.beta - p.alpha_n), (INF, INF)),
    monotone=xielu_monotone,
    examples=(
        {"alpha_p": "1", "alpha_n": "2", "beta": "0.25"},
        {"eps": "-0.5"},
    ),
    variant=xielu_variant,
    source="Huang and Schlag, Deriving activation functions using integration, 2024",
)
