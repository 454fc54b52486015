"""Tables for people: with a rule of dashes below the titles, or in Markdown."""

import re
from collections.abc import Iterator
from itertools import takewhile

from actcalc.errors import ActcalcError
from actcalc.input.choosing import Chooser, Records, at_line, looks_like_a_number

_DASHES = re.compile(r"\s*-{2,}(?:\s+-+)*\s*|\s*-(?:\s+-+)+\s*")
_BARS = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*")
_TITLE = re.compile(r"(?:(.+) )?g('{0,3}|\([4-8]\))\(z\)((?: hex| bits)?)")


def begins_a_table(text: str, whole: bool = False) -> bool:
    """Whether a text may begin with titles; a ``whole`` text must have a rule below them."""
    first, *others = text.lstrip("\r\n").split("\n", 2)
    is_bars = first.lstrip().startswith("|")
    is_title = is_bars or ("  " in first.strip() and not any(map(looks_like_a_number, first.split())))
    if not (is_title and (others or whole)):
        return is_title and not whole
    return bool(others) and bool((_BARS if is_bars else _DASHES).fullmatch(others[0]))


def read_table(text: str, line: int, source: str, choose: Chooser) -> Iterator[Records]:
    """The chosen columns of a table, which may have columns in blocks, and text below an empty line.

    Raises InputError, naming the line, for errors of ``choose``.
    """
    lines = text.split("\n")
    start = next(i for i, one in enumerate(lines) if one.strip())
    first, names, rows, numbers = start, list[str](), list[list[str]](), list[int]()
    while begins_a_table("\n".join(lines[start:]), whole=True):
        titles, rule, *body = takewhile(str.strip, lines[start:])
        parted = [_cells(one, rule) for one in (titles, *body)]
        own = [_name_of(title) for title in parted[0]]
        if not names:
            names, rows = own, parted[1:]
            numbers = list(range(line + start + 2, line + start + 2 + len(rows)))
        elif own[0] == names[0] and len(rows) == len(body):  # more columns of the same rows
            names += own[1:]
            rows = [row + more[1:] for row, more in zip(rows, parted[1:], strict=True)]
        start += 2 + len(body)
        while start < len(lines) and not lines[start].strip():
            start += 1
    try:
        indices = choose(names).indices
    except ActcalcError as error:
        raise at_line(source, line + first, error) from None
    if rows:
        yield Records([[row[i] for row in rows] for i in indices], numbers)


def _cells(line: str, rule: str) -> list[str]:
    """The cells of a line of a table, as many as its rule has."""
    if rule.lstrip().startswith("|"):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:]]
        return (cells + [""] * rule.count("|"))[: rule.count("|") - 1]
    starts = [match.start() for match in re.finditer("-+", rule)]
    ends = [*starts[1:], None]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _name_of(title: str) -> str:
    """The name of a column in CSV for its title in actcalc's tables; other titles without escapes."""
    plain = re.sub(r"\\([*|])", r"\1", title)
    match = _TITLE.fullmatch(plain)
    if match is None:
        return plain.replace("z hex", "z_hex").replace("z bits", "z_bits")
    label, primes, ending = match.groups()
    order = int(primes[1:-1]) if primes.startswith("(") else len(primes)
    name = ("g", "dg")[order] if order < 2 else f"d{order}g"
    return (f"{label}_" if label else "") + name + ending.replace(" ", "_")
