"""Known behaviour of frameworks, in the versions in which it was observed."""

import json
import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from importlib.util import find_spec
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

import actcalc
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.checking.audit import audit
from actcalc.checking.report import Report
from actcalc.errors import ActcalcError
from actcalc.frameworks.adapters.keras import BACKENDS
from actcalc.frameworks.framework import SLOPES_WITH, Framework
from actcalc.frameworks.function import FunctionTarget
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.frameworks.spec import Spec
from actcalc.frameworks.target import NotImplementedHere, Target, import_or_explain
from actcalc.numbers.floats import FORMATS
from tests.support.command import actcalc as actcalc_command

IMPLEMENTED = {"torch": 28, "jax": 26, "keras": 30, "tensorflow": 18, "onnxruntime": 28, "mlx": 26}
"""The number of activations that each framework has."""
WITH_SLOPES = [name for name in FRAMEWORKS if name != "onnxruntime"]


@lru_cache
def installed(framework: str, backend: str | None = None) -> Target:
    """The framework; the test is skipped if it is not installed."""
    wanted = [framework, *([backend] if backend else [])]
    if framework == "keras" and not any(map(find_spec, BACKENDS)):
        wanted += BACKENDS
    if missing := [name for name in wanted if find_spec(name) is None]:
        pytest.skip(f"{missing[0]} is not installed")
    return Spec(framework, backend=backend).target()


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    """End the processes of keras before Python exits."""
    yield
    installed.cache_clear()


def rows(
    framework: str, name: str, dtype: str, backend: str | None = None, of: str = "", **parameters: Any
) -> list[Report]:
    f = actcalc.activation(name, **parameters)
    quantities = [of] if of else ["g", "dg"]
    return list(audit(installed(framework, backend), [f], quantities, [FORMATS[dtype]], count=2000))


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("dtype", [name for name, fmt in FORMATS.items() if fmt.bits > 8])
def test_every_entry_is_the_function_it_says(framework: str, dtype: str) -> None:
    """Values and slopes agree to two digits at a few ordinary points, in formats with two digits."""
    found, z = installed(framework), np.array([-2.5, -0.75, 0.625, 2.25])
    implemented = dict.fromkeys(QUANTITIES[:2], 0)
    for name in actcalc.names():
        parameters = {"threshold": 0.5, "value": 0.25} if name == "threshold" else {}
        f = actcalc.activation(name, **parameters)
        for of in implemented:
            try:
                run = found.run(f, of, FORMATS[dtype])
                if run is None:
                    continue
                got = run(z)
            except NotImplementedHere:
                continue
            implemented[of] += 1
            right = f.g(z) if of == "g" else f.dg(z)
            np.testing.assert_allclose(got.values, right, rtol=0.03, atol=0.01, err_msg=f"{name} {of}")
            assert got.dtype == dtype or (framework, dtype) == ("keras", "float64")
    if framework != "onnxruntime":
        assert implemented == dict.fromkeys(implemented, IMPLEMENTED[framework])
    elif dtype == "float32":
        assert implemented == {"g": IMPLEMENTED[framework], "dg": 0}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_nothing_of_a_table_is_left_out(framework: str) -> None:
    assert len(FRAMEWORKS[framework].table) == IMPLEMENTED[framework]


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "keras"])
def test_defaults_of_a_function(framework: str) -> None:
    found, z = installed(framework), np.array([-2.5, -0.75, 0.625, 2.25, 7.0])
    assert isinstance(found, Framework)
    # These have no defaults, or are Clip and Shrink with explicit parameters.
    without = {"onnxruntime": ("prelu", "hard_tanh", "softshrink")}
    for name, entry in found.table.items():
        if name in without.get(framework, ("prelu", "threshold")):
            continue
        other, is_parameter, value = entry.default.partition("=")
        given = {other: value} if is_parameter else {}
        f = actcalc.activation(other if other and not given else name, **given)
        own = entry.function
        function = attrgetter(own)(found.root) if isinstance(own, str) else partial(own, found.root)
        got = found.running(function, "g", FORMATS["float32"])(z)
        np.testing.assert_allclose(got.values, f.g(z), rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("framework", "backend"),
    [*((name, None) for name in WITH_SLOPES if name != "keras"), *(("keras", name) for name in BACKENDS)],
)
def test_slopes_at_kinks_are_those_that_are_told(framework: str, backend: str | None) -> None:
    found = installed(framework, backend)
    for name, entry in FRAMEWORKS[framework].table.items():
        if not entry.slopes:
            continue
        f = actcalc.activation(name, **SLOPES_WITH.get(name, {}))
        run = found.run(f, "dg", FORMATS["float32"])
        assert run is not None
        texts = [text.split(" / ") for text in entry.slopes]
        # Where keras differs by backend, the count is given as tensorflow / torch / jax.
        index = 0 if backend is None else ("tensorflow", "torch", "jax").index(backend)
        told = [text[index] if len(text) > 1 else text[0] for text in texts]
        right = [float(f.parameters.get(text, text)) for text in told]
        got = run(np.array([float(kink.z) for kink in f.kinks])).values
        np.testing.assert_allclose(got, right, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "keras"])
