"""The comment at the top of a source file: its contents, measured errors, and the command that made it."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from actcalc._version import __version__
from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity, prime
from actcalc.catalogue.recognition import Recognition
from actcalc.code.candidates import Printed
from actcalc.code.expression import Unit
from actcalc.code.measured import BESIDE, Error, Measurement, Reason, Stretch
from actcalc.numbers.floats import Format
from actcalc.teaching.facts import meanings

WIDTH = 84
"""The width of a line, without the comment sign."""
_FEW = 3
"""Up to this number of roots are named one by one."""
_MOST = 6
"""The most intervals to name."""


def header(
    unit: Unit,
    f: Activation,
    printed: Mapping[Quantity, Printed],
    measured_by: str,
    warnings: Sequence[str],
    command: str,
) -> tuple[str, ...]:
    """The lines of the header of a file with measured errors."""
    recognitions = {of: one.recognition for of, one in printed.items()}
    lines = opening(f, unit.names, recognitions, {of: one.text for of, one in printed.items()})
    measurements = [one.measurement for one in printed.values()]
    where = f"at {count_of(measurements[0])}"
    lines += [
        "",
        *filled(f"{_computed_in(unit.dtype, unit.compute)} Errors, measured {measured_by} {where}:"),
    ]
    for of, name in unit.names.items():
        told = [*_errors(printed[of].measurement, name), *printed[of].losses]
        lines += [line for text in told for line in filled(text, 4, 4)]
    lines += [line for text in warnings for line in filled(text)]
    return (*lines, *closing(command))


def opening(
    f: Activation,
    names: Mapping[Quantity, str],
    recognitions: Mapping[Quantity, Recognition | None],
    written: Mapping[Quantity, str],
) -> list[str]:
    """The lines about the functions: formulas, known equals, the forms ``written``, and the source."""
    texts = {"g": f.g_text, "dg": f.dg_text}
    lines: list[str] = []
    for of, name in names.items():
        lines += filled(f"{name}(z) = {texts[of]}", 4)
        if (one := recognitions[of]) is not None:
            lines += filled(f"which is {one.text}, {one.evidence}", 4, 4)
        if written.get(of):
            lines += filled(f"written as {written[of]}", 4, 4)
    shown = " ".join(texts[of] for of in names)
    settings = [f"{key} = {text}" for key, text in f.texts.items() if re.search(rf"\b{key}\b", shown)]
    lines += [line for text in (*settings, *meanings(f.declaration, shown)) for line in filled(text, 4, 4)]
    return lines + (filled(f"{f.name}: {f.declaration.source}", 4) if f.is_declared else [])


def closing(command: str) -> list[str]:
    """The lines about the program and the command that made a file."""
    return ["", *filled(f"Made by actcalc {__version__}" + (f": {command}" if command else ""), 4)]


def filled(text: str, hanging: int = 0, indent: int = 0) -> list[str]:
    """A paragraph in lines with an indent; all but the first are indented by ``hanging`` more."""
    return wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _computed_in(dtype: Format, compute: Format) -> str:
    if dtype is compute:
        return f"Computed in {dtype}."
    return f"z and results are {dtype}; computed in {compute}, and rounded once."


def count_of(measurement: Measurement) -> str:
    """The numbers at which errors were measured, in words."""
    fmt, count = measurement.format, measurement.points
    return f"all {count:,} finite {fmt} numbers" if measurement.is_whole else f"{count:,} {fmt} numbers"


def _errors(found: Measurement, name: str) -> Iterator[str]:
    """The largest error, and the stretches where errors are larger than they should be."""
    fmt = found.format
    special = [
        f"{name}({fmt.text(z)}) is {fmt.text(x)}{_limit(z, right, fmt)}" for z, x, right in found.special
    ]
    if found.is_right:
        yield f"{name}: all results are correctly rounded"
        yield from special
        return
    yield f"{name}: {_error(found.largest, fmt, 'largest error')}"
    yield from special
    root = f"root of g{prime(found.of)}"
    groups = _gathered(found.stretches)
    alone = (None, found.largest.z, found.largest.z)
    shown = [group for group in groups if group[0].reason is not Reason.ROOT and group[0][:3] != alone]
    roots = [group for group in groups if group[0].reason is Reason.ROOT]
    shown += roots if len(roots) <= _FEW else []
    for group in sorted(shown[:_MOST], key=lambda group: group[-1].low):
        one = group[-1]
        reason = ""
        if one.reason is Reason.UNDERFLOW:
            reason = ", where it or a part of it is subnormal"
        elif one.root is not None:
            reason = f", beside the {root} at z = {'+-' * (len(group) > 1)}{one.root:.8g}"
        largest = max((stretch.largest for stretch in group), key=lambda error: error.ulps)
        yield f"{_where(group, fmt)}{reason}: {_error(largest, fmt, 'up to')}"
    if len(shown) > _MOST:
        yield f"and in {len(shown) - _MOST} more intervals"
    if len(roots) > _FEW:
        largest = max((stretch.largest for group in roots for stretch in group), key=lambda error: error.ulps)
        yield (f"within {BESIDE} of each {root} ({len(roots)} were met): {_error(largest, fmt, 'up to')}")


def _limit(z: float, right: float, fmt: Format) -> str:
    return "" if math.isnan(z) else f", where the limit is {fmt.text(right + 0.0)}"


def _gathered(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Each stretch together with its mirror image on the other side of 0, if there is one."""
    groups: list[list[Stretch]] = []
    for stretch in stretches:
        mirror = (stretch.reason, -stretch.high, -stretch.low)
        group = next((one for one in groups if one[0][:3] == mirror), None)
        if group is None:
            groups.append([stretch])
        else:
            group.append(stretch)
    return groups


def _where(group: Sequence[Stretch], fmt: Format) -> str:
    """The interval of a stretch, or of two mirror images."""
    one = group[-1]
    z, low, high = "|z|" if len(group) > 1 else "z", fmt.text(one.low), fmt.text(one.high)
    return f"at {z} = {low}" if low == high else f"from {z} = {low} to {high}"


def _error(error: Error, fmt: Format, words: str) -> str:
    """A text about an error and its z, which begins with ``words``."""
    where = f"at z = {fmt.text(error.z)}"
    if not math.isfinite(error.ulps):
        return f"NaN instead of a number, or a number instead of NaN, {where}"
    return f"{words} {ulps_text(error.ulps)} {where}"


def ulps_text(ulps: float) -> str:
    """The text of a finite error, in three digits."""
    return f"{ulps:.3g} ulp{'s' * (ulps > 1)}"
