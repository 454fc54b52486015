"""Periodic functions, which have no limits at infinity."""

from fractions import Fraction

from actcalc.activations.declaration import (
    INF,
    Declaration,
    Monotone,
    Parameter,
    Parity,
    Piece,
    Range,
)
from actcalc.arithmetic.maths import Maths, R

NONE = float("nan")
"""A limit that does not exist."""


def _over(number: str, parameter: Fraction, name: str) -> str:
    return f"{number}/{name}" if parameter > 0 else f"{number}/abs({name})"


def _other_than_zero(name: str) -> Parameter:
    return Parameter(name, "1", domain=lambda x: x != 0, domain_text="other than 0")


SIN = Declaration(
    name="sin",
    aliases=("sine",),
    parameters=(_other_than_zero("omega"),),
    g="sin(omega*z)",
    dg="omega*cos(omega*z)",
    derivation=(
        "g = sin(u) with u = omega*z and u' = omega\nchain rule, and sin' = cos: g' = omega*cos(omega*z)"
    ),
    pieces=lambda p: (Piece(lambda m, z: m.sin(p.omega * z), lambda m, z: p.omega * m.cos(p.omega * z)),),
    range=Range(-1, 1, "[]"),
    slopes=lambda p: Range(-abs(p.omega), abs(p.omega), "[]"),
    shortcut="many different z give the same a, with two different slopes",
    ends=((NONE, NONE), (NONE, NONE)),
    settles_far_out=False,
    parity=Parity.ODD,
    monotone=lambda p: f"rises and falls with the period {_over('2*pi', p.omega, 'omega')}",
    examples=({"omega": "30"}, {"omega": "-1/3"}),
    source="Sitzmann et al., Implicit neural representations with periodic activation functions, 2020",
)


def _snake_pieces(alpha: Fraction, beta: Fraction) -> tuple[Piece]:
    def g(m: Maths[R], z: R) -> R:
        return z + m.sin(alpha * z) ** 2 / beta

    def slope(m: Maths[R], z: R) -> R:
        if alpha == beta:  # 1 + sin(2 alpha z), which touches 0
            t = alpha * z
            return (m.sin(t) + m.cos(t)) ** 2
        return 1 + alpha / beta * m.sin(2 * alpha * z)

    return (Piece(g, slope),)


SNAKE = Declaration(
    name="snake",
    parameters=(_other_than_zero("alpha"),),
    g="z + sin(alpha*z)**2/alpha",
    dg="1 + sin(2*alpha*z)",
    derivation=(
        "g = z + sin(u)**2/alpha with u = alpha*z and u' = alpha\n"
        "power and chain rules: g' = 1 + 2*sin(u)*cos(u)*alpha/alpha\n"
        "2*sin(u)*cos(u) = sin(2*u), so g' = 1 + sin(2*alpha*z)"
    ),
    pieces=lambda p: _snake_pieces(p.alpha, p.alpha),
    range=Range(-INF, INF),
    slopes=Range(0, 2, "[]"),
    shortcut="a = z + sin(alpha*z)**2/alpha has no solution in closed form",
    ends=((-INF, NONE), (INF, NONE)),
    settles_far_out=False,
    monotone=Monotone.INCREASING,
    examples=({"alpha": "0.2"}, {"alpha": "-3"}),
    source="Ziyin, Hartwig and Ueda, Neural networks fail to learn periodic functions, 2020",
)


SNAKE_BETA = SNAKE._replace(
    name="snake_beta",
    parameters=(_other_than_zero("alpha"), _other_than_zero("beta")),
    g="z + sin(alpha*z)**2/beta",
    dg="1 + alpha/beta*sin(2*alpha*z)",
    derivation=(
        "g = z + sin(u)**2/beta with u = alpha*z and u' = alpha\n"
        "power and chain rules: g' = 1 + 2*sin(u)*cos(u)*alpha/beta\n"
        "2*sin(u)*cos(u) = sin(2*u), so g' = 1 + alpha/beta*sin(2*alpha*z)"
    ),
    pieces=lambda p: _snake_pieces(p.alpha, p.beta),
    slopes=lambda p: Range(1 - abs(p.alpha / p.beta), 1 + abs(p.alpha / p.beta), "[]"),
    shortcut=lambda p: (
        "a = z + sin(alpha*z)**2/beta has no solution in closed form"
        if abs(p.alpha) <= abs(p.beta)
        else ("one a may have two slopes: a = z + sin(alpha*z)**2/beta has no solution in closed form")
    ),
    monotone=lambda p: (
        Monotone.INCREASING
        if abs(p.alpha) <= abs(p.beta)
        else f"rises and falls with the period {_over('pi', p.alpha, 'alpha')}"
    ),
    examples=({"alpha": "2", "beta": "1/3"}, {"alpha": "0.5", "beta": "-2"}),
    source="Lee et al., BigVGAN: a universal neural vocoder with large-scale training, 2023",
)
