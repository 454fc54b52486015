"""Pairs of z and a computed value, from delimited text, block by block."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from actcalc.errors import ActcalcError, Argument, Wording
from actcalc.input.columns import (
    Choice,
    Chooser,
    Records,
    at_line,
    by_name_or_number,
    in_file,
    looks_like_a_number,
    read_columns,
)
from actcalc.input.values import read_value, read_values
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format

PairBlock = tuple[Array, Array]


class OtherQuantity(ActcalcError):
    """No column has the quantity that is asked for, but one has another: the hint names it."""


def choose_pair(of: str, otherwise: str = "choose others") -> Chooser:
    """Chooses ``z`` and the column of computed values, of g, of g' or beyond.

    That is called ``g``, ``dg``, ``d2g`` and so on, or else ``value``; without a header the first two columns
    are chosen. ``otherwise`` is the hint where there are no such columns.
    """

    def choose(fields: Sequence[str]) -> Choice:
        for suffix, begins in (("npy", "\udc93NUMPY"), ("npz", "PK\3\4")):
            if fields[0].startswith(begins):
                raise ActcalcError(
                    f"this is a .{suffix} file, which cannot be read from a pipe", "give its name"
                )
        if len(fields) < 2:
            raise ActcalcError("there is one column, and not z and a value")
        if any(map(looks_like_a_number, fields[:2])):
            return Choice((0, 1), is_header=False)
        value = "value" if of not in fields and "value" in fields else of
        try:
            return by_name_or_number(["z", value])(fields)
        except ActcalcError as error:
            other = next((field for field in fields if re.fullmatch("d?g|d[2-8]g", field)), "")
            if other and not error.hint:
                raise OtherQuantity(str(error), Wording(Argument("of", other), f" checks {other}")) from None
            raise ActcalcError(str(error), error.hint or otherwise) from None

    return choose


def text_pairs(
    descriptor: int, source: str, choose: Chooser, fmt: Format, bits: bool = False
) -> Iterator[PairBlock]:
    """Pairs of values of ``fmt`` from delimited text, whose numbers are as in ``values``.

    ``source`` and ``choose`` are as for ``columns.read_columns``. Raises InputError, naming the line, as
    that does, and for what is no number; and for text without rows.
    """
    rows = 0
    for block in read_columns(descriptor, source, choose):
        z, values = (read_values(column, fmt, bits) for column in block.columns)
        if z is None or values is None:
            z, values = _slowly(block, source, fmt, bits)
        rows += len(z)
        yield z, values
    if rows == 0:
        raise in_file(source, "there are no numbers")


def _slowly(block: Records, source: str, fmt: Format, bits: bool) -> PairBlock:
    pairs = []
    for line, *texts in zip(block.lines, *block.columns, strict=True):
        try:
            pairs.append([read_value(text, fmt, bits) for text in texts])
        except ActcalcError as error:
            raise at_line(source, line, error) from None
    z, values = np.array(pairs, np.float64).T
    return z, values
