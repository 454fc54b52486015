"""Arrays of other libraries are returned in kind; activations can be pickled."""

import copy
import pickle
import sys
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc import ActcalcError
from actcalc.numbers.foreign import library_of

POINTS = [-3.0, -0.5, 0.0, 1.5, float("inf"), float("nan")]


def right(name: str, what: str, dtype: str) -> list[float]:
    """The right values, evaluated as single points."""
    f = actcalc.activation(name)
    return [getattr(f, what)(z, dtype=dtype) for z in POINTS]


@pytest.mark.parametrize("what", ["g", "dg"])
def test_bfloat16_of_ml_dtypes(what: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    z = np.array(POINTS, ml_dtypes.bfloat16)
    got = getattr(actcalc.activation("gelu"), what)(z)
    assert got.dtype == z.dtype
    np.testing.assert_array_equal(got.astype(np.float64), right("gelu", what, "bfloat16"))
    assert actcalc.check("gelu", z, got, of="deriv" if what == "dg" else "g").dtype == "bfloat16"


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_torch(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    z = torch.tensor(POINTS, dtype=getattr(torch, dtype), requires_grad=True)
    got = actcalc.activation("gelu").dg(z)
    assert isinstance(got, torch.Tensor)
    assert (got.dtype, got.device, got.requires_grad) == (z.dtype, z.device, False)
    np.testing.assert_array_equal(got.double().numpy(), right("gelu", "dg", dtype))
    finite = slice(0, 4)
    assert actcalc.check("gelu", z[finite], got[finite]).correctly_rounded == 4


EIGHT = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz")


@pytest.mark.parametrize("dtype", ["bfloat16", *EIGHT, "q0.15", "uq0.16", "s8:1/100,3", "q15.16", "float64"])
def test_results_in_another_format(dtype: str) -> None:
    """NumPy and torch results have the dtype of the format; single values are numbers."""
    ml_dtypes, f = pytest.importorskip("ml_dtypes"), actcalc.activation("tanh")
    z = np.array(POINTS[:5], np.float32)
    kinds = {
        "q0.15": "int16",
        "uq0.16": "uint16",
        "s8:1/100,3": "int8",
        "q15.16": "int32",
        "float64": "float64",
    }
    one = [f.g(x, "float32", out_dtype=dtype, rounding="up") for x in POINTS[:5]]
    assert all(isinstance(x, int if kinds.get(dtype, "f")[0] in "iu" else float) for x in one)
    got = f.g(z, out_dtype=dtype, rounding="up")
    assert got.dtype == (np.dtype(kinds[dtype]) if dtype in kinds else getattr(ml_dtypes, dtype))
    assert got.astype(np.float64).tolist() == one
    torch = sys.modules.get("torch")
    if torch is not None:
        of_torch = f.g(torch.from_numpy(z), out_dtype=dtype, rounding="up")
        assert of_torch.dtype == getattr(torch, kinds.get(dtype, dtype))
        assert of_torch.double().tolist() == one


def test_arrays_of_codes() -> None:
    f, codes = actcalc.activation("tanh"), np.array([[-32768, 0], [2048, 32767]], np.int16)
    got = f.g(codes, "q3.12", out_dtype="float32")
    assert (got.dtype, got.shape) == (np.float32, (2, 2))
    values = codes.astype(np.float64) / 4096
    np.testing.assert_array_equal(
        got, [[f.g(x, "q3.12", out_dtype="float32") for x in row] for row in values]
    )
    for kind in (np.int64, np.uint16):
        assert f.g(np.array([0, 2048], kind), "q3.12").tolist() == [0, f.g(0.5, "q3.12")]
    assert f.g(np.zeros(0, np.int8), "q3.12").dtype == np.int16
    for z, message in [
        (np.array([0, 40000]), "codes of q3.12, -32768 to 32767, not 40000"),
        (np.array([1, 2**63], np.uint64), f"not {2**63}"),
        (np.array([-40000]), "not -40000"),
        (np.array([0.5]), "codes of q3.12, which are integers, not float64"),
    ]:
        with pytest.raises(ActcalcError, match=message):
            f.g(z, "q3.12")
    with pytest.raises(ActcalcError, match="no value at z = nan"):
        f.g(np.array([0.0, np.nan]), out_dtype="q0.15")


def test_dask_in_another_format() -> None:
    dask = pytest.importorskip("dask.array")
    z = np.linspace(-1, 1, 9, dtype=np.float32)
    got = actcalc.activation("tanh").g(dask.from_array(z, chunks=4), out_dtype="q0.15", rounding="down")
    assert got.dtype == np.int16
    right = actcalc.activation("tanh").g(z, out_dtype="q0.15", rounding="down")
    np.testing.assert_array_equal(got.compute(), right)


def test_torch_in_any_layout() -> None:
    torch = pytest.importorskip("torch")
    z = torch.arange(6, dtype=torch.float32).reshape(2, 3).T
    got = actcalc.activation("tanh").g(z)
    assert got.shape == (3, 2)
    assert got[2, 1] == actcalc.activation("tanh").g(5.0, dtype="float32")


def test_torch_tensors_other_than_dense_floats_are_refused() -> None:
    torch = pytest.importorskip("torch")
    f = actcalc.activation("tanh")
    for z, message in [
        (torch.tensor([1, 2]), "z must be of float64.*not int64"),
        (torch.eye(2).to_sparse(), "z must be dense, not torch.sparse"),
        (torch.empty(3, device="meta"), "meta device"),
    ]:
        with pytest.raises(ActcalcError, match=message):
            f.g(z)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_jax(dtype: str) -> None:
    jnp = pytest.importorskip("jax.numpy")
    z = jnp.asarray(POINTS, dtype)
    got = actcalc.activation("silu").g(z)
    assert isinstance(got, type(z))
    assert (got.dtype, got.sharding) == (z.dtype, z.sharding)
    np.testing.assert_array_equal(np.asarray(got, np.float64), right("silu", "g", dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_mlx(dtype: str) -> None:
    mx = pytest.importorskip("mlx.core")
    with mx.stream(mx.cpu):
        z = mx.array(POINTS).astype(getattr(mx, dtype))
        got = actcalc.activation("gelu").dg(z)
        assert isinstance(got, mx.array)
        assert got.dtype == z.dtype
        # float32 contains all of these except the values of float64.
        held = np.array(got if dtype == "float64" else got.astype(mx.float32), np.float64)
    np.testing.assert_array_equal(held, right("gelu", "dg", dtype))
    finite = slice(0, 4)
    assert actcalc.check("gelu", z[finite], got[finite]).correctly_rounded == 4


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_tensorflow(dtype: str) -> None:
    tf = pytest.importorskip("tensorflow")
    z = tf.cast(tf.constant(POINTS, tf.float64), dtype)
    got = actcalc.activation("gelu").dg(z)
    assert tf.is_tensor(got)
    assert (got.dtype, got.device) == (z.dtype, z.device)
    np.testing.assert_array_equal(tf.cast(got, tf.float64).numpy(), right("gelu", "dg", dtype))
    assert actcalc.check("gelu", z[:4], got[:4]).correctly_rounded == 4
    with pytest.raises(ActcalcError, match="no numbers in a graph"):
        tf.function(actcalc.activation("gelu").g, autograph=False)(z)


@pytest.mark.parametrize(("module", "way_out"), [("tensorflow", "tf.cast"), ("mlx.core", "z.astype")])
def test_integers_of_other_libraries_are_refused(module: str, way_out: str) -> None:
    library = pytest.importorskip(module)
    z = library.constant([1, 2]) if module == "tensorflow" else library.array([1, 2])
    with pytest.raises(ActcalcError, match=r"must be of float64.*not int32") as caught:
        actcalc.activation("gelu").g(z)
    assert way_out in caught.value.hint


def test_arrays_traced_by_jax_are_refused() -> None:
    jax = pytest.importorskip("jax")
    with pytest.raises(ActcalcError, match="while jax traces"):
        jax.jit(actcalc.activation("silu").g)(1.0)


def test_dask_stays_lazy() -> None:
    dask = pytest.importorskip("dask.array")
    z = dask.from_array(np.linspace(-3, 3, 10, dtype=np.float32), chunks=4)
    for what in ("g", "dg"):
        got = getattr(actcalc.activation("elu", alpha=2), what)(z)
        assert isinstance(got, dask.Array)
        assert (got.dtype, got.chunks) == (z.dtype, z.chunks)
        np.testing.assert_array_equal(
            got.compute(scheduler="synchronous"),
            getattr(actcalc.activation("elu", alpha=2), what)(z.compute()),
        )
    assert actcalc.activation("relu").g(dask.arange(4, chunks=2)).dtype == np.float64


def test_nothing_is_imported_to_know_an_array() -> None:
    before = set(sys.modules)
    assert not library_of(np.zeros(2))
    assert set(sys.modules) == before


SETTINGS: list[tuple[str, dict[str, Any]]] = [("tanh", {}), ("elu", {"alpha": "1/3"})]


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_an_activation_can_be_pickled_and_copied(name: str, parameters: dict[str, Any]) -> None:
    f = actcalc.activation(name, **parameters)
    f.g(1.0)  # cached results are not pickled
    for other in (pickle.loads(pickle.dumps(f)), copy.copy(f), copy.deepcopy(f)):
        assert other == f
        assert hash(other) == hash(f)
        assert other.texts == f.texts
        assert repr(other) == repr(f)
        assert other.dg(-1.5) == f.dg(-1.5)


def test_activations_are_compared_by_name_and_parameters() -> None:
    elu = actcalc.activation("elu")
    assert elu == actcalc.activation("ELU", alpha="1.0")
    assert elu != actcalc.activation("elu", alpha=2)
    assert elu != actcalc.activation("celu")
    assert elu != "elu"
    assert len({elu, actcalc.activation("elu", alpha=1), actcalc.activation("tanh")}) == 2


def test_a_float32_as_a_parameter_is_that_float32() -> None:
    slope: Any = np.float32(0.2)
    f = actcalc.activation("leaky_relu", slope=slope)
    assert f.texts["slope"] == "0.20000000298023223876953125"
    assert f.g(-1.0) == -float(np.float32(0.2))
    assert actcalc.activation("leaky_relu", slope=np.float64(0.2)) == actcalc.activation(
        "leaky_relu", slope="0.2"
    )
