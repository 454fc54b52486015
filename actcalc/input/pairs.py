"""Pairs of z and a computed value, from files of all kinds, block by block."""

import csv
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from stat import S_ISREG
from typing import NamedTuple

import numpy as np

from actcalc.errors import ActcalcError, Argument, NotANumber, Wording, quote
from actcalc.input.blocks import open_file
from actcalc.input.choosing import (
    Choice,
    Chooser,
    OtherQuantity,
    Records,
    at_line,
    by_name_or_number,
    in_file,
    looks_like_a_number,
    no_column,
)
from actcalc.input.columns import BLOCK, read_columns
from actcalc.input.invalid import Invalid
from actcalc.input.npy import (
    NOT_GIVEN,
    ArrayPairs,
    Given,
    NpyPairs,
    PairFormats,
    is_raw,
    pairs_in_two,
    raw_pairs,
    read_arrays,
)
from actcalc.input.streams import Stream
from actcalc.input.values import as_pattern, read_value, read_values, read_word
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.integers import NumberFormat
from actcalc.numbers.numerals import is_plain_number

PairBlock = tuple[Array, Array]
TextBlock = tuple[Sequence[str], Sequence[str]]


_BARE = re.compile("[0-9a-fA-F]{4}|[0-9a-fA-F]{8}|[0-9a-fA-F]{16}")
"""Words that look like bit patterns without ``0x``."""
_QUANTITY = re.compile("d?g|d[2-8]g")
_COUNTERS = ("", "index", "epoch", "step", "iteration", "iter", "batch", "unnamed: 0")
"""Names that other programs give to columns that are neither z nor a value."""
_CALLED_Z = ("z", "x", "input", "inputs")
"""Names by which z is recognized among two columns."""


_AS_WORDS = Wording(Argument("bits"), " with ", Argument("dtype"), " reads bare words as bit patterns")


def choose_pair(
    of: str,
    columns: str | None = None,
    noted: Callable[[str], None] = lambda note: None,
    variable: str = "z",
) -> Chooser:
    """A chooser of ``z``, or another ``variable``, and of the column of computed values of g, g' or beyond.

    That column is called ``g`` (or ``a``), ``dg``, ``d2g`` and so on, or else ``value``; without a header the
    first two columns are chosen. If exactly as many columns have unknown names as are missing, they are
    taken, and ``noted`` gets a note. ``columns``, such as ``1,3``, selects others. Raises ActcalcError unless
    these are two.
    """
    if columns is not None:
        try:
            (wanted,) = csv.reader([columns], skipinitialspace=True, strict=True)
        except (csv.Error, ValueError):
            wanted = []
        if len(wanted) != 2 or not all(wanted):
            hint = Wording("for example: ", Argument("columns", "1,3"))
            raise ActcalcError(f"must name two columns, not {quote(columns)}", hint, about="columns")
        return by_name_or_number(wanted)

    def choose(fields: Sequence[str]) -> Choice:
        if len(fields) < 2:
            raise ActcalcError("there is only one column: z and a value are needed")
        if any(map(looks_like_a_number, fields[:2])):
            return Choice((0, 1), is_header=False)
        if all(map(_BARE.fullmatch, fields[:2])) and re.search("[0-9]", "".join(fields[:2])):
            raise NotANumber(f"{quote(fields[0])} is not a number", _AS_WORDS)
        names = [of, *(["a"] if of == "g" else []), "value"]
        pair = [variable, next((name for name in names if name in fields), of)]
        missing = [name for name in pair if name not in fields]
        unknown = [field for field in fields if field not in pair and _is_unknown(field)]
        others = [f for f in fields if _QUANTITY.fullmatch(f) or (f == "a" and "z" in fields)]
        if pair[1] in missing and others:
            other = "g" if others[0] == "a" else others[0]
            raise OtherQuantity(
                no_column(missing[0], fields),
                Wording(Argument("of", other), f" checks {others[0]}"),
            )
        if missing and len(unknown) == len(missing) and len(set(fields)) == len(fields):
            if len(unknown) == 2 and unknown[1].lower() in _CALLED_Z and unknown[0].lower() not in _CALLED_Z:
                unknown.reverse()
            taken = dict(zip(missing, unknown, strict=True))
            first, *others = (f"as {name}" for name in taken)
            told = [f"{quote(taken_for)} {name}" for taken_for, name in zip(unknown[1:], others, strict=True)]
            told.insert(0, f"{quote(unknown[0])} is read {first}")
            noted(Wording(f"{', and '.join(told)}; ", Argument("columns", "A,B"), " selects others"))
            pair = [taken.get(name, name) for name in pair]
        try:
            return by_name_or_number(pair)(fields)._replace(is_header=True)
        except ActcalcError as error:
            hint = Wording(Argument("columns", "A,B"), " selects others")
            if len(fields) == 2 and all(re.fullmatch("[0-9A-Za-z_.-]+", field) for field in fields):
                hint = Wording(Argument("columns", ",".join(fields)), " selects them")
            raise ActcalcError(error.line, error.hint or hint) from None

    return choose


