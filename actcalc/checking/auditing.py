"""Audits of the library: a framework's activations, or anybody's function, as a list of reports."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import GivenQuantity, parse_quantity
from actcalc.catalogue import lookup
from actcalc.catalogue.resolution import resolve
from actcalc.checking import audit as rows
from actcalc.checking import points as places
from actcalc.checking.formats import Results
from actcalc.checking.judge import LENIENT, parse_judge
from actcalc.checking.report import Report
from actcalc.errors import ActcalcError
from actcalc.frameworks.function import FunctionTarget, import_function
from actcalc.frameworks.spec import Spec
from actcalc.frameworks.target import Target
from actcalc.numbers.numerals import Exact
from actcalc.numbers.roundings import number_format

if TYPE_CHECKING:
    import numpy.typing as npt

Function = Callable[[Any], Any]
Named: TypeAlias = str | Activation


def audit(
    target: str | Function | Sequence[str | Function],
    activations: Named | Sequence[Named] | None = None,
    /,
    of: GivenQuantity | Sequence[GivenQuantity] = rows.OF,
    dtype: str | Sequence[str] | None = None,
    points: int = 20_000,
    max_ulp: Exact | None = None,
    atol: Exact = 0,
    rtol: Exact | None = None,
    strict_subnormals: bool = False,
    worst: int = 0,
    slope: str | Function | None = None,
    arrays: str = "numpy",
    device: str | None = None,
    compiled: bool = False,
    backend: str | None = None,
    out_dtype: str | None = None,
    rounding: str = "nearest",
    overflow: str | None = None,
    **parameters: Exact,
) -> list[Report]:
    """Run activations at many points and compare them with the right values: a report for each row.

    ``target`` is the name of a framework, a function of an array, or its place ``MODULE:NAME``; or several of
    these. ``activations`` are names or objects from ``actcalc.activation``; by default all. ``parameters``
    are those of one activation; a function that has parameters of these names gets them. There is a row for
    each activation, ``dtype`` (by default all float formats of 16 bits and more), quantity ``of`` it, and
    target. In formats of more than 16 bits it is run at ``points`` points and at those that matter.

    ``out_dtype``, ``rounding`` and ``overflow`` say what is right, as in ``check``. For integer formats a
    function gets codes, as integers of NumPy or of another library, and returns codes.

    ``arrays`` says what a function takes: ``numpy``, torch, jax, tensorflow or mlx. ``slope`` computes its
    slope; by default the framework differentiates it. ``max_ulp``, ``atol`` and ``rtol`` are as in ``check``.
    Zero passes for a subnormal number, and the value at 0 for one at a subnormal z, unless
    ``strict_subnormals``. Each report lists the ``worst`` points.

    Raises ActcalcError for anything unknown or missing; errors that a target raises are in its rows.
    """
    fs = _activations(activations, parameters)
    fmts = [number_format(name) for name in _several(dtype or rows.USUAL)]
    out = None if out_dtype is None else number_format(out_dtype, "out_dtype")
    results = Results(out, rounding, overflow)
    for fmt in fmts:
        results.rounding(fmt)
    quantities = [parse_quantity(what) for what in _several(of)]
    spared = {} if strict_subnormals else {"flush_to_zero": LENIENT.flush_to_zero, "daz": LENIENT.daz}
    judge = parse_judge(max_ulp, atol, rtol, **spared)
    if points < 2 or worst < 0:
        raise ActcalcError("points must be at least 2, and worst at least 0")
    if activations is None and any(callable(one) or ":" in one for one in _several(target)):
        raise ActcalcError("no activation is given for the function", "for example: actcalc.audit(f, 'gelu')")
    options = Spec("", device, compiled, arrays, None, backend)
    targets = [_target(one, slope, options) for one in _several(target)]
    return list(
        rows.audit(targets, fs, quantities, fmts, rows.Options(judge, worst, results=results), points)
    )


def points(
    f: Named, dtype: str = "float64", /, count: int = 20_000, **parameters: Exact
) -> "npt.NDArray[Any]":
    """The points of ``audit``, in ascending order, in NumPy's dtype; bfloat16 as float32.

    They are all finite values of a format of up to 16 bits; of a wider one ``count`` of them, and those that
    matter: around kinks, zeros, and wherever the right values change their kind. In an integer format they
    are codes.
    """
    fmt, (one,) = number_format(dtype), _activations(f, parameters)
    return places.points(one, fmt, count).astype(fmt.numpy)


def _several(one: Any) -> Sequence[Any]:
    return one if isinstance(one, Sequence) and not isinstance(one, str) else [one]


def _activations(named: Named | Sequence[Named] | None, parameters: dict[str, Exact]) -> list[Activation]:
    """The activations named, or all. Raises ActcalcError for parameters unless one is named."""
    some = [] if named is None else _several(named)
    if parameters and (len(some) != 1 or isinstance(some[0], Activation)):
        raise ActcalcError("parameters need exactly one activation, given by its name")
    if named is None:
        return lookup.one_of_each()
    return [f if isinstance(f, Activation) else resolve(f, parameters) for f in some]


def _target(one: str | Function, slope: str | Function | None, options: Spec) -> Target:
    if isinstance(one, str) and ":" not in one:
        return options._replace(text=one).target()
    options._replace(text="a:function").check()
    functions = [import_function(f) if isinstance(f, str) else f for f in (one, slope) if f is not None]
    name = one if isinstance(one, str) else f"{one.__module__}:{getattr(one, '__qualname__', repr(one))}"
    own = functions[1] if len(functions) > 1 else None
    return FunctionTarget(name, functions[0], options.arrays, own, options.device, options.compiled)
