"""All activations that actcalc knows, and their lookup by name.

A declaration belongs to the catalogue simply by being defined in one of the modules of ``FAMILIES``; their
order is that of the catalogue.
"""

import copyreg
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration
from actcalc.activations.parameters import bind
from actcalc.errors import ActcalcError, did_you_mean, quote

FAMILIES = ("sigmoidal", "rectified", "gated", "logarithmic", "piecewise", "scaled", "periodic")
"""The modules of declarations in the order of the catalogue; each is imported when needed."""

LECTURE = ("sigmoid", "tanh", "relu", "leaky_relu")
"""The functions of the lecture that ``verify`` checks."""

_PAIRS = "it combines the values of a layer in pairs, so it is not a function of one z"
_LAYER = "each of its values depends on the whole layer, not on one z"
NOT_ELEMENTWISE = {
    "softmax": _LAYER,
    "log_softmax": _LAYER,
    "softmin": _LAYER,
    "sparsemax": _LAYER,
    "hardmax": _LAYER,
    "maxout": "it is the largest of several z",
    "crelu": "it gives two values for one z",
    "glu": _PAIRS,
    "reglu": _PAIRS,
    "geglu": _PAIRS,
    "swiglu": _PAIRS,
    "swiglu_oai": _PAIRS,
    "silu_and_mul": _PAIRS,
    "softmax2d": _LAYER,
    "gumbel_softmax": _LAYER,
    "polynorm": _LAYER,
    "logsumexp": "it gives one value for all z of a layer",
}
"""Functions of deep learning that are not functions g(z) of one number, with the reasons."""

AMBIGUOUS = {
    "gelu_fast": ("gelu_tanh", "transformers", "quick_gelu", "MLX and MindSpore"),
    "elliot": ("softsign", "MATLAB", "'z/(1 + abs(z))/2 + 1/2'", "FANN and Encog"),
}
"""Names that frameworks do not agree on: for each, two activations and the frameworks that mean them."""

FORMULAS = {
    "elish": "z*sigmoid(z) if z >= 0 else (exp(z) - 1)*sigmoid(z)",
    "isru": "z/sqrt(1 + alpha*z**2)",
    "isrlu": "z if z >= 0 else z/sqrt(1 + alpha*z**2)",
    "smelu": "0 if z <= -beta else z if z >= beta else (z + beta)**2/(4*beta)",
    "bent_identity": "(sqrt(z**2 + 1) - 1)/2 + z",
    "cloglog": "1 - exp(-exp(z))",
    "golu": "z*exp(-exp(-z))",
    "serf": "z*erf(softplus(z))",
    "phish": "z*tanh(gelu(z))",
    "logish": "z*log(1 + sigmoid(z))",
    "smish": "z*tanh(log(1 + sigmoid(z)))",
    "gcu": "z*cos(z)",
    "e_swish": "beta*z*sigmoid(z)",
    "penalized_tanh": "tanh(z) if z > 0 else tanh(z)/4",
    "radbas": "exp(-z**2)",
    "tribas": "max(0, 1 - abs(z))",
    "hardlim": "1 if z >= 0 else 0",
    "hardlims": "1 if z >= 0 else -1",
}
"""The formulas of activations that are known by name but not in the catalogue."""

SETTINGS = {"satlin": "hard_tanh:min=0,max=1"}
"""Names of activations with fixed parameters."""


def _key(name: str) -> str:
    """The key for looking up ``name``: case, ``_`` and ``-`` do not count."""
    return name.lower().replace("_", "").replace("-", "")


def family(module: str) -> list[Declaration]:
    """The declarations of one of FAMILIES in order."""
    found = vars(import_module(f"actcalc.catalogue.{module}")).values()
    return [declared for declared in found if isinstance(declared, Declaration)]


def declarations() -> tuple[Declaration, ...]:
    """Every declaration, in the order of the catalogue."""
    return tuple(declared for module in FAMILIES for declared in family(module))


@cache
def _by_key(module: str) -> dict[str, Declaration]:
    return {
        _key(name): declared for declared in family(module) for name in (declared.name, *declared.aliases)
    }


