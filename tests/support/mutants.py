"""Mutation testing: faults are put into the numeric rooms one at a time, and their tests must see them.

    python -m tests.support.mutants --sample 40 --seed 1

Cosmic Ray makes the faults: an operator, comparison, number or condition is replaced by another. The seed
draws a sample that does not depend on other changes to the code. Surviving mutants are printed.
"""

import argparse
import ast
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from importlib.util import cache_from_source
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[2]
NUMBERS = ["tests/numbers", "tests/activations/test_bulk.py", "tests/catalogue/test_promises.py"]
MATRIX = ("tests/whole/test_matrix.py", "tests/whole/test_eight_bits.py")
TESTS = {
    "actcalc/teaching/claims.py": ["tests/cli/test_verify.py", "tests/teaching"],
    "actcalc/numbers": [*NUMBERS, "tests/checking", "tests/output", *MATRIX],
    "actcalc/arithmetic": [
        *("tests/arithmetic", *NUMBERS, "tests/catalogue/test_formulas.py", "tests/activations"),
        *("tests/checking", *MATRIX),
    ],
    "actcalc/activations": [
        *("tests/activations", "tests/catalogue", "tests/arithmetic", "tests/cli", "tests/teaching", *MATRIX),
    ],
    "actcalc/checking": ["tests/checking", "tests/cli/test_check.py", "tests/cli/test_audit.py", *MATRIX],
}
"""The tests that must see faults in each place, the likeliest first."""

OPERATORS = (
    *("AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse"),
    *("ReplaceFalseWithTrue", "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not"),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("LShift_RShift", "RShift_LShift", "BitAnd_BitOr")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt")),
)
"""Operators of Cosmic Ray that resemble mistakes people make."""

EQUIVALENT = {
    "actcalc/arithmetic/interval.py": {
        "if size <= smallest.scaleb(-wide.digits - 0, EXACT):": (
            "the remainder is added wherever the series ends, and it has five digits to spare"
        ),
    },
    "actcalc/arithmetic/portable.py": {
        "_MILLS_TERMS = 41": "no term beyond the fortieth is used",
    },
    "actcalc/teaching/claims.py": {
        'left, right = f.dg_float(0.0, at_kink="left"), f.dg_float( 1.0, at_kink="right")': (
            "relu and leaky_relu have the slope 1 at 1, as they do to the right of 0"
        ),
        (
            "tenths = [Fraction(n, 10) for n in "
            "(-400, -191, -100, -37, -21, -11, -4, 3, 9, 15, 29, 73, 100, 375)]"
        ): "any points spread over the line will do",
        "for z in (*tenths, Fraction(0), Fraction(-100), Fraction(100))": "any points far out will do",
        "exponent = 120 + 2 * extra_powers(f)": "any point far enough out will do",
        "_HUGE = 10**30": "any large number will do that is not too large",
    },
    "actcalc/activations/declaration.py": {
        "convex: Fact[bool] = True": "no declaration without it has only kinks where the slope increases",
    },
    "actcalc/checking/measure.py": {
        "if (keys != keys[0]).all():": "the longer way, which then is always taken, finds the same runs",
        "side = np.where(rest, np.sign(x - right), 1.0)": "its factor is 0 there",
    },
    "actcalc/numbers/error_free.py": {
        "of_a, of_b = (np.where(abs(x) > _LARGE, 2.0**-200, 1.0) for x in (a, b))": (
            "any power of two will do that makes large numbers small enough"
        ),
    },
    "actcalc/numbers/floats.py": {
        "self.digits = 2 + self.precision * 30103 // 99999": "this is as close to log10(2)",
    },
    "actcalc/numbers/ranges.py": {
        'f"from {start} to {stop} it must be " + ("positive" if span >= 0 else "negative"),': (
            "with equal ends no step points away"
        ),
    },
}
"""Mutants equivalent to the code, by file and line, with the reasons.

The line is the mutated one, or that of the code if no change to it makes a difference.
"""

_SECONDS_OF_A_TEST = 60
"""A longer run counts as an endless loop."""


