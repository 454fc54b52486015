"""Programs compiled by numba, where it is installed: a loop over the elements that several threads run.

The loop is printed as LLVM's own instructions: nothing is fused or put together in another way, and there is
no branch, so that the processor works on several elements at once. The results are bit for bit those of
``numpy_machine``, NaN aside.
"""

import os
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from actcalc._version import __version__
from actcalc.arithmetic import numpy_machine
from actcalc.arithmetic.program import FLOAT, TRUTH, WORD, Expr, Program
from actcalc.arithmetic.threads import memory_is_limited, share
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.float_arrays import Array

MANY = 1 << 24
"""So many values repay the import of numba and what it compiles."""
MANY_IF_LOADED = 1 << 16
_MOST_STEPS = 4000
_PART = 1 << 16
"""Elements that a thread works on at a time."""
_MOST_KEPT = 256
"""Programs in the cache, and in memory."""
_LOCK = RLock()


def is_worth(count: int, many: int = MANY) -> bool:
    """Whether so many values are worth a compiled loop: ``many``, or fewer where numba is loaded already."""
    if _wish() == "0" or count < (min(many, MANY_IF_LOADED) if "numba" in sys.modules else many):
        return False
    return not _fail(_obstacle())


def has_fma() -> bool:
    """Whether the processor that is compiled for, which ``is_worth`` found, has fma as an instruction."""
    from numba.core.registry import cpu_target

    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return triple.startswith(("aarch64", "arm64")) or "+fma" in features.split(",")


def run(program: Program, *arguments: Array) -> tuple[Array, ...]:
    """The results of a program, an array each, at arrays of float64 of one length."""
    compiled = loop(program)
    return numpy_machine.run(program, *arguments) if compiled is None else compiled.run(*arguments)


def loop(program: Program) -> "Loop | None":
    """A program as a compiled loop; None where it cannot be one, and NumPy is to run it."""
    if _wish() == "0":
        return None
    with _LOCK:
        made = _compile(program)
    if isinstance(made, str):
        _fail(made)
        return None
    return made


def _wish() -> str:
    wish = os.environ.get("ACTCALC_FAST", "")
    if wish not in ("", "0", "1", "require"):
        raise ActcalcError(f"ACTCALC_FAST is 0, 1 or require, not {quote(wish)}")
    return wish


def _fail(reason: str) -> str:
    """The reason why nothing is compiled, if there is one: an error where that is required."""
    if reason and _wish() == "require":
        raise ActcalcError(f"ACTCALC_FAST=require, but nothing is compiled: {reason}")
    return reason


@cache
def _obstacle() -> str:
    """Why nothing can be compiled here, if so."""
    if sys.maxsize < 2**32:
        return "this is not a 64-bit platform"
    if memory_is_limited():  # LLVM ends the process when it finds none
        return "memory is limited"
    try:
        import numba  # noqa: F401
    except Exception as error:
        return f"numba cannot be imported: {error}"
    return ""


@lru_cache(_MOST_KEPT)
def _compile(program: Program) -> "Loop | str | None":
    """A program as a loop, or the reason why it is none; None if it is for NumPy by its nature."""
    if any(step.op == "call" for step in program.steps):
        return None
    if len(program.steps) > _MOST_STEPS:
        return f"a program of {len(program.steps)} steps is too large"
    if reason := _obstacle():
        return reason
    try:
        return Loop(program, _from_cache(program) or _function(program, "loop"))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


class Loop:
    """A program that is compiled."""

    def __init__(self, program: Program, function: Any) -> None:
        self.function = function
        """Takes the arrays of arguments, then those of results."""
        self._arguments = [_DTYPES[kind] for kind in _argument_kinds(program)]
        self._dtypes = [_DTYPES[x.kind] for x in program.results]

    def run(self, *arguments: Array) -> tuple[Array, ...]:
        """The results of the program, an array each, at arrays of float64 of one length."""
        length = len(arguments[0])
        results = tuple(np.empty(length, dtype) for dtype in self._dtypes)
        used = (
            np.require(x, dtype, ["C", "A"]) for x, dtype in zip(arguments, self._arguments, strict=False)
        )
        arrays = (*used, *results)

        def work(start: int) -> None:
            self.function(*(x[start : start + _PART] for x in arrays))

        share(work, range(0, length, _PART))
        return results

    def reduce(self, tables: Sequence[Array], *arguments: Array) -> tuple[Array, ...]:
        """The results, all of which the program adds up in its tables."""
        results = tuple(np.empty(len(arguments[0]), dtype) for dtype in self._dtypes)
        used = (np.require(x, dtype, ["C", "A"]) for x, dtype in zip(arguments, self._arguments, strict=True))
        self.function(*used, *results, *tables)
        return results


