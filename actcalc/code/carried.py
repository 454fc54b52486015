"""Products and sums of expressions that carry their rounding errors."""

from actcalc.code.expression import Expression, make
from actcalc.code.shapes import is_power_of_two

Carried = tuple[Expression, Expression | None]
"""An expression and its rounding error; None if it is exact."""


def carried_negative(x: Carried) -> Carried:
    """The negative of a number."""
    value, low = x
    return -value, None if low is None else -low


def carried_product(x: Carried, y: Carried) -> Carried:
    """The product of two numbers."""
    (a, a_low), (b, b_low) = x, y
    p = a * b
    if a.is_constant and a_low is None and is_power_of_two(a.data):
        return p, None if b_low is None else a * b_low
    rest = make("product_error", a, b, p)
    if a is b:
        if a.op == "sub" and a.args[0].is_constant:  # (c - x)^2 as (x - c)^2
            a, a_low = -a.args[0] + a.args[1], None if a_low is None else -a_low
            p, rest = a * a, make("product_error", a, a, a * a)
        return p, rest if a_low is None else rest + 2 * a * a_low
    if a_low is not None:
        rest = rest + a_low * b
    if b_low is not None:
        rest = rest + a * b_low
    return p, rest


def carried_sum(x: Carried, y: Carried, sign: int) -> Carried:
    """x + sign*y for a sign of 1 or -1; the last product is fused with the sum."""
    (a, a_low), (b, b_low) = x, y
    if b.op == "neg":
        sign, b = -sign, b.args[0]
    if a.op == "mul":
        (a, a_low), (b, b_low) = (sign * b, None if b_low is None else sign * b_low), (a, a_low)
        sign = 1
    if b.op == "mul":
        factor, other = sign * b.args[0], b.args[1]
        if b_low is not None:
            b_low = _without_own_error(b_low)  # the fused sum takes the exact product
        s = make("fma", factor, other, a)
        rest = make("fma_error", factor, other, a, s)
    else:
        s = a + sign * b
        back = s - a
        rest = (a - (s - back)) + (sign * b - back)
    if b_low is not None:
        rest = rest + sign * b_low
    if a_low is not None:
        rest = rest + a_low
    return s, rest


def _without_own_error(low: Expression) -> Expression | None:
    """The error that a product carries from its factors, without the rounding error of the product itself."""
    if low.op == "product_error":
        return None
    assert low.op in ("add", "sub")
    first, last = _without_own_error(low.args[0]), low.args[1]
    if low.op == "sub":
        return -last if first is None else first - last
    return last if first is None else first + last