def test_float64_arrives_whole(framework: str) -> None:
    run = installed(framework).run(actcalc.activation("relu"), "g", FORMATS["float64"])
    assert run is not None
    assert run(np.array([np.pi])).values.tolist() == [np.pi]


@pytest.mark.parametrize("framework", WITH_SLOPES)
@pytest.mark.parametrize("of", QUANTITIES[2:4])
@pytest.mark.parametrize("name", ["tanh", "silu", "relu", "identity"])
def test_slopes_of_slopes(framework: str, of: Quantity, name: str) -> None:
    found, f, z = installed(framework), actcalc.activation(name), np.array([-2.5, -0.75, 0.625, 2.25])
    try:
        run = found.run(f, of, FORMATS["float32"])
    except NotImplementedHere:
        pytest.skip(f"{framework} has no {name}")
    assert run is not None
    right = f.derivative(z, QUANTITIES.index(of))
    np.testing.assert_allclose(run(z).values, right, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("arrays", ["torch", "jax", "tensorflow", "mlx"])
def test_slopes_of_anybodys_function(arrays: str) -> None:
    pytest.importorskip(arrays)
    f, z = actcalc.activation("relu2"), np.array([-2.5, -0.75, 0.625, 2.25])

    def function(z: Any) -> Any:
        return (z + abs(z)) * (z + abs(z)) / 4

    for order, right in enumerate([f.g(z), f.dg(z), f.derivative(z, 2)]):
        run = FunctionTarget("f", function, arrays).run(f, QUANTITIES[order], FORMATS["float32"])
        assert run is not None
        np.testing.assert_allclose(run(z).values, right, rtol=1e-5, atol=1e-6)


def test_a_slope_that_depends_on_weights_alone() -> None:
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.ones(1))
    target = FunctionTarget("f", lambda z: weight * z, "torch")
    for of, right in zip(QUANTITIES, [2.0, 1.0, 0.0], strict=False):
        run = target.run(actcalc.activation("identity"), of, FORMATS["float32"])
        assert run is not None
        assert run(np.array([2.0])).values.tolist() == [right]


CUT_OFF: dict[str, Callable[[Any, Any], Any]] = {
    "detached": lambda torch, z: torch.relu(z.detach()),
    "made of bits": lambda torch, z: z.view(torch.int32).clamp(min=0).view(torch.float32),
    "of weights alone": lambda torch, z: torch.nn.Parameter(torch.ones(1)) * torch.relu(z.detach()),
    "an array of NumPy's": lambda torch, z: np.maximum(z.detach().numpy(), 0),
}


@pytest.mark.parametrize("how", CUT_OFF)
@pytest.mark.parametrize("of", ["dg", "d2g"])
def test_functions_detached_from_autograd_have_no_slopes(how: str, of: str) -> None:
    torch = pytest.importorskip("torch")
    target = FunctionTarget("f", partial(CUT_OFF[how], torch), "torch")
    g, slope = audit(target, [actcalc.activation("relu")], ["g", of], [FORMATS["float32"]], count=100)
    assert (g.verdict, slope.verdict, slope.passed) == ("right", "raised", False)
    assert slope.message.startswith("it is not differentiable: ")


@pytest.mark.parametrize(
    ("function", "of", "message"),
    [
        (lambda torch, z: torch.relu_(z.clone()) and None, "g", "Boolean value"),
        (lambda torch, z: None, "dg", "it returned None: return the array"),
        (lambda torch, z: (z, z), "dg", "it returned a tuple of 2: return the array alone"),
        (lambda torch, z: math.tanh(z), "g", "numpy.vectorize(f)"),
        (lambda torch, z: np.tanh(z), "dg", "it computes with NumPy, which has no slopes"),
    ],
)
def test_functions_without_torch_arrays(function: Any, of: str, message: str) -> None:
    target = FunctionTarget("f", partial(function, pytest.importorskip("torch")), "torch")
    (row,) = audit(target, [actcalc.activation("relu")], [of], [FORMATS["float32"]], count=100)
    assert (row.verdict, row.passed) == ("raised", False)
    assert message in row.message