def _is_unknown(field: str) -> bool:
    """Whether the name of a column has no meaning here."""
    return not (_QUANTITY.fullmatch(field) or field in ("a", "z", "value") or field.lower() in _COUNTERS)


@contextmanager
def open_pairs(
    files: Sequence[str],
    choose: Chooser,
    given: Given,
    invalid: Invalid | None = None,
    words: bool = False,
) -> Iterator[tuple[PairFormats, Iterator[PairBlock]]]:
    """The formats of the pairs in a file, or in two .npy files, and the pairs block by block.

    ``given`` formats take precedence. A file holds text, JSON, or NumPy arrays; ``-`` is standard input.
    Raises InputError, naming the file, if it cannot be read or holds no pairs, and for text that is not a
    number unless the ``invalid`` rule passes over it. With ``words`` all numbers are bit patterns of the
    format given, with or without ``0x``.
    """

    def choose_by_words(fields: Sequence[str]) -> Choice:
        known = [fmt for fmt in given if fmt is not None]
        patterns = [
            next((p for fmt in known if (p := as_pattern(field, fmt)) != field), field) for field in fields
        ]
        return choose(patterns)

    with _opened(files, choose_by_words if words else choose, given, invalid or Invalid()) as found:
        if isinstance(found, _Rows):
            formats = (given.z or FLOAT64, given.values or given.z or FLOAT64)
            yield formats, _values(found, formats, given, words)
        else:
            yield found.formats, found.pairs()


@contextmanager
def open_texts(
    files: Sequence[str], choose: Chooser, read: Callable[[str], object], invalid: Invalid
) -> Iterator[Iterator[TextBlock]]:
    """The texts of the pairs of ``open_pairs``, block by block; ``read`` refuses text that is not a number.

    For arrays they are the shortest texts that read back to the numbers.
    """
    with _opened(files, choose, NOT_GIVEN, invalid) as found:
        if isinstance(found, _Rows):
            yield _texts(found, read)
        else:
            z_text, text = (fmt.text for fmt in found.formats)
            yield (
                (list(map(z_text, z.tolist())), list(map(text, values.tolist())))
                for z, values in found.pairs()
            )


class _Rows(NamedTuple):
    """The texts of z and of the values in the lines of a file."""

    blocks: Iterator[Records]
    source: str
    invalid: Invalid


@contextmanager
def _opened(
    files: Sequence[str], choose: Chooser, given: Given, invalid: Invalid
) -> Iterator[_Rows | NpyPairs | ArrayPairs]:
    if all(map(is_raw, files)):
        yield raw_pairs(files, given)
        return
    if len(files) == 2:
        yield pairs_in_two(files[0], files[1], given)
        return
    (file,) = files
    source = "" if file == "-" else file
    with open_file(file) as opened:
        start = opened.tell() if S_ISREG(os.fstat(opened.fileno()).st_mode) else None
        stream = Stream(opened.fileno(), source, BLOCK)
        if not stream.holds_arrays:
            yield _Rows(read_columns(stream.text(), source, choose, invalid=invalid), source, invalid)
        elif start is not None and not stream.is_packed:
            opened.seek(start)
            yield read_arrays(opened, source, choose, given)
        else:
            with stream.spool() as spooled:
                yield read_arrays(spooled, source, choose, given)


