"""Audits as the library has them: a framework's activations, or anybody's function, as a list of reports."""

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
    """Run activations at many points and hold them against the right values: a report for each row.

    ``target`` is the name of a framework, a function of an array, or its place ``MODULE:NAME``; or several of
    these. ``activations`` are names or made by ``actcalc.activation``; if there are none all that are known.
    ``parameters`` are those of one activation: a function that has them by name gets them. There is a row for
    each activation, ``dtype`` (all float formats of 16 bits and more unless given), quantity ``of`` it, and
    target; ``points`` are how many of wider formats than 16 bits are run, beside those that matter.

    ``out_dtype``, ``rounding`` and ``overflow`` say what is right as in ``check``. Of integer formats a
    function gets codes, in integers of NumPy's or another library, and returns such.

    A function takes ``arrays`` of NumPy unless it is one of torch, jax, tensorflow or mlx; ``slope`` is its
    slope, which else is that of the framework. ``max_ulp``, ``atol`` and ``rtol`` are as in ``check``; zeros
    for subnormal numbers pass, and the value at 0 where z is subnormal, unless ``strict_subnormals``. Each
    report lists the ``worst`` points.

    Raises ActcalcError for what is not known or not there; what a target raises is in its rows.
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
        raise ActcalcError("there are at least 2 points, and from 0 worst ones")
    if activations is None and any(callable(one) or ":" in one for one in _several(target)):
        raise ActcalcError("which activation is that function?", "for example: actcalc.audit(f, 'gelu')")
    options = Spec("", device, compiled, arrays, None, backend)
    targets = [_target(one, slope, options) for one in _several(target)]
    return list(
        rows.audit(targets, fs, quantities, fmts, rows.Options(judge, worst, results=results), points)
    )


def points(
    f: Named, dtype: str = "float64", /, count: int = 20_000, **parameters: Exact
) -> "npt.NDArray[Any]":
    """The points at which ``audit`` looks, in ascending order, in NumPy's dtype; bfloat16 as float32.

    Those are all finite values of a format of 16 bits; else ``count`` of them, and those that matter: around
    kinks, zeros and wherever the right values change their kind. Of an integer format they are codes.
    """
    fmt, (one,) = number_format(dtype), _activations(f, parameters)
    return places.points(one, fmt, count).astype(fmt.numpy)


def _several(one: Any) -> Sequence[Any]:
    return one if isinstance(one, Sequence) and not isinstance(one, str) else [one]


def _activations(named: Named | Sequence[Named] | None, parameters: dict[str, Exact]) -> list[Activation]:
    """Those named, or all. Raises ActcalcError for parameters of another number than one."""
    some = [] if named is None else _several(named)
    if parameters and (len(some) != 1 or isinstance(some[0], Activation)):
        raise ActcalcError("parameters are those of one activation, given by its name")
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
