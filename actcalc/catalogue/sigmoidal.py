"""Functions that level off smoothly on both sides: sigmoid, tanh, softsign."""

from actcalc.activations.declaration import Declaration, Monotone, Parity, Piece, Range, Shortcut
from actcalc.catalogue.forms import (
    sigmoid_above,
    sigmoid_below,
    sigmoid_slope,
    tanh_above,
    tanh_below,
    tanh_slope,
)

SIGMOID = Declaration(
    name="sigmoid",
    aliases=("logistic", "expit", "logsig"),
    g="1/(1 + exp(-z))",
    dg="exp(-z)/(1 + exp(-z))**2",
    derivation=(
        "g = 1/u with u = 1 + exp(-z)\n"
        "chain rule: u' = -exp(-z)\n"
        "g' = -u'/u**2 = exp(-z)/(1 + exp(-z))**2\n"
        "this is 1/u * exp(-z)/u, where exp(-z)/u = 1 - 1/u\n"
        "1/u = a, so g' = a*(1 - a)"
    ),
    pieces=(
        Piece(sigmoid_below, sigmoid_slope, upto=0),
        Piece(sigmoid_above, sigmoid_slope),
    ),
    range=Range(0, 1),
    shortcut=Shortcut("a*(1 - a)", ((lambda m, a: a * (1 - a), None),)),
    ends=((0, 0), (1, 0)),
    parity=Parity.COMPLEMENT,
    monotone=Monotone.INCREASING,
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986",
)

TANH = Declaration(
    name="tanh",
    aliases=("tansig",),
    g="tanh(z)",
    dg="1 - tanh(z)**2",
    derivation=(
        "g = sinh(z)/cosh(z), where sinh' = cosh and cosh' = sinh\n"
        "quotient rule: g' = (cosh(z)**2 - sinh(z)**2)/cosh(z)**2\n"
        "this is 1 - (sinh(z)/cosh(z))**2 = 1 - tanh(z)**2\n"
        "tanh(z) = a, so g' = 1 - a**2"
    ),
    pieces=(
        Piece(tanh_below, tanh_slope, upto=0),
        Piece(tanh_above, tanh_slope),
    ),
    range=Range(-1, 1),
    shortcut=Shortcut("1 - a**2", ((lambda m, a: 1 - a * a, None),)),
    ends=((-1, 0), (1, 0)),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    source="LeCun, Bottou, Orr and Mueller, Efficient BackProp, 1998",
)

SOFTSIGN = Declaration(
    name="softsign",
    aliases=("soft_sign", "elliotsig"),
    g="z/(1 + abs(z))",
    dg="1/(1 + abs(z))**2",
    derivation=(
        "for z > 0: g = z/(1 + z)\n"
        "quotient rule: g' = (1 + z - z)/(1 + z)**2 = 1/(1 + z)**2\n"
        "g is odd, so g' is even: g' = 1/(1 + abs(z))**2\n"
        "1/(1 + abs(z)) = 1 - abs(a), so g' = (1 - abs(a))**2"
    ),
    # The second derivative jumps at 0.
    pieces=(
        Piece(lambda m, z: z / (1 - z), lambda m, z: 1 / (1 - z) ** 2, upto=0),
        Piece(lambda m, z: z / (1 + z), lambda m, z: 1 / (1 + z) ** 2),
    ),
    range=Range(-1, 1),
    shortcut=Shortcut("(1 - abs(a))**2", ((lambda m, a: (1 - abs(a)) ** 2, None),)),
    ends=((-1, 0), (1, 0)),
    parity=Parity.ODD,
    monotone=Monotone.INCREASING,
    source="Bergstra, Desjardins, Lamblin and Bengio, Quadratic polynomials learn better features, 2009",
)
