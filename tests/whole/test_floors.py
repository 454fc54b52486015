"""The order of rooms: an import goes to the same room or to a lower floor (README, For developers)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "actcalc"
FLOORS = [
    {"errors", "_version"},
    {"numbers"},
    {"arithmetic", "input", "output"},
    {"activations"},
    {"catalogue", "evaluation", "frameworks"},
    {"teaching", "checking"},
    {"plot", "testing"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ONLY_IN = {
    "typer": {"cli"},
    "tabulate": {"output"},
    "rich": {"cli"},
    "matplotlib": {"plot"},
    "uniplot": {"plot"},
    "bokeh": {"plot"},
    "time": {"cli"},
    **{name: {"frameworks"} for name in ("torch", "jax", "keras", "tensorflow", "onnxruntime", "mlx")},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules that are imported, functions included, but not those under ``if TYPE_CHECKING:``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
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


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module, parts of those with values in them included, but for its docstrings."""
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


def test_there_is_no_other_room() -> None:
    assert {room(path) for path in FILES} <= FLOOR.keys()


def test_imports_inside_functions_count() -> None:
    source = "def f():\n    from actcalc.cli import app\nif TYPE_CHECKING:\n    import typer\n"
    assert list(imported(ast.parse(source))) == ["actcalc.cli"]