def _values(rows: _Rows, formats: PairFormats, given: Given, words: bool) -> Iterator[PairBlock]:
    """Pairs of values in two formats, with numbers written as in ``values``.

    Raises InputError, naming the line, for text that is not a number; and if there are no rows.
    """
    count = 0
    bits = given.z is not None, given.values is not None or given.z is not None
    for block in rows.blocks:
        z, values = (
            None if words else read_values(*column)
            for column in zip(block.columns, formats, bits, strict=True)
        )
        if z is None or values is None:
            odd = _word_values(block, rows, formats) if words else _all_but_odd(block, rows, formats, bits)
            z, values = odd
        count += len(z)
        yield z, values
    if count == 0:
        raise in_file(rows.source, "there are no numbers")


def _all_but_odd(block: Records, rows: _Rows, formats: PairFormats, bits: tuple[bool, bool]) -> PairBlock:
    """The values of rows: most at once, odd ones one by one."""
    z, values = block.columns
    are_plain = [is_plain_number(a) and is_plain_number(b) for a, b in zip(z, values, strict=True)]
    plain = [i for i, is_plain in enumerate(are_plain) if is_plain]
    odd = [i for i, is_plain in enumerate(are_plain) if not is_plain]
    columns: list[Array] = []
    for column, fmt, as_bits in zip(block.columns, formats, bits, strict=True):
        at_once = read_values([column[i] for i in plain], fmt, as_bits)
        if at_once is None:
            plain, odd, columns = [], list(range(len(z))), [np.zeros(0), np.zeros(0)]
            break
        columns.append(at_once)
    some = Records([[column[i] for i in odd] for column in block.columns], [block.lines[i] for i in odd])
    kept, pairs = [], []
    reads = [partial(_read, fmt=fmt, bits=as_bits) for fmt, as_bits in zip(formats, bits, strict=True)]
    for i, numbers, _ in _read_each(some, rows, reads):
        kept.append(odd[i])
        pairs.append(numbers)
    order = np.argsort(plain + kept)
    found = np.array(pairs, np.float64).reshape(-1, 2).T
    first, second = (np.concatenate(parts)[order] for parts in zip(columns, found, strict=True))
    return first, second


def _word_values(block: Records, rows: _Rows, formats: PairFormats) -> PairBlock:
    """The values of rows of bit patterns."""
    reads = [partial(read_word, fmt=fmt) for fmt in formats]
    pairs = [numbers for _, numbers, _ in _read_each(block, rows, reads)]
    z, values = np.array(pairs, np.float64).reshape(-1, 2).T
    return z, values


def _read(text: str, fmt: NumberFormat, bits: bool) -> float:
    try:
        return read_value(text, fmt, bits)
    except NotANumber as error:
        raise NotANumber(error.line, _AS_WORDS if _BARE.fullmatch(text) else error.hint) from None


def _texts(rows: _Rows, read: Callable[[str], object]) -> Iterator[TextBlock]:
    count = 0
    for block in rows.blocks:
        texts = [texts for _, _, texts in _read_each(block, rows, [read, read])]
        count += len(texts)
        yield [z for z, _ in texts], [value for _, value in texts]
    if count == 0:
        raise in_file(rows.source, "there are no numbers")


def _read_each(
    block: Records, rows: _Rows, reads: Sequence[Callable[[str], object]]
) -> Iterator[tuple[int, list[object], Sequence[str]]]:
    """The index of each row, its numbers and their texts; each column has its own function to read it.

    Raises InputError, naming the line, for text that is not a number, unless the rule passes over it.
    """
    for place, (line, *texts) in enumerate(zip(block.lines, *block.columns, strict=True)):
        numbers: list[object] = []
        for i, text in enumerate(texts):
            try:
                numbers.append(reads[i](text))
            except ActcalcError as error:
                if rows.invalid.stops or not isinstance(error, NotANumber):
                    raise at_line(rows.source, line, error) from None
                rows.invalid.add(text, line)
                if rows.invalid.skips:
                    break
                numbers.append(math.nan)
                texts[i] = "nan"
        else:
            yield place, numbers, texts
