"""The comment at the top of a file of source: what it holds, what was measured, and what made it."""

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from actcalc._version import __version__
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, prime
from actcalc.catalogue.recognition import Recognition
from actcalc.code.expression import Unit
from actcalc.code.measured import BESIDE, Error, Measurement, Reason, Stretch
from actcalc.numbers.floats import Format

WIDTH = 84
"""Of a line, without the sign of a comment."""
_FEW = 3
"""So many roots are named one by one."""


class Contents(NamedTuple):
    """What is said of a function that is printed."""

    text: str
    """Its formula."""
    recognition: Recognition | None
    """What a formula is in the catalogue, from which it is printed then."""
    measurement: Measurement


def header(
    unit: Unit,
    f: Activation,
    contents: dict[Quantity, Contents],
    explanations: Sequence[str],
    measured_by: str,
    warnings: Sequence[str],
    command: str,
) -> tuple[str, ...]:
    """The lines of a header; paragraphs are filled."""
    lines: list[str] = []
    for of, name in unit.names.items():
        lines += _filled(f"{name}(z) = {contents[of].text}", 4)
        if (found := contents[of].recognition) is not None:
            lines += _filled(f"which is {found.text}, {found.evidence}, and is written as that", 4, 4)
    lines += [line for text in explanations for line in _filled(text, 4, 4)]
    if f.is_declared:
        lines += _filled(f"{f.name}: {f.declaration.source}", 4)
    lines += ["", *_filled(_in_words(unit.dtype, unit.compute), 0)]
    lines += _filled(f"Distance from the exact value, {measured_by}:", 0)
    for of, name in unit.names.items():
        lines += [line for text in _errors(contents[of].measurement, name) for line in _filled(text, 4, 2)]
    lines += [line for text in warnings for line in _filled(text, 0)]
    lines += ["", *_filled(f"Made by actcalc {__version__}" + (f": {command}" if command else ""), 4)]
    return tuple(lines)


def _filled(text: str, hanging: int, indent: int = 0) -> list[str]:
    return wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _in_words(dtype: Format, compute: Format) -> str:
    if dtype is compute:
        return f"In {dtype}."
    return f"In {dtype}, worked out in {compute} and rounded once."


def count_of(measurement: Measurement) -> str:
    """The numbers at which something was measured, in words."""
    fmt, count = measurement.format, measurement.points
    return f"all {count:,} finite {fmt} numbers" if fmt.is_short else f"{count:,} {fmt} numbers"


def _errors(found: Measurement, name: str) -> Iterator[str]:
    """The largest error, and the stretches where it is larger than it ought to be."""
    if found.is_right:
        yield f"{name}: all are correctly rounded"
        return
    yield f"{name}: largest error {_at(found.largest, found.format)}"
    roots = [stretch for stretch in found.stretches if stretch.reason is Reason.ROOT]
    for stretch in found.stretches:
        if stretch.reason is not Reason.ROOT or len(roots) <= _FEW:
            yield _stretch(stretch, found)
    if len(roots) > _FEW:
        largest = max((stretch.largest for stretch in roots), key=lambda error: error.ulps)
        places = ", ".join(f"{stretch.root:.8g}" for stretch in sorted(roots, key=_from_zero)[:_FEW])
        yield (
            f"within {BESIDE} of the roots of g{prime(found.of)} at z = {places} and {len(roots) - _FEW} more:"
            f" up to {_at(largest, found.format)}"
        )


def _from_zero(stretch: Stretch) -> float:
    return abs(stretch.root or 0.0)


def _stretch(stretch: Stretch, found: Measurement) -> str:
    fmt = found.format
    where = f"from z = {fmt.text(stretch.low)} to {fmt.text(stretch.high)}"
    if stretch.low == stretch.high:
        where = f"at z = {fmt.text(stretch.low)}"
    up_to = f"up to {_at(stretch.largest, fmt)}"
    if stretch.reason is Reason.ROOT:
        return f"{where}, beside the root of g{prime(found.of)} at z = {stretch.root:.8g}: {up_to}"
    if stretch.reason is Reason.UNDERFLOW:
        return f"{where}, where it or a part of it is subnormal: {up_to}"
    return f"{where}: {up_to}"


def _at(error: Error, fmt: Format) -> str:
    """An error in words."""
    where = f"at z = {fmt.text(error.z)}"
    return f"{ulps_text(error.ulps)} {where}"


def ulps_text(ulps: float) -> str:
    """An error in ulps, as text of three digits."""
    if not math.isfinite(ulps):
        return "all digits, as NaN stands for a number or a number for NaN,"
    return f"{ulps:.3g} ulp{'s' * (ulps > 1)}"