_DTYPES: dict[str, Any] = {FLOAT: np.float64, WORD: np.uint64, TRUTH: np.bool_}


def _argument_kinds(program: Program) -> list[str]:
    kinds = {step.data: step.kind for step in program.steps if step.op == "variable"}
    return [kinds.get(place, FLOAT) for place in range(max(kinds, default=0) + 1)]


# The cache: a folder for each program, in which numba keeps what it makes of a file


def cache_folder() -> Path:
    """Where what is compiled is kept: ``NUMBA_CACHE_DIR``, or where caches of the user are."""
    if folder := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(folder, "actcalc")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "actcalc", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "actcalc"
    folder = os.environ.get("XDG_CACHE_HOME", "")
    return Path(folder if os.path.isabs(folder) else Path.home() / ".cache", "actcalc")


def _from_cache(program: Program) -> Any:
    """The function that a program is compiled to, which is kept; None if that cannot be."""
    from shutil import rmtree

    name = f"loop_{_key(program)}"
    try:
        folder = _private(cache_folder()) / name
    except (OSError, RuntimeError):
        return None
    try:
        if not folder.exists():
            _make_room(folder.parent)
        folder.mkdir(exist_ok=True)
        _write(folder / "loop.py", _source(program, name))
        return _function(program, name, folder / "loop.py")
    except Exception:  # there is no room, or what was kept is damaged
        rmtree(folder, ignore_errors=True)
        return None


