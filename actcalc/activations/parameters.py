"""Look up the parameters of an activation by name, read them exactly and check their domains."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration, Parameter
from actcalc.errors import ActcalcError, did_you_mean, quote
from actcalc.numbers.numerals import Exact, exact_number


def bind(declaration: Declaration, given: Mapping[str, Exact | None], label: str = "") -> Activation:
    """Make the activation with these parameters and the defaults of the others.

    Raises ActcalcError for a parameter that is unknown, is given under two names, is not a
    finite number, is outside its domain, or is missing and has no default.
    """
    numbers: dict[str, Exact] = {}
    for name, value in given.items():
        parameter = find_parameter(declaration, name)
        if parameter.name in numbers:
            raise ActcalcError(f"parameter {quote(parameter.name)} of {declaration.title} is given twice")
        numbers[parameter.name] = "none" if value is None else _own_value(value)
    values: dict[str, Fraction | None] = {}
    texts: dict[str, str] = {}
    for parameter in declaration.parameters:
        number = numbers.get(parameter.name, parameter.default)
        if number is None:
            names = ", ".join(p.name for p in declaration.parameters if p.default is None)
            raise ActcalcError(
                f"{declaration.title} has no defaults: give {names}",
                f"for example {declaration.name}:" + ",".join(f"{p.name}=0" for p in declaration.parameters),
            )
        values[parameter.name], texts[parameter.name] = _parameter_value(declaration, parameter, number)
    if declaration.constraint is not None and not declaration.constraint(SimpleNamespace(**values)):
        shown = ", ".join(f"{name}={texts[name]}" for name in values)
        raise ActcalcError(f"{declaration.title} requires {declaration.constraint_text}, not {shown}")
    known = {name: value for name, value in values.items() if value is not None}
    made: Activation = (declaration.activation or Activation)(
        declaration, known, texts, label or declaration.name
    )
    made.given = frozenset(numbers)
    return made


def _own_value(number: Any) -> Exact:
    """The number; a NumPy float narrower than float64 stands for its exact value."""
    is_narrow = getattr(getattr(number, "dtype", None), "kind", "") in ("f", "V")
    return Decimal(float(number)) if is_narrow and not isinstance(number, float) else number


def find_parameter(declaration: Declaration, name: str) -> Parameter:
    """The parameter with this name or alias.

    Raises ActcalcError, which lists the parameters, if it is unknown.
    """
    for parameter in declaration.parameters:
        if name in (parameter.name, *parameter.aliases):
            return parameter
    if not declaration.parameters:
        raise ActcalcError(
            f"{declaration.title} has no parameters, but {quote(name)} is given",
            declaration.no_parameters.get(name, ""),
        )
    known = [p.name for p in declaration.parameters]
    raise ActcalcError(
        f"{declaration.title} has no parameter {quote(name)}: it has {', '.join(map(quote, known))}",
        did_you_mean(name, known),
    )


def known_parameters(declaration: Declaration) -> str:
    """A hint that lists the parameters of an activation."""
    shown = ", ".join(
        p.name if p.default is None else f"{p.name}={p.default}" for p in declaration.parameters
    )
    return f"parameters of {declaration.title}: {shown or 'none'}"


def _parameter_value(
    declaration: Declaration, parameter: Parameter, number: Exact
) -> tuple[Fraction | None, str]:
    """The value and the text of a parameter."""
    if parameter.may_be_none and isinstance(number, str) and number.strip().lower() == "none":
        return None, "none"
    where = f"parameter {quote(parameter.name)} of {declaration.title}"
    try:
        value, text = exact_number(number)
    except ActcalcError as error:
        raise ActcalcError(f"{where}: {error.line}", error.hint or known_parameters(declaration)) from None
    if parameter.domain is not None and not parameter.domain(value):
        raise ActcalcError(f"{where} must be {parameter.domain_text}, not {text}")
    return value, text
