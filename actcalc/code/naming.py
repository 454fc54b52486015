"""Names for common terms: expressions become a sequence of named steps, and results in terms of them."""

from collections import Counter
from collections.abc import Container, Mapping
from itertools import chain
from itertools import count as count_from

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import COMPARISONS, Expression, Routine, Step, make, name, parts

_LETTERS = {
    "abs": "t",
    "exp": "e",
    "expm1": "d",
    "sqrt": "r",
    "hypot": "r",
    "tanh": "y",
    "fine_tanh": "y",
    "mills": "m",
    "log1p": "l",
    "div": "q",
    "mul": "p",
    "fma": "p",
    "product_error": "rest",
    "fma_error": "rest",
    "sin": "s",
    "cos": "c",
    "erf": "y",
    "erfc": "y",
    "add": "s",
    "sub": "s",
}
_PLAIN = ("z", "constant", "name", *COMPARISONS)


def routine(
    results: Mapping[Quantity, Expression],
    hints: Mapping[Expression, str],
    notes: Mapping[Expression, str],
    taken: Container[str] = ("z",),
) -> Routine:
    """The routine for some results, with a name for each part that is used more than once."""
    order = [*parts(*results.values())]
    uses = Counter(y for x in order for y in x.args) + Counter(results.values())
    # Some languages write the argument of these twice.
    uses.update(x.args[0] for x in order if x.op in ("max", "min") and x.args[0].op != "abs")
    steps: list[Step] = []
    found: dict[Expression, Expression] = {}
    used: set[str] = set()
    for x in order:
        value = make(x.op, *(found[y] for y in x.args), data=x.data)
        if _is_named(x, uses[x]) or x in notes:
            letter = hints.get(x) or _LETTERS.get(x.op, "v")
            others = (f"{letter}{k}" for k in count_from(2))
            text = next(text for text in chain([letter], others) if text not in used and text not in taken)
            used.add(text)
            steps.append(Step(text, value, notes.get(x, "")))
            value = name(text)
        found[x] = value
    return Routine(tuple(steps), {of: found[x] for of, x in results.items()})


def _is_named(x: Expression, uses: int) -> bool:
    if x.op in _PLAIN or uses < 2:
        return False
    is_multiple = x.op == "mul" and x.args[0].op == "constant" and x.args[1].op in ("z", "abs")
    return not (is_multiple or (x.op == "neg" and x.args[0].op in _PLAIN))
