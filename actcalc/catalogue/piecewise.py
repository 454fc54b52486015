"""Functions composed of straight lines and parabolas: hard_*, *shrink, sparse_*, thresholds."""

from fractions import Fraction

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
from actcalc.catalogue.forms import constant_slope, line

ZERO = Fraction(0)
LAMBD = (Parameter("lambd", "0.5", ("threshold",), lambda x: x >= 0, "at least 0"),)


def clamp_shortcut(inner: str, low: Number, high: Number, slope: Number) -> Shortcut:
    """The shortcut of a line that is clamped to ``low`` and ``high``."""
    return Shortcut(inner, ((constant_slope(slope), None),), flat=(low, high))


def hard_sigmoid_pieces(p: Parameters) -> tuple[Piece, ...]:
    if p.slope == 0:
        return (line(0, min(max(Fraction(0), p.offset), Fraction(1))),)
    zero, one = -p.offset / p.slope, (1 - p.offset) / p.slope
    if p.slope > 0:
        return line(0, upto=zero), line(p.slope, p.offset, upto=one), line(0, 1)
    return line(0, 1, upto=one), line(p.slope, p.offset, upto=zero), line(0)


def hard_sigmoid_range(p: Parameters) -> Range:
    if p.slope == 0:
        level = min(max(Fraction(0), p.offset), Fraction(1))
        return Range(level, level, "[]")
    return Range(0, 1, "[]")


HARD_SIGMOID = Declaration(
    name="hard_sigmoid",
    aliases=("hsigmoid",),
    parameters=(Parameter("slope", "1/6", ("alpha",)), Parameter("offset", "1/2", ("beta",))),
    g="min(max(0, slope*z + offset), 1)",
    dg="slope if 0 < slope*z + offset < 1 else 0",
    derivation=(
        "between 0 and 1 g is a straight line: g' = slope\n"
        "where it is cut off at 0 or 1, g is constant: g' = 0"
    ),
    pieces=hard_sigmoid_pieces,
    range=hard_sigmoid_range,
    shortcut=lambda p: clamp_shortcut("slope if 0 < a < 1 else 0", 0, 1, p.slope),
    parity=lambda p: (
        Parity.EVEN if p.slope == 0 else Parity.COMPLEMENT if p.offset == Fraction(1, 2) else None
    ),
    monotone=lambda p: (
        Monotone.NONDECREASING
        if p.slope > 0
        else Monotone.NONINCREASING
        if p.slope < 0
        else Monotone.CONSTANT
    ),
    examples=({"slope": "0.2"}, {"slope": "-1/3", "offset": "0.1"}, {"slope": "0"}),
    source="Courbariaux, Bengio and David, BinaryConnect, 2015",
)

HARD_TANH = Declaration(
    name="hard_tanh",
    aliases=("satlins",),
    parameters=(Parameter("min", "-1", ("min_val",)), Parameter("max", "1", ("max_val",))),
    constraint=lambda p: p.min < p.max,
    constraint_text="min < max",
    g="min if z < min else max if z > max else z",
    dg="1 if min < z < max else 0",
    derivation=("between min and max: g = z, so g' = 1\nelsewhere g is constant, so g' = 0"),
    pieces=lambda p: (line(0, p.min, upto=p.min), line(1, upto=p.max), line(0, p.max)),
    range=lambda p: Range(p.min, p.max, "[]"),
    shortcut=lambda p: clamp_shortcut("1 if min < a < max else 0", p.min, p.max, 1),
    parity=lambda p: Parity.ODD if p.min == -p.max else None,
    monotone=Monotone.NONDECREASING,
    examples=({"min": "0", "max": "1/3"}, {"min": "-0.1", "max": "6"}),
    source="Collobert, Large scale machine learning, 2004",
)

WHOLE = "with lambd = 0: g = z, so g' = 1 everywhere"


def shrunk_texts(g: str, lambd: Number) -> tuple[str, str]:
    return g, "1 if abs(z) > lambd else 0" if lambd else "1"


def shrunk_shortcut(lambd: Number) -> Shortcut:
    if lambd == 0:
        return Shortcut("1", ((constant_slope(1), None),))
    return Shortcut("1 if a != 0 else 0", ((constant_slope(1), None),), flat=(0,))


SOFTSHRINK_G = "z - lambd if z > lambd else z + lambd if z < -lambd else 0"