def names() -> tuple[str, ...]:
    """The canonical names, in the order of the catalogue."""
    return tuple(declared.name for declared in declarations())


def settings() -> Iterator[Activation]:
    """Every activation with its defaults, if it has them, and with each of its example settings."""
    for declared in declarations():
        if all(parameter.default is not None for parameter in declared.parameters):
            yield bind(declared, {})
        for example in declared.examples:
            yield bind(declared, example)


def matching(pattern: str, aliases: bool = True) -> list[Declaration]:
    """The declarations with a name, or one of the ``aliases``, that a pattern such as ``*elu`` matches."""
    wanted = pattern.lower()
    return [
        declared
        for declared in declarations()
        if any(fnmatchcase(name, wanted) for name in (declared.name, *(declared.aliases if aliases else ())))
    ]


def one_of_each() -> list[Activation]:
    """Every activation with its defaults, or with the first of its example settings if it has none."""
    found: dict[str, Activation] = {}
    for f in settings():
        found.setdefault(f.name, f)
    return list(found.values())


def find(name: str) -> Declaration | None:
    """The declaration with this name or alias, or None."""
    for module in FAMILIES:
        found = _by_key(module).get(_key(name))
        if found is not None:
            return found
    return None


def declaration(name: str) -> Declaration:
    """The declaration with this name or alias; case, ``_`` and ``-`` do not count.

    Raises ActcalcError, which suggests the nearest name, if there is none.
    """
    found = find(name)
    if found is not None:
        return found
    refuse(name)
    known = [n for d in declarations() for n in (d.name, *d.aliases)]
    hint = _call_hint(name) or did_you_mean(name.lower(), known)
    raise ActcalcError(f"unknown activation {quote(name)}", hint or "see: actcalc list")


def _call_hint(name: str) -> str:
    """A hint for a name written as in Python code: torch.tanh, nn.LeakyReLU(0.1)."""
    match = re.fullmatch(r"(?:[^\W\d]\w*\.)*([^\W\d]\w*)(?:\((.*)\))?", name)
    found = find(match[1]) if match is not None else None
    if match is None or found is None:
        return ""
    inside = (match[2] or "").strip()
    if found.name == "gelu" and "tanh" in inside:
        return "did you mean gelu_tanh?"
    if found.parameters and re.fullmatch(r"(\w+ *= *)?[\w.+/-]+", inside):
        return f"parameters are written {found.name}:{found.parameters[0].name}={inside.rpartition('=')[2]}"
    if re.fullmatch(r"[\d.e+/-]+", inside):
        return f"write the number separately: {found.name} {inside}"
    return f"did you mean {found.name}?"


def refuse(name: str) -> None:
    """Raise ActcalcError, with the reason, for a known name that is not an activation of the catalogue."""
    for other, reason in NOT_ELEMENTWISE.items():
        if _key(name) == _key(other):
            raise ActcalcError(f"{quote(other)} is not an elementwise activation: {reason}")
    for other, (one, who, another, others) in AMBIGUOUS.items():
        if _key(name) == _key(other):
            raise ActcalcError(
                f"{quote(other)} is not one activation: frameworks mean different functions by it",
                f"in {who} it is {one}, in {others} it is {another}",
            )
    for other, formula in FORMULAS.items():
        if _key(name) == _key(other):
            parameters = "".join(f" -p {p}=1" for p in ("alpha", "beta") if p in formula)
            raise ActcalcError(
                f"{quote(other)} is not in the catalogue", f"give its formula: '{formula}'{parameters}"
            )


def _reduce(f: Activation) -> tuple[Any, tuple[Any, ...]]:
    return _restore, (f.name, f.texts, f.label, f.given)


def _restore(name: str, texts: Mapping[str, str], label: str, given: frozenset[str]) -> Activation:
    f = bind(declaration(name), texts, label)
    f.given = given
    return f


# Activations are pickled and copied by name and parameters, since their formulas cannot be pickled.
copyreg.pickle(Activation, _reduce)