def test_the_slope_of_torchs_sigmoid_is_zero_from_17_on() -> None:
    """Observed in torch 2.13."""
    g, dg = rows("torch", "sigmoid", "float32")
    assert (dg.verdict, dg.passed) == ("broken", False)
    first_zero_z = dg.failures["zero_where_normal"].first_z
    assert first_zero_z is not None
    assert 16 < first_zero_z < 17.33
    assert g.failures["not_finite"].count == 0


def test_onnxruntimes_gelu_tanh_has_a_wrong_sign() -> None:
    """Observed in onnxruntime 1.32."""
    (row,) = rows("onnxruntime", "gelu_tanh", "float32")
    assert (row.verdict, row.of) == ("broken", "g")
    run = installed("onnxruntime").run(actcalc.activation("gelu_tanh"), "g", FORMATS["float32"])
    assert run is not None
    assert (run(np.linspace(-5.3, -5, 10_000, dtype="f4").astype("f8")).values > 0).any()


def test_the_slope_of_mlxs_elu_is_nan_beyond_the_range_of_exp() -> None:
    """Observed in mlx 0.32."""
    row = rows("mlx", "elu", "float32", of="dg")[0]
    assert row.failures["not_finite"].count
    run = installed("mlx").run(actcalc.activation("elu"), "dg", FORMATS["float32"])
    assert run is not None
    # The largest z whose exponential is a float32 is 88.7228; mlx's exp overflows slightly earlier.
    assert np.isnan(run(np.array([88.0, 89.0])).values).tolist() == [False, True]


def test_tensorflows_gelu_in_float64_is_good_to_seven_digits() -> None:
    """Observed in tensorflow 2.21."""
    run = installed("tensorflow").run(actcalc.activation("gelu"), "g", FORMATS["float64"])
    assert run is not None
    z = np.linspace(-3, -1, 100)
    errors = abs(run(z).values / actcalc.activation("gelu").g(z) - 1)
    assert 1e-9 < errors.max() < 1e-6


def test_keras_on_jax_returns_float32_for_float64() -> None:
    """Observed in keras 3.15."""
    row = rows("keras", "relu", "float64", "jax", of="g")[0]
    assert (row.dtype_returned, row.passed) == ("float32", False)
    assert "returns float32 for float64" in row.message


@pytest.mark.parametrize("backend", BACKENDS)
def test_keras_on_each_of_its_backends(backend: str) -> None:
    (row,) = rows("keras", "relu", "float16", backend, of="dg")
    assert (row.target, row.verdict, row.kink) == (f"keras on {backend}", "right", "0.0 at 0.0")
    versions = installed("keras", backend).versions()
    assert list(versions)[:2] == ["keras", backend]


def test_missing_activations_of_a_framework_have_a_row() -> None:
    for row in rows("torch", "logcosh", "float32"):
        assert (row.verdict, row.passed, row.message) == ("not implemented", True, "torch has no logcosh")
    for row in rows("torch", "swish", "float32", beta=2):
        assert row.message == "torch has swish only with beta=1"
    (row,) = rows("onnxruntime", "sigmoid", "bfloat16", of="g")
    assert row.verdict == "not implemented"


def test_the_slope_of_relu_at_its_kink() -> None:
    assert rows("torch", "relu", "float16")[1].kink == "0.0 at 0.0"
    assert rows("jax", "relu", "float16")[1].kink == "0.0 at 0.0"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_device_that_is_not_there(framework: str) -> None:
    installed(framework)
    with pytest.raises(ActcalcError, match=r"^device: "):
        Spec(framework, device="cuda:7").target()


def test_a_framework_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ActcalcError, match=r"^torch is not installed") as caught:
        import_or_explain("torch", "pip install torch")
    assert caught.value.hint == "install it: pip install torch"


@pytest.mark.parametrize("framework", ["torch", "onnxruntime"])
def test_without_names_all_activations_have_their_turn(framework: str) -> None:
    installed(framework)
    command = f"audit {framework} --of g --dtype float32 --points 60 -f json -q"
    done = actcalc_command(command.split())
    assert (done.status, done.err) == (1, "")
    found = {row["activation"] for row in json.loads(done.out)["rows"]}
    assert found == set(FRAMEWORKS[framework].table)
    missing = sorted(set(actcalc.names()) - found)
    assert missing
    done = actcalc_command([*command.split(), *missing[:2]])
    assert [row["verdict"] for row in json.loads(done.out)["rows"]] == ["not implemented"] * 2