SOFTSHRINK = Declaration(
    name="softshrink",
    aliases=("soft_shrink",),
    parameters=LAMBD,
    g=SOFTSHRINK_G,
    dg="1 if abs(z) > lambd else 0",
    rewritten=lambda p: shrunk_texts(SOFTSHRINK_G, p.lambd),
    derivation=lambda p: (
        "beyond -lambd and lambd: z moved towards 0 by lambd, so g' = 1\nbetween them: g = 0, so g' = 0"
        if p.lambd
        else WHOLE
    ),
    pieces=lambda p: (line(1, p.lambd, upto=-p.lambd), line(0, upto=p.lambd), line(1, -p.lambd)),
    range=Range(-INF, INF),
    shortcut=lambda p: shrunk_shortcut(p.lambd),
    parity=Parity.ODD,
    monotone=lambda p: Monotone.NONDECREASING if p.lambd else Monotone.INCREASING,
    examples=({"lambd": "0.1"}, {"lambd": "2"}, {"lambd": "0"}),
    source="Donoho, De-noising by soft-thresholding, 1995",
)


def range_but(edge: Fraction) -> Range:
    """The range that leaves out the numbers within ``edge`` of 0, except 0 itself."""
    if edge <= 0:
        return Range(-INF, INF)
    return Range(-INF, INF, gaps=((-edge, ZERO), (ZERO, edge)), gap_brackets=("[)", "(]"))


HARDSHRINK_G = "z if abs(z) > lambd else 0"

HARDSHRINK = SOFTSHRINK._replace(
    name="hardshrink",
    aliases=("hard_shrink", "hshrink"),
    g=HARDSHRINK_G,
    rewritten=lambda p: shrunk_texts(HARDSHRINK_G, p.lambd),
    derivation=lambda p: (
        "for abs(z) up to lambd: g = 0, so g' = 0\nbeyond: g = z, so g' = 1" if p.lambd else WHOLE
    ),
    pieces=lambda p: (line(1, upto=-p.lambd, excluding=True), line(0, upto=p.lambd), line(1)),
    range=lambda p: range_but(p.lambd),
    source="Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, 1994",
)


def shrink_shortcut(p: Parameters) -> Shortcut | str:
    if p.bias > p.lambd:
        return "with bias > lambd a = 0 has two different slopes"
    return shrunk_shortcut(p.lambd)


def shrink_monotone(p: Parameters) -> Monotone | str:
    if p.bias > p.lambd:
        return "rises, but falls where it jumps, at z = -lambd and at z = lambd"
    return Monotone.NONDECREASING if p.lambd else Monotone.INCREASING


SHRINK_G = "z + bias if z < -lambd else z - bias if z > lambd else 0"

SHRINK = Declaration(
    name="shrink",
    parameters=(*LAMBD, Parameter("bias", "0")),
    constraint=lambda p: p.lambd > 0 or p.bias == 0,
    constraint_text="lambd > 0 or bias = 0",
    g=SHRINK_G,
    dg="1 if abs(z) > lambd else 0",
    rewritten=lambda p: shrunk_texts(SHRINK_G, p.lambd),
    derivation=lambda p: (
        "beyond -lambd and lambd: z moved towards 0 by bias, so g' = 1\nbetween them: g = 0, so g' = 0"
        if p.lambd
        else WHOLE
    ),
    pieces=lambda p: (
        line(1, p.bias, upto=-p.lambd, excluding=True),
        line(0, upto=p.lambd),
        line(1, -p.bias),
    ),
    range=lambda p: range_but(p.lambd - p.bias),
    shortcut=shrink_shortcut,
    parity=Parity.ODD,
    monotone=shrink_monotone,
    examples=({"bias": "0.5"}, {"lambd": "1", "bias": "1/3"}, {"lambd": "0.1", "bias": "2"}),
    variant="the function of ONNX; with bias = lambd it is softshrink, with bias = 0 hardshrink",
    source="ONNX Shrink",
)


def threshold_range(threshold: Fraction, value: Fraction) -> Range:
    """The range of a function that is z above ``threshold`` and ``value`` elsewhere."""
    if value < threshold:
        return Range(value, INF, "[)", gaps=((value, threshold),), gap_brackets=("(]",))
    return Range(threshold, INF, "[)" if value == threshold else "()")


