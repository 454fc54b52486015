"""The public class ``Activation``: g and g' of numbers, texts and arrays."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from actcalc.activations.declaration import Quantity, quantity
from actcalc.activations.function import Function
from actcalc.activations.kinks import check_at_kink
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import Format, find_format
from actcalc.numbers.numerals import Numeral, exact_text, read_float

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from actcalc.numbers.integers import IntegerFormat, NumberFormat
    from actcalc.numbers.roundings import Rounding

Real = str | int | float | Fraction | Decimal
"""The types in which a caller may give a point z; a float stands for its exact value."""
Arrays = TypeVar("Arrays")
"""An array of a library, or a NumPy scalar; the result has the same type."""


class Activation(Function):
    """An activation with values for its parameters."""

    variable = "z"
    """The name of z in the formula as it was written."""

    def __repr__(self) -> str:
        return f"<Activation {self.describe()}>"

    def __dir__(self) -> list[str]:
        """The public attributes; formulas declare neither a range nor kinks."""
        shape = ["kinks", "range"] if self.is_declared else []
        return [*("g", "dg", "derivative", "dg_from_a", "name", "label", "parameters", "describe"), *shape]

    def _repr_html_(self) -> str:
        """The formulas, the range and the kinks as a notebook shows them."""
        from actcalc.output.documents import Document
        from actcalc.output.formats import written
        from actcalc.output.rows import Column, FormulaText, Table, one_by_one

        facts = [["g(z)", FormulaText(self.textbook_g)], ["g'(z)", FormulaText(self.textbook_dg)]]
        if self.is_declared:
            kinks = ", ".join(f"z = {exact_text(kink.z)}" for kink in self.kinks)
            facts += [["range of g", str(self.range)], ["kinks", kinks or "none"]]
        table = Table([Column("fact"), Column("value")], one_by_one(facts))
        return written("html", Document(table, markup=[self.describe(), table]))

    def __eq__(self, other: object) -> bool:
        """Whether both are the same function: the same name and the same parameter values."""
        if not isinstance(other, Activation):
            return NotImplemented
        return (self.name, self.parameters) == (other.name, other.parameters)

    def __hash__(self) -> int:
        return hash((self.name, *self.parameters.values()))

    @overload
    def g(self, z: Real, dtype: str | None = None) -> float: ...

    @overload
    def g(
        self, z: "npt.NDArray[np.integer[Any]] | Sequence[Any]", dtype: str | None = None
    ) -> "npt.NDArray[Any]": ...

    @overload
    def g(self, z: Arrays, dtype: str | None = None) -> Arrays: ...

    @overload
    def g(
        self,
        z: Any,
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any: ...

    def g(
        self,
        z: Any,
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any:
        """g(z): the exact value at z, rounded once.

        z may be a number, which is first rounded to ``dtype`` (float64 by default), or a text as on the
        command line; the result is then a float. z may also be a NumPy array or scalar, or a list that
        becomes one, of any shape: float64, float32, float16, bfloat16 or an 8-bit float of ml_dtypes, or
        integers, which count as float64. It may be a torch, jax, tensorflow or mlx array of floats, or a Dask
        array, which stays lazy. The result has the same type, shape, dtype and device. NaN gives NaN, and an
        infinity gives the limit.

        ``out_dtype`` is the format of the result if it differs from that of z: a float format, or an integer
        format such as q0.15 or s8:1/127,0, whose codes are returned. If ``dtype`` is an integer format, an
        array of integers holds its codes. ``rounding`` is nearest, nearest-away, zero, up or down;
        ``overflow`` is the result for a number that is too large: nan, inf or saturate. Arrays are returned
        in NumPy's dtype, or that of ml_dtypes if it is installed.

        Raises ActcalcError if z is not a number, or is an array of another dtype, and its subclass
        UnsettledError if the rounding of a value stays undecided. In an array such values are NaN, and one
        UnsettledWarning reports them all.
        """
        return self._evaluate(z, "g", "least", dtype, _Out(out_dtype, rounding, overflow))

    __call__ = g

    @overload
    def dg(self, z: Real, at_kink: str = "least", dtype: str | None = None) -> float: ...

    @overload
    def dg(
        self,
        z: "npt.NDArray[np.integer[Any]] | Sequence[Any]",
        at_kink: str = "least",
        dtype: str | None = None,
    ) -> "npt.NDArray[Any]": ...

    @overload
    def dg(self, z: Arrays, at_kink: str = "least", dtype: str | None = None) -> Arrays: ...

    @overload
    def dg(
        self,
        z: Any,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any: ...

    def dg(
        self,
        z: Any,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any:
        """g'(z): the exact value at z, rounded once; see ``g`` for numbers and arrays.

        At a kink, where the slopes on either side differ, g' is undefined, and ``at_kink`` selects the
        result: ``least`` gives the number nearest to 0 between the two slopes, ``left`` and ``right`` give
        the slope on that side, and ``nan`` gives NaN.
        """
        return self._evaluate(z, "dg", at_kink, dtype, _Out(out_dtype, rounding, overflow))

    @overload
    def derivative(
        self, z: Real, order: int = 1, at_kink: str = "least", dtype: str | None = None
    ) -> float: ...

    @overload
    def derivative(
        self,
        z: "npt.NDArray[np.integer[Any]] | Sequence[Any]",
        order: int = 1,
        at_kink: str = "least",
        dtype: str | None = None,
    ) -> "npt.NDArray[Any]": ...

    @overload
    def derivative(
        self, z: Arrays, order: int = 1, at_kink: str = "least", dtype: str | None = None
    ) -> Arrays: ...

    @overload
    def derivative(
        self,
        z: Any,
        order: int = 1,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any: ...

    def derivative(
        self,
        z: Any,
        order: int = 1,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any:
        """The derivative of g of order 0 (g itself) to 8 at z; see ``g`` for numbers and arrays.

        Where it, or a derivative of lower order, is undefined, ``at_kink`` selects the result as in ``dg``.
        """
        return self._evaluate(z, quantity(order), at_kink, dtype, _Out(out_dtype, rounding, overflow))

    @overload
    def dg_from_a(self, a: Real, at_kink: str = "least", dtype: str | None = None) -> float: ...

    @overload
    def dg_from_a(
        self,
        a: "npt.NDArray[np.integer[Any]] | Sequence[Any]",
        at_kink: str = "least",
        dtype: str | None = None,
    ) -> "npt.NDArray[Any]": ...

    @overload
    def dg_from_a(self, a: Arrays, at_kink: str = "least", dtype: str | None = None) -> Arrays: ...

    @overload
    def dg_from_a(
        self,
        a: Any,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any: ...

    def dg_from_a(
        self,
        a: Any,
        at_kink: str = "least",
        dtype: str | None = None,
        *,
        out_dtype: str | None = None,
        rounding: str = "nearest",
        overflow: str | None = None,
    ) -> Any:
        """The slope at the point where g has the value ``a``, computed from ``a`` alone; otherwise as ``dg``.

        Raises ActcalcError if ``a`` is outside the closed range of g, or if ``a`` does not
        determine the slope.
        """
        return self._evaluate(a, None, at_kink, dtype, _Out(out_dtype, rounding, overflow))

    def _evaluate(self, z: Any, of: Quantity | None, at_kink: str, dtype: str | None, out: "_Out") -> Any:
        """Evaluate a quantity at numbers of any kind; if ``of`` is None, the slope from values a of g."""
        check_at_kink(at_kink)
        if _is_array(z, dtype):
            from actcalc.activations import arrays
            from actcalc.activations.foreign import of_array

            def evaluate(x: Any, fmt: "NumberFormat", aside: Any) -> Any:
                if of is None:
                    return arrays.dg_from_a_array(self, x, fmt, at_kink, aside, out.rounding(fmt))
                return arrays.derivative_array(self, x, of, fmt, at_kink, aside, out.rounding(fmt))

            return of_array(z, evaluate, _codes(dtype), out.format)
        fmt = _format_called(dtype or "float64")
        x, rounding = to_float(z, fmt), out.rounding(fmt)
        if of is None:
            value = self.dg_from_a_float(x, fmt, at_kink, rounding)
        else:
            value = self.derivative_float(x, of, fmt, at_kink, rounding)
        return value if isinstance(out.format(fmt), Format) else int(value)


class _Out(NamedTuple):
    """The requested format and rounding of a result."""

    dtype: str | None
    direction: str
    overflow: str | None

    def format(self, fmt: "NumberFormat") -> "NumberFormat":
        """The format of the result for z of the format ``fmt``."""
        return fmt if self.dtype is None else _format_called(self.dtype, "out_dtype")

    def rounding(self, fmt: "NumberFormat") -> "Rounding | None":
        """The rounding of the result for z of the format ``fmt``; None if it is the format's own."""
        if self == (None, "nearest", None):
            return None
        from actcalc.numbers.roundings import Rounding

        return Rounding(self.format(fmt), self.direction, self.overflow)


