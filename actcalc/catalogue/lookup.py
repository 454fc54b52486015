"""Every activation actcalc knows, and how to find one by name.

A declaration is an element of the ``DECLARATIONS`` of one of the modules here; it has no other
place to be entered.
"""

import copyreg
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration
from actcalc.activations.parameters import bind
from actcalc.errors import ActcalcError, did_you_mean, quoted
from actcalc.numbers.numerals import MINUS_SIGN, Exact

FAMILIES = ("sigmoidal", "rectified", "gated", "logarithmic", "piecewise", "scaled", "periodic")
"""The modules of declarations, in the order of the catalogue; each is imported when it is needed."""

LECTURE = ("sigmoid", "tanh", "relu", "leaky_relu")
"""The functions of the lecture that ``verify`` checks."""

_PAIRS = "it takes the values of a whole layer in pairs, not one z"
_LAYER = "each of its values depends on all of a layer, not on one z"
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
"""Functions of deep learning that are no activations g(z) of one number, and why."""

AMBIGUOUS = {
    "gelu_fast": ("gelu_tanh", "transformers", "quick_gelu", "MLX and MindSpore"),
}
"""Names that frameworks do not agree on: each with an activation and who means it, and another."""


def _key(name: str) -> str:
    """``name`` as it is looked up: case, ``_`` and ``-`` do not count."""
    return name.lower().replace("_", "").replace("-", "")


def _family(module: str) -> tuple[Declaration, ...]:
    found: tuple[Declaration, ...] = import_module(f"actcalc.catalogue.{module}").DECLARATIONS
    return found


def declarations() -> tuple[Declaration, ...]:
    """Every declaration, in the order of the catalogue."""
    return tuple(declared for module in FAMILIES for declared in _family(module))


@cache
def _by_key(module: str) -> dict[str, Declaration]:
    return {
        _key(name): declared for declared in _family(module) for name in (declared.name, *declared.aliases)
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


def one_of_each() -> list[Activation]:
    """Every activation with its defaults; one that has none with the first of its example settings."""
    found: dict[str, Activation] = {}
    for f in settings():
        found.setdefault(f.name, f)
    return list(found.values())


def find(name: str) -> Declaration | None:
    """The declaration of this name or alias, if there is one."""
    for module in FAMILIES:
        found = _by_key(module).get(_key(name))
        if found is not None:
            return found
    return None


def declaration(name: str, given: Mapping[str, Exact | None] | None = None) -> Declaration:
    """The declaration of this name or alias; case, ``_`` and ``-`` do not count. Or that of a formula in z,
    whose parameters are among those ``given`` values.

    Raises ActcalcError, naming the nearest, if there is none.
    """
    found = _found(name)
    if found is not None:
        return found
    from actcalc.input.formulas import is_formula  # no name has need of it

    if is_formula(name):
        from actcalc.catalogue.custom import declare

        return declare(name, given or {}, _found)
    behind = find(name.rpartition(".")[2].removesuffix("()"))  # torch.tanh, nn.ReLU()
    known = [n for d in declarations() for n in (d.name, *d.aliases)]
    hint = f"did you mean {behind.name}?" if behind else did_you_mean(name.lower(), known)
    raise ActcalcError(f"unknown activation {quoted(name)}", hint or "see: actcalc list")


def _found(name: str) -> Declaration | None:
    """The same as ``find``, but what is refused by name is an error."""
    found = find(name)
    if found is not None:
        return found
    for other, reason in NOT_ELEMENTWISE.items():
        if _key(name) == _key(other):
            raise ActcalcError(f"{other} is not an elementwise activation: {reason}")
    for other, (one, who, another, others) in AMBIGUOUS.items():
        if _key(name) == _key(other):
            raise ActcalcError(
                f"{other} is not one activation: frameworks mean different functions by it",
                f"{one} is what {who} means by it, {another} what {others} mean",
            )
    return None


def activation(name: str, /, **parameters: Exact | None) -> Activation:
    """The activation called ``name``, with values for its parameters.

    ``name`` is a canonical name or an alias; case, ``_`` and ``-`` do not count. A parameter is a
    str, int, Fraction or Decimal, taken exactly, or a float, taken as the decimal it prints as; or None,
    for ``none``.

    Raises ActcalcError for an unknown name, or a parameter that is unknown, missing or no number
    that the function allows.
    """
    if not isinstance(name, str):
        raise ActcalcError(f"an activation is named by a text, not by {type(name).__name__}")
    return bind(declaration(name, parameters), parameters)


def parse_activation(text: str, given: Mapping[str, Exact] | None = None) -> Activation:
    """The activation written ``NAME`` or ``NAME:parameter=value[,parameter=value...]``.

    ``given`` are parameters that were written elsewhere. The label is the canonical name where the
    text has no parameters, else the text in ASCII and without white space about its numbers.

    Raises ActcalcError as ``activation`` does, and for a text of another form.
    """
    name, colon, own = text.partition(":")
    found = declaration(name, {**(given or {}), **named_in(own)})
    settings = [parse_setting(setting) for setting in own.split(",")] if colon else []
    pairs = [*(given or {}).items(), *settings]
    for i, (parameter, _) in enumerate(pairs):
        if any(parameter == other for other, _ in pairs[:i]):
            raise ActcalcError(f"{found.title}: {parameter} is given twice")
    label = ",".join(f"{parameter}={value}" for parameter, value in settings)
    return bind(found, dict(pairs), f"{name}:{label}" if colon else found.name)


def named_in(settings: str) -> dict[str, str]:
    """The parameters named in ``NAME=VALUE,...``, well written or not."""
    return {
        name.strip(): value
        for name, _, value in (text.partition("=") for text in settings.split(","))
        if name
    }


def parse_setting(text: str) -> tuple[str, str]:
    """The two sides of ``parameter=value``; raises ActcalcError if it has another form."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ActcalcError(f"parameter {quoted(text)} has no number: it is written NAME=VALUE")
    return name.strip(), value.strip().replace(MINUS_SIGN, "-")


def _reduced(f: Activation) -> tuple[Any, tuple[Any, ...]]:
    return _restored, (f.name, f.texts, f.label)


def _restored(name: str, texts: Mapping[str, str], label: str) -> Activation:
    return bind(declaration(name, texts), texts, label)


# An activation is pickled and copied as its name and parameters: formulas cannot be.
copyreg.pickle(Activation, _reduced)