@dataclass(frozen=True)
class Mutant:
    """One fault in one file."""

    path: str
    code: str
    mutated: str

    @property
    def is_known(self) -> bool:
        """Whether the first changed line, before or after, is listed as equivalent."""
        lines = zip(self.code.splitlines(), self.mutated.splitlines(), strict=False)
        changed = next((pair for pair in lines if pair[0] != pair[1]), ())
        return any(line.partition("  # ")[0].strip() in EQUIVALENT.get(self.path, {}) for line in changed)

    @property
    def diff(self) -> str:
        lines = unified_diff(self.code.splitlines(), self.mutated.splitlines(), self.path, lineterm="", n=0)
        return "\n".join(list(lines)[2:])


class _Bare(ast.NodeTransformer):
    """Removes annotations, which change nothing."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return node


def _means(code: str) -> str:
    return ast.dump(_Bare().visit(ast.parse(code)))


def _places_of(path: str) -> Iterator[tuple[str, str, int]]:
    """The possible mutations of a file: operator, line, and the number of earlier equal ones."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator

    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    nodes = list(ast_nodes(get_ast_from_path(ROOT / path)))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        places = (start for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, (line, _) in enumerate(places):
            yield name, lines[line - 1].strip(), occurrence


def _mutant(path: str, name: str, occurrence: int) -> Mutant | None:
    """The mutant, or None if only annotations differ or it is not valid Python."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    code = (ROOT / path).read_text(encoding="utf-8")
    mutated = mutate_code(code.encode(), get_operator(f"core/{name}")(), occurrence)
    with contextlib.suppress(SyntaxError):
        if _means(mutated) != _means(code):
            return Mutant(path, code, mutated)
    return None


def sample(count: int, seed: int) -> list[Mutant]:
    """A sample of ``count`` mutants, an equal share from each place."""

    def chance(place: tuple[str, str, str, int]) -> str:
        return hashlib.sha256(f"{seed} {place}".encode()).hexdigest()

    drawn: list[Mutant] = []
    for i, where in enumerate(TESTS):
        files = [ROOT / where] if where.endswith(".py") else sorted((ROOT / where).glob("*.py"))
        paths = [str(file.relative_to(ROOT)) for file in files]
        places = sorted(((path, *place) for path in paths for place in _places_of(path)), key=chance)
        mutants = (_mutant(path, name, occurrence) for path, name, _, occurrence in places)
        drawn += islice(filter(None, mutants), (count + i) // len(TESTS))
    return drawn


class Copy:
    """A copy of the project in which mutants are tried one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for name in ("actcalc", "tests"):
            shutil.copytree(ROOT / name, folder / name)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, folder)

    def is_killed(self, mutant: Mutant) -> bool:
        """Whether the tests see the mutant."""
        self._write(mutant.path, mutant.mutated)
        (tests,) = (tests for place, tests in TESTS.items() if mutant.path.startswith(place))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.support.breadth_first"]
        command += ["-o", f"faulthandler_timeout={_SECONDS_OF_A_TEST}"]
        command += ["-o", "faulthandler_exit_on_timeout=true", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        try:
            done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True)
        finally:
            self._write(mutant.path, mutant.code)
        return done.returncode != 0

    def _write(self, path: str, code: str) -> None:
        file = self.folder / path
        file.write_text(code, encoding="utf-8")
        # A compiled file counts as up to date if its source has the same size and time to the second.
        Path(cache_from_source(str(file))).unlink(missing_ok=True)


def survivors(mutants: Iterable[Mutant]) -> list[Mutant]:
    """The mutants that no test sees and that are not known to be equivalent."""
    asked = [mutant for mutant in mutants if not mutant.is_known]
    copies: SimpleQueue[Copy] = SimpleQueue()

    def survives(mutant: Mutant) -> bool:
        copy = copies.get()
        try:
            return not copy.is_killed(mutant)
        finally:
            copies.put(copy)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as workers:
        for i in range(os.cpu_count() or 1):
            copies.put(Copy(Path(folder) / str(i)))
        alive = list(workers.map(survives, asked))
    return [mutant for mutant, lives in zip(asked, alive, strict=True) if lives]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print surviving mutants; returns 1 if they are more than one in twenty."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    drawn = sample(options.sample, options.seed)
    alive = survivors(drawn)
    for mutant in alive:
        print(mutant.path, mutant.diff, sep="\n", end="\n\n")
    print(f"{len(drawn) - len(alive)} of {len(drawn)} mutants were seen or are equivalent")
    return int(len(alive) > len(drawn) // 20)


if __name__ == "__main__":
    sys.exit(main())
