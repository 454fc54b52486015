"""The module of a kernel is found, and no other file beside it is run."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from actcalc.frameworks.loading import import_from
from tests.support.processes import PROGRAM

SOURCE = "import {imported} as imported\nplace, name = __file__, __name__\n"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def plant(folder: Path, path: str, imported: str = "os") -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SOURCE.format(imported=imported))
    return file


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("planted_here.py", "planted_here"),
        ("planted_package/__init__.py", "planted_package"),
        ("planted_package/inner.py", "planted_package.inner"),
        ("code.py", "code"),  # the name of a module of Python
        ("json.py", "json"),  # a module that is already loaded
        ("json/kernels.py", "json.kernels"),
        ("tabulate.py", "tabulate"),  # an installed package
        ("json/__init__.py", "json"),
    ],
)
def test_the_file_in_the_directory_comes_first(file: str, name: str, tmp_path: Path) -> None:
    planted = plant(tmp_path, file)
    others = {top: sys.modules.get(top) for top in ("code", "json", "tabulate")}
    found = import_from(str(tmp_path), name)
    assert Path(found.place) == planted
    assert import_from(str(tmp_path), name) is found
    assert {top: sys.modules.get(top) for top in others} == others


def test_a_module_beside_it_is_found_after_all_others(tmp_path: Path) -> None:
    plant(tmp_path, "planted_one.py", "planted_two")
    plant(tmp_path, "planted_two.py", "queue")
    beside = plant(tmp_path, "queue.py")
    found = import_from(str(tmp_path), "planted_one")
    assert Path(found.imported.place).name == "planted_two.py"
    assert found.imported.imported.__file__ != str(beside)


def test_a_directory_without_the_file_is_not_a_package(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    assert import_from(str(tmp_path), "json.decoder") is sys.modules["json.decoder"]
    with pytest.raises(ModuleNotFoundError):
        import_from(str(tmp_path), "json.planted")


def test_of_two_directories_each_has_its_own(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        planted = plant(tmp_path, f"{folder}/planted_twice.py")
        assert Path(import_from(str(planted.parent), "planted_twice").place) == planted


def test_a_module_that_fails_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "planted_exit.py").write_text("import sys; sys.exit()")
    for _ in range(2):
        with pytest.raises(SystemExit):
            import_from(str(tmp_path), "planted_exit")


KERNEL = """
import numpy as np

def tanh(z):
    return np.tanh(z.astype(np.float64)).astype(z.dtype)
"""


INSTALLED = {"numpy", "typer", "tabulate", "rich", "matplotlib", "ml_dtypes", "torch", "dask", "wcwidth"}


@pytest.mark.skipif(os.name == "nt", reason="the script has another name")
def test_nothing_else_that_lies_in_the_directory_is_run(tmp_path: Path) -> None:
    """Other files are not run, whatever modules of Python or of packages have their names."""
    names = sys.stdlib_module_names | INSTALLED | {"sitecustomize", "usercustomize", "actcalc", "conftest"}
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w').close()\n")
    (tmp_path / "my_kernels.py").write_text(KERNEL)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
    script = str(Path(sys.executable).parent / "actcalc")

    def ran_by(command: str) -> set[str]:
        command_line = [script, *command.split()]
        done = subprocess.run(command_line, cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        return {path.name[4:] for path in tmp_path.iterdir() if path.name.startswith("ran-")}

    assert ran_by("table tanh --num 2") == ran_by("show gelu") == set()
    ran = ran_by("audit my_kernels:tanh tanh --of g --dtype float16 --all-values --workers 2")
    assert {name for name in ran if find_spec(name) is not None or name in INSTALLED} == set()


def test_nor_with_m(tmp_path: Path) -> None:
    for name in ("queue", "tabulate", "numpy", "rich"):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w').close()\n")
    done = subprocess.run([*PROGRAM, "table", "tanh", "--num", "2"], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("ran-")] == []
