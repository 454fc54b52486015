"""The order of rooms: an import goes to the same room or to a lower floor (.github/CONTRIBUTING.md)."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from actcalc.frameworks.registry import FRAMEWORKS

PACKAGE = Path(__file__).parents[2] / "actcalc"
FLOORS = [
    {"errors", "_version"},
    {"numbers"},
    {"arithmetic", "input", "output"},
    {"activations"},
    {"catalogue", "evaluation", "frameworks"},
    {"teaching", "checking"},
    {"plot", "testing", "code"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ONLY_IN = {
    "typer": {"cli"},
    "tabulate": {"output"},
    "rich": {"cli"},
    "numba": {"arithmetic"},
    "matplotlib": {"plot"},
    "uniplot": {"plot"},
    "bokeh": {"plot"},
    "time": {"cli", "frameworks"},
    **{name: {"frameworks"} for name in FRAMEWORKS},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """The imported modules, including imports in functions and for the type checker."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they go"
            inside = node.module == "actcalc"
            yield from (f"actcalc.{alias.name}" for alias in node.names) if inside else [str(node.module)]
        yield from imported(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = room(path)
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        top, *rest = name.split(".")
        if top == "actcalc":
            there = rest[0] if rest and rest[0] in FLOOR else "__init__"
            assert there == here or FLOOR[there] < FLOOR[here], f"{name} from {here}"
        else:
            assert here in ONLY_IN.get(top, {here}), f"{name} from {here}"


MODULES = {".".join(("actcalc", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}
MODULES = {name.removesuffix(".__init__"): path for name, path in MODULES.items()}


def needed(tree: ast.AST) -> set[str]:
    """The modules of the package that a module imports, also in functions, for types and by name.

    A string that names a module counts, and so does the end of a name if another string is the beginning of a
    module's name; a package that is imported as a whole stands for all of its modules.
    """
    names, strings, starts = [], [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [str(node.module), *inside]
            names += [name for name in MODULES for package in inside if name.startswith(f"{package}.")]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.append(node.value.partition(":")[0])
            if re.fullmatch(r"actcalc\.(\w+\.)*", node.value):
                starts.append(node.value)
    names += [string for string in strings if "." in string]
    names += [start + string for start in starts for string in strings]
    return MODULES.keys() & names


def test_imports_have_no_circle() -> None:
    sources = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
    TopologicalSorter({name: needed(tree) for name, tree in sources.items()}).prepare()


def test_imports_of_every_kind_count() -> None:
    needs = {
        "actcalc.cli.table": "def f():\n    from actcalc.cli import table\n",
        "actcalc.errors": "if TYPE_CHECKING:\n    from actcalc.errors import ActcalcError\n",
        "actcalc.output.npy": "W = 'npy:write'\ndef f(m):\n    import_module(f'actcalc.output.{m}')\n",
        "actcalc.cli.app": "import_module('actcalc.cli.app')\n",
        "actcalc": "import actcalc as a\n",
    }
    for name, source in needs.items():
        assert name in needed(ast.parse(source))
    assert "actcalc.numbers.ulp" in needed(ast.parse("from actcalc import numbers\n"))
    assert needed(ast.parse('"actcalc"\nfrom typing import Any\n')) == set()


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module, including parts of f-strings, without its docstrings."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield from texts(node)


OPTION = re.compile(r"(?<![\w-])--[a-z]")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_options_are_spelled_by_the_command_line_alone(path: Path) -> None:
    spelled = [text for text in texts(ast.parse(path.read_text(encoding="utf-8"))) if OPTION.search(text)]
    assert spelled == [] or room(path) == "cli"


def test_all_texts_but_docstrings_are_looked_at() -> None:
    source = 'def f(x):\n    """Not --this."""\n    return g(x, f"give --digits {x}", hint="--of g")\n'
    assert [text for text in texts(ast.parse(source)) if OPTION.search(text)] == ["give --digits ", "--of g"]


def test_all_rooms_are_listed() -> None:
    assert {room(path) for path in FILES} <= FLOOR.keys()


def test_imports_inside_functions_count() -> None:
    source = "def f():\n    from actcalc.cli import app\nif TYPE_CHECKING:\n    import typer\n"
    assert list(imported(ast.parse(source))) == ["actcalc.cli", "typer"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_docstrings_are_sentences_of_their_own(path: Path) -> None:
    """No docstring needs the name below it to be understood: it begins with a noun or a verb."""
    begun = re.findall(r'"""(?:What|The same)\b[^\n]*', path.read_text(encoding="utf-8"))
    assert begun == []