def _format_called(name: str, about: str = "dtype") -> "NumberFormat":
    """The format called ``name``. Raises ActcalcError about the argument ``about`` if it is unknown."""
    fmt = find_format(name)
    if fmt is None:
        from actcalc.numbers.roundings import number_format

        return number_format(name, about)
    return fmt


def _codes(dtype: str | None) -> "IntegerFormat | None":
    """The integer format whose codes an array holds, if one is given."""
    fmt = None if dtype is None else _format_called(dtype)
    if isinstance(fmt, Format):
        raise ActcalcError("an array has its own dtype: leave out dtype, or convert it with astype")
    return fmt


def _is_array(z: Any, dtype: str | None) -> bool:
    """Whether ``z`` is an array, a list or a NumPy scalar; a NumPy float64 with a dtype counts as a float."""
    if isinstance(z, float | int | str | Fraction | Decimal):
        return isinstance(z, float) and dtype is None and type(z) is not float and hasattr(z, "__array__")
    if isinstance(z, list | tuple) or hasattr(z, "__array__"):
        return True
    from actcalc.numbers.foreign import library_of

    return bool(library_of(z))


def to_float(z: Real, fmt: "NumberFormat") -> float:
    """``z`` rounded once to ``fmt``, as a code if that is an integer format.

    Raises ActcalcError if it is not a number.
    """
    if isinstance(z, float):
        return fmt.round_float(z)
    if isinstance(z, str):
        return read_float(z, fmt)
    if isinstance(z, Decimal):
        return Numeral(str(z)).to_format(fmt)
    if isinstance(z, int | Fraction):
        return fmt.round_exact(Fraction(z))
    raise ActcalcError(f"z must be a number, not {type(z).__name__}")