def _private(folder: Path) -> Path:
    """A folder that nobody else may write to, as what is found there is run."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and ((found := folder.stat()).st_uid != os.geteuid() or found.st_mode & 0o022):
        raise PermissionError(f"others may write to {folder}")
    return folder


def _make_room(folder: Path) -> None:
    """Remove the oldest programs, but for as many as are kept less one."""
    from shutil import rmtree

    programs = sorted(folder.glob("loop_*"), key=lambda path: path.stat().st_mtime)
    for path in programs[: 1 - _MOST_KEPT]:
        rmtree(path, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    """Write a file, as a whole and of an age that is always the same: numba compiles anew for another one."""
    from tempfile import NamedTemporaryFile

    if path.exists():
        return
    with NamedTemporaryFile("w", encoding="ascii", dir=path.parent, delete=False) as file:
        file.write(text)
    os.utime(file.name, (0, 0))
    os.replace(file.name, path)


def _key(program: Program) -> str:
    """The key of a compiled program; numba itself tells processors apart."""
    from hashlib import sha256
    from pkgutil import get_data

    import numba

    printer = sha256(get_data("actcalc.arithmetic", "compiled.py") or b"").hexdigest()
    return program.digest(__version__, numba.__version__, printer)


# What is compiled


def _source(program: Program, name: str) -> str:
    """The loop in Python, for a function ``body`` of an element of each argument."""
    arguments = [f"a{i}" for i in range(len(_argument_kinds(program)))]
    results = [f"r{i}" for i in range(len(program.results))]
    tables = [f"t{i}" for i in range(len(program.reductions))]
    targets, elements = (", ".join(f"{x}[i]" for x in names) for names in (results, arguments))
    lines = [
        f"def {name}({', '.join((*arguments, *results, *tables))}):",
        "    for i in range(len(a0)):",
        f"        {targets} = body({elements})",
    ]
    if tables:  # a loop of its own, as the other one works on several elements at once
        lines.append("    for i in range(len(a0)):")
    for table, (kind, value, place) in zip(tables, program.reductions, strict=True):
        index = {"count": f"r{value}[i]", "total": "0"}.get(kind, f"r{place}[i]")
        added = "1" if kind == "count" else f"r{value}[i]"
        new = f"max({table}[{index}], {added})" if kind == "largest" else f"{table}[{index}] + {added}"
        lines.append(f"        {table}[{index}] = {new}")
    return "\n".join(lines) + "\n"


def _function(program: Program, name: str, path: Path | None = None) -> Any:
    """The loop, compiled or found beside the file where it is kept."""
    from numba import njit, types

    kinds = {FLOAT: types.float64, WORD: types.uint64, TRUTH: types.boolean}
    # Numba looks by its name for the module of what it finds.
    namespace = {"__name__": __name__, "body": _body(program, [kinds[x.kind] for x in program.results])}
    exec(compile(_source(program, name), path or "<program>", "exec"), namespace)
    arguments = [types.Array(kinds[kind], 1, "C", readonly=True) for kind in _argument_kinds(program)]
    results = [types.Array(kinds[x.kind], 1, "C") for x in program.results]
    of_tables = {"count": types.int64, "total": types.uint64}
    tables = [types.Array(of_tables.get(one.kind, types.float64), 1, "C") for one in program.reductions]
    signature = types.void(*arguments, *results, *tables)
    make = njit([signature], nogil=True, error_model="numpy", cache=path is not None)
    return make(namespace[name])


def _body(program: Program, types: Sequence[Any]) -> Any:
    """A function that numba sees as one operation: what the program does with an element."""
    from numba.core.types import StarArgTuple, Tuple
    from numba.extending import intrinsic

    returned = types[0] if len(types) == 1 else Tuple(types)

    def body(context: Any, *elements: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            variables = [builder.extract_value(args[0], i) for i in range(len(elements))]
            made = _print(program, builder, variables)
            return made[0] if len(types) == 1 else context.make_tuple(builder, returned, made)

        return returned(StarArgTuple(elements)), generate

    return intrinsic(body)


_OF_FLOATS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "neg": "fneg", "fma": "fma"}
_OTHERS = {"and": "and_", "or": "or_", "not": "not_"}
_INTRINSICS = {"abs": "llvm.fabs", "sqrt": "llvm.sqrt", "rint": "llvm.rint"}
_COMPARISONS = {"lt": "<", "le": "<=", "eq": "=="}
_EXTREMES = {"minimum": "<", "maximum": ">"}


def _print(program: Program, builder: Any, variables: Sequence[Any]) -> list[Any]:
    """The results of a program, whose steps are added to what is built."""
    values: dict[Expr, Any] = {}
    for step in program.steps:
        args = [values[x] for x in step.args]
        values[step] = variables[step.data] if step.op == "variable" else _print_step(step, args, builder)
    return [values[x] for x in program.results]


def _print_step(step: Expr, args: Sequence[Any], b: Any) -> Any:
    """An operation added to what is built."""
    from llvmlite import ir

    float64, word, op = ir.DoubleType(), ir.IntType(64), step.op
    of_floats = bool(step.args) and step.args[-1].kind == FLOAT
    if op == "constant":
        bits = ir.Constant(ir.IntType(1) if step.kind == TRUTH else word, int(step.data))
        return bits.bitcast(float64) if step.kind == FLOAT else bits
    if op in _COMPARISONS:
        return (b.fcmp_ordered if of_floats else b.icmp_unsigned)(_COMPARISONS[op], *args)
    if op in _EXTREMES:
        if not of_floats:
            return b.select(b.icmp_unsigned(_EXTREMES[op], *args), *args)
        is_first = b.or_(b.fcmp_ordered(_EXTREMES[op], *args), b.fcmp_unordered("uno", args[0], args[0]))
        return b.select(is_first, *args)
    if op in _INTRINSICS:
        return b.call(b.module.declare_intrinsic(_INTRINSICS[op], [float64]), args)
    if op in ("shl", "shr"):  # by 64 and more LLVM shifts as it likes
        shifted = (b.shl if op == "shl" else b.lshr)(args[0], b.and_(args[1], ir.Constant(word, 63)))
        return b.select(b.icmp_unsigned("<", args[1], ir.Constant(word, 64)), shifted, ir.Constant(word, 0))
    if op == "take":
        return _print_take(step, args[0], b)
    if op == "select":
        return b.select(*args)
    if op in ("bits", "from_bits"):
        return b.bitcast(args[0], word if op == "bits" else float64)
    if op == "to_float":
        return b.sitofp(args[0], float64)
    if op == "to_word":
        return b.fptosi(args[0], word)
    if op == "cast32":
        return b.fpext(b.fptrunc(args[0], ir.FloatType()), float64)
    return getattr(b, (_OF_FLOATS if of_floats else _OTHERS).get(op, op))(*args)


def _print_take(step: Expr, place: Any, b: Any) -> Any:
    """An element of a table, which is a constant of the module; beyond its ends that at an end."""
    from llvmlite import ir

    word, name = ir.IntType(64), f"table_{id(step.data)}"
    table = b.module.globals.get(name)
    if table is None:
        bits = np.ascontiguousarray(step.data).view(np.uint64).tolist()
        kind = ir.ArrayType(word, len(bits))
        table = ir.GlobalVariable(b.module, kind, name)
        table.linkage, table.global_constant, table.initializer = "internal", True, ir.Constant(kind, bits)
    first, last = ir.Constant(word, 0), ir.Constant(word, len(step.data) - 1)
    place = b.select(b.icmp_signed("<", place, first), first, place)
    place = b.select(b.icmp_signed(">", place, last), last, place)
    element = b.load(b.gep(table, [first, place], inbounds=True))
    return b.bitcast(element, ir.DoubleType()) if step.kind == FLOAT else element
