"""Somebody's values of an activation compared with the right ones.

A ``Comparison`` takes pairs of z and a computed value, block by block, and makes a ``Report``.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import GivenQuantity, parse_quantity
from actcalc.activations.kinks import check_at_kink
from actcalc.catalogue.resolution import resolve
from actcalc.checking.agreement import Agreement, agreement_of
from actcalc.checking.block import Block, counted_block, measure_of
from actcalc.checking.judge import WITHIN_AN_ULP, Judge, parse_judge
from actcalc.checking.report import Report, against, report_of
from actcalc.checking.tally import Tally
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.array_values import check_not_bare_patterns, from_patterns, to_format
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.foreign import take, take_integers
from actcalc.numbers.integers import IntegerFormat, NumberFormat
from actcalc.numbers.numerals import Exact
from actcalc.numbers.roundings import Rounding, number_format

_SMALL, _LARGE = 1 << 14, 1 << 20
"""Pairs compared at a time, by NumPy and by a compiled loop, where the number of steps takes the time."""


class Comparison:
    """A comparison of computed values at z with the right ones, block by block."""

    def __init__(
        self,
        f: Activation,
        of: str = "dg",
        fmt: NumberFormat = FLOAT64,
        at_kink: str | None = None,
        judge: Judge = WITHIN_AN_ULP,
        worst: int = 0,
        expected: int = 0,
        out: Rounding | None = None,
    ) -> None:
        """See ``check``. ``expected`` is the number of pairs, if known; ``out`` is the rounding of values.

        Raises ActcalcError for a bad ``of``, ``at_kink`` or ``worst``.
        """
        quantity = parse_quantity(of)
        if at_kink is not None:
            check_at_kink(at_kink)
        if not isinstance(worst, int) or worst < 0:
            raise ActcalcError(f"must be a whole number of at least 0, not {worst!r}", about="worst")
        self._judge = judge
        self._measure = measure_of(f, quantity, fmt, judge, at_kink, out)
        self._count, self._expected = 0, expected
        self._agreement = Agreement()
        self._tally = Tally(fmt.name, most=worst, way=self._measure.way, ascending=False)

    def add(self, z: Array, x: Array) -> None:
        """Compare values ``x`` computed at ``z``: two float64 arrays of one dimension, in their formats."""
        self._count += len(z)
        size = _LARGE if self._measure.hurry(max(self._count, self._expected)) else _SMALL
        for start in range(0, len(z), size):
            self._add(z[start : start + size], x[start : start + size])

    def _add(self, z: Array, x: Array) -> None:
        quick = counted_block(self._measure, self._judge, z, x, ascending=False)
        if quick is not None:
            self._tally += quick.tally(self._tally.most)
            return
        found, settled = self._measure(z, x)
        left_out = np.delete(z, settled)
        z, x = z[settled], x[settled]
        if self._judge.rtol is not None:
            self._agreement += agreement_of(
                self._judge, z, x, found.right, found.correct, self._measure.ruler
            )
        tally = Block(self._measure, self._judge, z, x, found, ascending=False).tally(self._tally.most)
        if len(left_out):
            first = {**tally.first, "unsettled": float(left_out[0])}
            tally = replace(tally, counts={**tally.counts, "unsettled": len(left_out)}, first=first)
        self._tally += tally

    def report(self) -> Report:
        """The report on all that was added. Raises ActcalcError if nothing was compared."""
        tally = self._tally
        if not (tally.counts.get("points") or tally.counts.get("unsettled")):
            raise ActcalcError("there are no points to compare")
        report = report_of(self._measure, tally, self._judge)
        message = against(report)
        agreement = None if self._judge.rtol is None else self._agreement
        return replace(report, message=message, passed=not message, agreement=agreement)


def check(
    f: str | Activation,
    z: Any,
    values: Any,
    /,
    of: GivenQuantity = "dg",
    dtype: str | None = None,
    at_kink: str | None = None,
    max_ulp: Exact | None = None,
    strict_zero: bool = False,
    flush_to_zero: bool = False,
    worst: int = 0,
    daz: bool = False,
    atol: Exact = 0,
    rtol: Exact | None = None,
    out_dtype: str | None = None,
    rounding: str = "nearest",
    overflow: str | None = None,
    **parameters: Exact,
) -> Report:
    """Compare ``values``, which somebody computed at ``z``, with the right ones.

    ``f`` is an activation or a name, as for ``actcalc.activation``. ``z`` and ``values`` are arrays of one
    shape, of floats or integers, of any library that ``Activation.g`` takes; lists are converted. ``of`` says
    what was computed: ``g``, its slope ``dg``, or ``d2g`` to ``d8g``. ``dtype`` is the format of the numbers,
    by default the dtype of ``values``; if it is given, unsigned integers of its width, such as uint16, are
    bit patterns. All numbers must be values of that format.

    ``out_dtype`` is the format of the values, and of the ulps, if it is not that of z. ``rounding`` (nearest,
    nearest-away, zero, up or down) and ``overflow`` (nan, inf or saturate) say which result is right. In
    integer formats such as ``"q0.15"`` or ``"s8:1/256,-128"``, z and values are codes; an ulp is one code.

    ``max_ulp`` is the largest error in ulps that passes, by default 1; 0.5 asks for correct rounding. Points
    within ``atol`` of the right value pass, too. With ``rtol``, which excludes ``max_ulp``, points pass as by
    NumPy's ``allclose``: within ``atol + rtol*abs(right)``. At a kink any slope between the two one-sided
    ones is right, at a jump either limit, and likewise at the value of the format nearest to a kink that is
    not itself a value; ``at_kink``, one of ``kinks.AT_KINK``, asks for one of them. ``strict_zero`` fails
    zeros of the wrong sign; ``flush_to_zero`` passes zeros for subnormal numbers, and ``daz`` the value at 0
    where z is subnormal. The report lists the ``worst`` points: first some for each reason to fail, then
    passing ones.

    Raises ActcalcError for arrays of other dtypes, of different shapes, or empty, for numbers that are not
    values of ``dtype``, and for unknown options and parameters.
    """
    if isinstance(f, Activation):
        if parameters:
            raise ActcalcError(f"{quote(f.describe())} already has its parameters")
    else:
        f = resolve(f, parameters)
    given = None if dtype is None else number_format(dtype)
    given_out = given if out_dtype is None else number_format(out_dtype, "out_dtype")
    (z, held_by_z, _), (values, held, _) = (
        take(_codes(x, fmt), name) for x, fmt, name in ((z, given, "z"), (values, given_out, "values"))
    )
    if given is None and given_out is None:
        check_not_bare_patterns([z, values])
    z, values = from_patterns(z, given), from_patterns(values, given_out)
    if z.shape != values.shape:
        raise ActcalcError(f"z and values must have the same shape, not {z.shape} and {values.shape}")
    fmt: NumberFormat = given or (held if out_dtype is None else held_by_z)
    out = Rounding(given_out or held, rounding, overflow)
    judge = parse_judge(max_ulp, atol, rtol, strict_zero, flush_to_zero, daz)
    comparison = Comparison(f, of, fmt, at_kink, judge, worst, z.size, out)
    z, values = z.reshape(-1), values.reshape(-1)
    for start in range(0, len(z), _LARGE):
        block = slice(start, start + _LARGE)
        comparison.add(
            to_format("z", z[block], fmt, start), to_format("values", values[block], out.fmt, start)
        )
    return comparison.report()


def _codes(x: Any, fmt: NumberFormat | None) -> Any:
    """``x``; if it is to be codes and another library holds them, an array of NumPy."""
    integers = take_integers(x) if isinstance(fmt, IntegerFormat) else None
    return x if integers is None else integers
