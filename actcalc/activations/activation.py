"""The library's face: g and g' of numbers, texts and arrays."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar, overload

from actcalc.activations.declaration import Quantity, quantity
from actcalc.activations.function import Function
from actcalc.activations.kinks import check_at_kink
from actcalc.errors import ActcalcError
from actcalc.numbers.floats import Format, float_format
from actcalc.numbers.numerals import Numeral, exact_text, read_float

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Real = str | int | float | Fraction | Decimal
"""A point z as a caller may write it; a float stands for its own value."""
Arrays = TypeVar("Arrays")
"""Arrays of a library, and NumPy's scalars: the same kind comes back."""


class Activation(Function):
    """An activation with values for its parameters."""

    variable = "z"
    """The name that stood for z where it was written."""

    def __repr__(self) -> str:
        return f"<Activation {self.describe()}>"

    def __dir__(self) -> list[str]:
        """The attributes that are meant for users; of a formula neither range nor kinks are declared."""
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
        """Whether it is the same function: of one name, with parameters of the same values."""
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

    def g(self, z: Any, dtype: str | None = None) -> Any:
        """g(z): the exact value at z, rounded once.

        z is a number, rounded to ``dtype`` (float64 unless given) first, or a text as the command
        line takes it; the result is a float. Or z is a NumPy array or scalar, or a list that becomes one, of
        float64, float32, float16, bfloat16 of ml_dtypes, or integers, which count as float64, in any
        shape; or a torch, jax, tensorflow or mlx array of floats; or a Dask array, which stays lazy.
        The result is of the same kind, shape, dtype and device. NaN gives NaN and an infinity the limit.

        Raises ActcalcError for what is no number, for an array of any other dtype, and as UnsettledError for
        a value that no digits settle; in an array that is NaN, and one UnsettledWarning tells of all.
        """
        return self._evaluate(z, "g", "least", dtype)

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

    def dg(self, z: Any, at_kink: str = "least", dtype: str | None = None) -> Any:
        """g'(z): the exact value at z, rounded once; numbers and arrays as in ``g``.

        At a kink, where the slopes on either side differ, g' is undefined, and ``at_kink`` says what is
        returned: ``least`` the number nearest to 0 between the two slopes, ``left`` or ``right`` the slope
        on that side, ``nan`` NaN.
        """
        return self._evaluate(z, "dg", at_kink, dtype)

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

    def derivative(self, z: Any, order: int = 1, at_kink: str = "least", dtype: str | None = None) -> Any:
        """The derivative of g of this order, 0 (g itself) to 8, at z: as ``g``.

        Where it or one of lower order has no one value, by the rule ``at_kink``: see ``dg``.
        """
        return self._evaluate(z, quantity(order), at_kink, dtype)

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

    def dg_from_a(self, a: Any, at_kink: str = "least", dtype: str | None = None) -> Any:
        """The slope where g has the value ``a``, from ``a`` alone; numbers, arrays and rules as in ``dg``.

        Raises ActcalcError if ``a`` is outside the closed range of g, or if ``a`` does not
        determine the slope.
        """
        return self._evaluate(a, None, at_kink, dtype)

    def _evaluate(self, z: Any, of: Quantity | None, at_kink: str, dtype: str | None) -> Any:
        """A quantity at numbers of any kind; without ``of`` the slope where they are values of g."""
        check_at_kink(at_kink)
        if _is_array(z, dtype):
            from actcalc.activations import arrays
            from actcalc.activations.foreign import of_array

            def evaluate(x: Any, fmt: Format, aside: Any) -> Any:
                if of is None:
                    return arrays.dg_from_a_array(self, x, fmt, at_kink, aside)
                return arrays.derivative_array(self, x, of, fmt, at_kink, aside)

            return of_array(z, evaluate)
        fmt = float_format(dtype or "float64")
        x = to_float(z, fmt)
        return self.derivative_float(x, of, fmt, at_kink) if of else self.dg_from_a_float(x, fmt, at_kink)


def _is_array(z: Any, dtype: str | None) -> bool:
    """Whether ``z`` is an array, a list, or a scalar of NumPy; of those float64 may be rounded to a dtype."""
    if isinstance(z, float | int | str | Fraction | Decimal):
        return isinstance(z, float) and dtype is None and type(z) is not float and hasattr(z, "__array__")
    if not isinstance(z, list | tuple) and not hasattr(z, "__array__"):
        from actcalc.numbers.foreign import library_of

        if not library_of(z):
            return False
    if dtype is not None:
        raise ActcalcError("an array has its own dtype: leave out dtype, or convert it with astype")
    return True


def to_float(z: Real, fmt: Format) -> float:
    """``z`` rounded once to ``fmt``. Raises ActcalcError if it is no number."""
    if isinstance(z, float):
        return fmt.round_float(z)
    if isinstance(z, str):
        return read_float(z, fmt)
    if isinstance(z, Decimal):
        return Numeral(str(z)).to_format(fmt)
    if isinstance(z, int | Fraction):
        return fmt.round_exact(Fraction(z))
    raise ActcalcError(f"z must be a number, not {type(z).__name__}")