THRESHOLDED_RELU = Declaration(
    name="thresholded_relu",
    aliases=("trelu",),
    parameters=(Parameter("theta", "1", ("alpha",)),),
    g="z if z > theta else 0",
    dg="1 if z > theta else 0",
    derivation=("up to theta: g = 0, so g' = 0\nabove theta: g = z, so g' = 1"),
    pieces=lambda p: (line(0, upto=p.theta), line(1)),
    range=lambda p: threshold_range(p.theta, ZERO),
    shortcut=lambda p: (
        Shortcut("1 if a > 0 else 0", ((constant_slope(1), None),), flat=(0,))
        if p.theta >= 0
        else "with theta < 0 a = 0 has two different slopes"
    ),
    monotone=lambda p: (
        Monotone.NONDECREASING if p.theta >= 0 else "falls from 0 to theta at z = theta, then rises"
    ),
    examples=({"theta": "0.1"}, {"theta": "0"}, {"theta": "-1"}),
    source="Konda, Memisevic and Krueger, Zero-bias autoencoders, 2014",
)


THRESHOLD = Declaration(
    name="threshold",
    parameters=(Parameter("threshold", None), Parameter("value", None, ("default_value",))),
    g="z if z > threshold else value",
    dg="1 if z > threshold else 0",
    derivation=("up to threshold: g = value, a constant, so g' = 0\nabove threshold: g = z, so g' = 1"),
    pieces=lambda p: (line(0, p.value, upto=p.threshold), line(1)),
    range=lambda p: threshold_range(p.threshold, p.value),
    shortcut=lambda p: (
        Shortcut("1 if a > threshold else 0", ((constant_slope(1), None),), flat=(p.value,))
        if p.value <= p.threshold
        else "with value > threshold a = value has two different slopes"
    ),
    monotone=lambda p: (
        Monotone.NONDECREASING if p.value <= p.threshold else "falls at z = threshold, then rises"
    ),
    examples=(
        {"threshold": "0.1", "value": "-1"},
        {"threshold": "1/3", "value": "1/3"},
        {"threshold": "-1", "value": "20"},
    ),
    source="PyTorch Threshold",
)

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)

SPARSE_PLUS = Declaration(
    name="sparse_plus",
    g="0 if z <= -1 else z if z >= 1 else (z + 1)**2/4",
    dg="0 if z <= -1 else 1 if z >= 1 else (z + 1)/2",
    derivation=(
        "below -1: g = 0, so g' = 0\n"
        "between -1 and 1, power and chain rules: g = (z + 1)**2/4, so g' = (z + 1)/2\n"
        "there (z + 1)/2 = sqrt(a)\n"
        "above 1: g = z, so g' = 1"
    ),
    pieces=(
        line(0, upto=-1),
        Piece(lambda m, z: QUARTER * (z + 1) ** 2, lambda m, z: HALF * (z + 1), upto=1),
        line(1),
    ),
    range=Range(0, INF, "[)"),
    shortcut=Shortcut("sqrt(a) if a < 1 else 1", ((lambda m, a: m.sqrt(a), 1), (constant_slope(1), None))),
    monotone=Monotone.NONDECREASING,
    source="JAX sparse_plus",
)

SPARSE_SIGMOID = Declaration(
    name="sparse_sigmoid",
    g="min(max(0, (z + 1)/2), 1)",
    dg="1/2 if -1 < z < 1 else 0",
    derivation=(
        "between -1 and 1 a straight line: g = (z + 1)/2, so g' = 1/2\nelsewhere g is 0 or 1, so g' = 0"
    ),
    pieces=(line(0, upto=-1), line(HALF, HALF, upto=1), line(0, 1)),
    range=Range(0, 1, "[]"),
    shortcut=clamp_shortcut("1/2 if 0 < a < 1 else 0", 0, 1, HALF),
    parity=Parity.COMPLEMENT,
    monotone=Monotone.NONDECREASING,
    source="JAX sparse_sigmoid",
)

IDENTITY = Declaration(
    name="identity",
    aliases=("linear", "purelin"),
    g="z",
    dg="1",
    derivation=("a straight line: rise over run is 1 everywhere"),
    pieces=(line(1),),
    range=Range(-INF, INF),
    shortcut=Shortcut("1", ((constant_slope(1), None),)),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    source="Keras linear",
)

STEP = Declaration(
    name="step",
    aliases=("heaviside",),
    g="1 if z > 0 else 0",
    dg="0",
    derivation=("two horizontal lines: g' = 0 on both\nat the jump between them there is no slope"),
    pieces=(line(0, upto=0), line(0, 1)),
    range=Range(0, 1, "[]", gaps=((ZERO, Fraction(1)),), gap_brackets=("()",)),
    shortcut=Shortcut("0", ((constant_slope(0), None),)),
    monotone=Monotone.NONDECREASING,
    source="McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity, 1943",
)
