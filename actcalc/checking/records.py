"""Records in JSON that anybody may have changed: read as given types, or refused with the reason."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from actcalc.errors import ActcalcError, printable, quote
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.numerals import exact_number
from actcalc.numbers.roundings import number_format

_LONGEST = 1000
"""The most bits of a whole number; longer ones may be too large for a float."""


class RecordError(ValueError):
    """The fault of a record, in words."""


def parse(text: str) -> Any:
    """The value of a JSON text. Raises RecordError for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RecordError("it is not JSON") from None


def read_format(name: str, about: str) -> NumberFormat:
    """The format of a name. Raises RecordError, which says what it is ``about``, for unknown names."""
    try:
        return number_format(name)
    except ActcalcError:
        raise RecordError(f"{about} is {quote(json.dumps(name))}") from None


def read_as(kind: Any, value: Any, name: str) -> Any:
    """A JSON value as a value of a type: a number, printable text, a tuple, a mapping, or a class.

    A float may be written in hexadecimal, as floats are that may be infinite or NaN. A class of arrays is
    made from its RECORD. Raises RecordError, with the ``name`` of the wrong value.
    """
    if kind is Any:
        return value
    origin, inner = _parts_of(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in inner:
            return None
        (kind,) = (one for one in inner if one is not NoneType)
        return read_as(kind, value, name)
    if origin is Literal:
        if isinstance(value, str) and value in inner:
            return value
    elif origin is tuple and isinstance(value, list):
        if inner == (int, ...) and _are_whole(value):  # thousands in a histogram
            return tuple(value)
        kinds = [inner[0]] * len(value) if inner[-1] is ... else inner
        if len(kinds) == len(value):
            return tuple(read_as(one, x, name) for one, x in zip(kinds, value, strict=True))
    elif origin is Mapping and isinstance(value, dict):
        return {printable(key): read_as(inner[1], x, f"{name}, {key}") for key, x in value.items()}
    elif kind is Fraction and isinstance(value, str):
        with suppress(ActcalcError):
            return exact_number(value)[0]
    elif kind is float:
        if isinstance(number := _number(value), float):
            return number
    elif kind in (str, bool, int):
        if type(value) is kind and not (kind is int and value.bit_length() > _LONGEST):
            return printable(value) if kind is str else value
    elif hasattr(kind, "from_record"):
        with suppress(ValueError, IndexError, OverflowError):
            return kind.from_record(read_as(kind.RECORD, value, name))
    elif is_dataclass(kind):
        return kind(**_fields(kind, value, name))  # type: ignore[operator]
    elif hasattr(kind, "_fields") and isinstance(value, list) and len(value) == len(kind._fields):
        hints = _hints(kind)
        return kind(*(read_as(hints[key], x, name) for key, x in zip(kind._fields, value, strict=True)))
    raise RecordError(f"{printable(name)} is {quote(json.dumps(value))}")


@cache
def _parts_of(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A generic type and its arguments: tuple and (int, ...) for tuple[int, ...]."""
    return get_origin(kind), get_args(kind)


_hints = cache(get_type_hints)


def _are_whole(values: list[Any]) -> bool:
    """Whether all values are whole numbers, none of them too long."""
    return {*map(type, values)} == {int} and max(map(abs, values)).bit_length() <= _LONGEST


def _number(value: Any) -> float | None:
    """The float that a value stands for; None if it stands for none."""
    try:
        if isinstance(value, str):
            return float.fromhex(value)
        found = float(value) if type(value) in (int, float) else math.nan
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(found) else found


def _fields(kind: Any, value: Any, name: str) -> dict[str, Any]:
    """The fields of a class. Raises RecordError for missing and unknown ones."""
    if not isinstance(value, dict):
        raise RecordError(f"{name} is {quote(json.dumps(value))}")
    hints = _hints(kind)
    for field in fields(kind):
        is_needed = field.default is MISSING and field.default_factory is MISSING
        if is_needed and field.name not in value:
            raise RecordError(f"{name} has no {field.name}")
    for key in value:
        if key not in hints:
            raise RecordError(f"{name} has {quote(key)}")
    return {key: read_as(hints[key], x, f"{name}, {key}") for key, x in value.items()}
