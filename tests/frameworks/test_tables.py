"""The tables of frameworks, without the frameworks, and the list of libraries that are not audited."""

import subprocess
import sys
from pathlib import Path

import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.catalogue.lookup import declaration, one_of_each
from actcalc.frameworks import unaudited
from actcalc.frameworks.framework import SLOPES_WITH, Entry
from actcalc.frameworks.registry import ARRAYS, FRAMEWORKS

ENTRIES = [(kind.name, name, entry) for kind in FRAMEWORKS.values() for name, entry in kind.table.items()]


def test_the_registry_finds_each_file() -> None:
    assert tuple(FRAMEWORKS) == ("torch", "jax", "tensorflow", "keras", "onnxruntime", "mlx")
    assert tuple(ARRAYS) == ("torch", "jax", "tensorflow", "mlx")


@pytest.mark.parametrize(
    ("name", "entry"), [pytest.param(name, entry, id=f"{who}-{name}") for who, name, entry in ENTRIES]
)
def test_an_entry_is_about_an_activation(name: str, entry: Entry) -> None:
    defaults = {parameter.name: parameter.default for parameter in declaration(name).parameters}
    assert defaults.keys() >= set(entry.parameters)
    if entry.default:
        parameter, is_parameter, value = entry.default.partition("=")
        if is_parameter:
            assert value != defaults[parameter]
            actcalc.activation(name, **{parameter: value})
        else:
            assert entry.default in {*actcalc.names()} - {name}


_FILE = """
from actcalc.frameworks.framework import Entry, Framework

class Target(Framework):
    name = "numpy"
    place = 7
    install = "pip install numpy"
    has_slopes = False
    table = {"tanh": Entry("tanh"), "relu": Entry(lambda numpy, z: numpy.maximum(z, 0))}

    def array(self, z, fmt):
        return z.astype(fmt.numpy)
"""


def test_a_framework_is_its_file(tmp_path: Path) -> None:
    (tmp_path / "numpy_.py").write_text(_FILE)
    more = f"from actcalc.frameworks import adapters; adapters.__path__.append({str(tmp_path)!r})"
    outs = []
    for words in (["show", "relu"], ["audit", "numpy", "relu", "--dtype", "float32"]):
        code = f"{more}; from actcalc.cli.app import main; main({words})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        outs.append(" ".join(done.stdout.split()))
    assert "torch, jax, tensorflow, keras, onnxruntime, mlx, numpy, ggml" in outs[0]
    assert outs[1].endswith(": 1 rows: 1 right; none fail")


def test_each_activation_is_found_somewhere() -> None:
    audited = {name for _, name, _ in ENTRIES}
    others = [name for names in unaudited.FOUND.values() for name in names.split()]
    assert audited.union(others) == set(actcalc.names())


def test_unaudited_libraries_are_about_activations() -> None:
    for names in unaudited.FOUND.values():
        assert len(names.split()) == len(set(names.split()))
    assert unaudited.OTHERWISE.keys() <= set(actcalc.names())
    for library, slopes in unaudited.SLOPES.items():
        assert slopes.keys() <= set(unaudited.FOUND[library].split())


@pytest.mark.parametrize("f", one_of_each(), ids=lambda f: f.name)
def test_slopes_are_told_of_each_kink(f: Activation) -> None:
    told = [entry.slopes for _, name, entry in ENTRIES if name == f.name]
    told += [slopes.get(f.name, ()) for slopes in unaudited.SLOPES.values()]
    if any(told):
        kinks = actcalc.activation(f.name, **SLOPES_WITH.get(f.name, {})).kinks
        assert {len(slopes) for slopes in told if slopes} == {len(kinks)}


def test_a_known_difference_is_named_where_it_holds() -> None:
    """Known differences come from the tables, without the framework."""
    torch, mlx = (object.__new__(FRAMEWORKS[name]) for name in ("torch", "mlx"))
    assert torch.difference(actcalc.activation("softplus")) == "torch has threshold=20 by default"
    assert torch.difference(actcalc.activation("softplus", threshold=30)) == ""
    assert torch.difference(actcalc.activation("gelu_tanh")) == ""
    assert mlx.difference(actcalc.activation("celu")) == "mlx has a slope of 0 at 0"
    assert mlx.difference(actcalc.activation("lisht")) == ""
