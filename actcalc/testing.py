"""Assertions for the tests of your own activation functions."""

from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import GivenQuantity
from actcalc.checking.comparison import check
from actcalc.numbers.numerals import Exact


def assert_max_ulp(
    f: str | Activation,
    z: Any,
    values: Any,
    /,
    of: GivenQuantity = "dg",
    max_ulp: Exact = 1,
    dtype: str | None = None,
    at_kink: str | None = None,
    strict_zero: bool = False,
    flush_to_zero: bool = False,
    worst: int = 5,
    daz: bool = False,
    atol: Exact = 0,
    out_dtype: str | None = None,
    rounding: str = "nearest",
    overflow: str | None = None,
    **parameters: Exact,
) -> None:
    """Raise AssertionError, with the report, unless ``values`` computed at ``z`` are right to ``max_ulp``.

    Takes the arguments of ``actcalc.check``: lists, and arrays of NumPy, ml_dtypes, torch, jax, tensorflow,
    mlx and Dask; ``out_dtype`` is the format of the values where it differs from that of z. Like ``check``
    it raises ActcalcError for input that cannot be compared.

    >>> assert_max_ulp("relu", [-1.0, 2.0], [0.0, 1.0], of="dg", max_ulp=0.5)
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    report = check(
        f,
        z,
        values,
        of=of,
        dtype=dtype,
        at_kink=at_kink,
        max_ulp=max_ulp,
        strict_zero=strict_zero,
        flush_to_zero=flush_to_zero,
        worst=worst,
        daz=daz,
        atol=atol,
        out_dtype=out_dtype,
        rounding=rounding,
        overflow=overflow,
        **parameters,
    )
    if not report.passed:
        raise AssertionError(f"{report!r}\n{report}")
