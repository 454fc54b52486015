"""Programs compiled by numba, if it is installed, to a loop over the elements that several threads run.

The loop is emitted as LLVM instructions, so that no operations are fused or reassociated. It has no branches,
so the processor can work on several elements at once. Apart from NaN, the results are bit for bit those of
``numpy_machine``.
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
from actcalc.arithmetic.threads import memory_is_limited, share, thread_count
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.float_arrays import Array

MANY = 1 << 24
"""The number of values that repays the import of numba and the compilation."""
MANY_IF_LOADED = 1 << 16
"""The number of values that repays the compilation."""
_MOST_STEPS = 4000
_PART = 1 << 16
"""The elements that a thread processes at a time."""
_FEW = 1 << 13
"""The elements processed at a time by a loop with reductions, so that they stay in the processor's cache."""
_MOST_KEPT = 256
"""The most programs kept in the cache, and in memory."""
_LOCK = RLock()


def is_worth(count: int, many: int = MANY) -> bool:
    """Whether ``count`` values repay a compiled loop: ``many`` do, or fewer if numba is already loaded."""
    if _wish() == "0" or count < (min(many, MANY_IF_LOADED) if "numba" in sys.modules else many):
        return False
    return not _fail(_obstacle())


def has_fma() -> bool:
    """Whether the target processor has an fma instruction; call ``is_worth`` first."""
    from numba.core.registry import cpu_target

    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return triple.startswith(("aarch64", "arm64")) or "+fma" in features.split(",")


def run(program: Program, *arguments: Array) -> tuple[Array, ...]:
    """Run a program on float64 arrays of equal length; each result is an array."""
    compiled = loop(program)
    return numpy_machine.run(program, *arguments) if compiled is None else compiled.run(*arguments)


def loop(program: Program) -> "Loop | None":
    """Compile a program to a loop; None if it cannot be compiled and NumPy must run it."""
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
    """Return the reason why nothing is compiled, or raise ActcalcError if compiling is required."""
    if reason and _wish() == "require":
        raise ActcalcError(f"ACTCALC_FAST=require, but nothing is compiled: {reason}")
    return reason


@cache
def _obstacle() -> str:
    """The reason why nothing can be compiled here, or ``""``."""
    if sys.maxsize < 2**32:
        return "this is not a 64-bit platform"
    if memory_is_limited():  # LLVM ends the process when memory runs out
        return "memory is limited"
    try:
        import numba  # noqa: F401
    except Exception as error:
        return f"numba cannot be imported: {error}"
    return ""


@lru_cache(_MOST_KEPT)
def _compile(program: Program) -> "Loop | str | None":
    """Compile a program, or return the reason why that failed; None if only NumPy can run it."""
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
    """A compiled program."""

    def __init__(self, program: Program, function: Any) -> None:
        self.function = function
        """The compiled function, which takes arrays of arguments, of results, and tables."""
        self._arguments = [_DTYPES[kind] for kind in _argument_kinds(program)]
        self._dtypes = [_DTYPES[x.kind] for x in program.results]
        stored = [self._dtypes[k] for k in _columns(program)]
        count = len(stored) if program.kept is None else program.kept
        self._kept, self._apart = stored[:count], stored[count:]
        self._kinds = [one.kind for one in program.reductions]

    def run(self, *arguments: Array) -> tuple[Array, ...]:
        """Run the program on float64 arrays of equal length; each result is an array."""
        return self.reduce((), *arguments)

    def reduce(self, tables: Sequence[Array], *arguments: Array) -> tuple[Array, ...]:
        """Run the program, which accumulates results in ``tables``, and return those that are kept."""
        length = len(arguments[0])
        used = [
            np.require(x, dtype, ["C", "A"]) for x, dtype in zip(arguments, self._arguments, strict=False)
        ]
        kept = [np.empty(length, dtype) for dtype in self._kept]
        found: dict[int, list[Array]] = {}
        size = max(-(-length // thread_count()), 1) if tables else _PART

        def work(start: int) -> None:
            columns = (x[start : start + size] for x in (*used, *kept))
            parts = (np.empty(_FEW, dtype) for dtype in self._apart)
            own = [np.zeros_like(table) for table in tables]
            self.function(*columns, *parts, *own)
            found[start] = own

        share(work, range(0, length, size))
        for own in found.values():
            for table, part, kind in zip(tables, own, self._kinds, strict=True):
                (np.maximum if kind == "largest" else np.add)(table, part, out=table)
        return tuple(kept)


_DTYPES: dict[str, Any] = {FLOAT: np.float64, WORD: np.uint64, TRUTH: np.bool_}


def _argument_kinds(program: Program) -> list[str]:
    kinds = {step.data: step.kind for step in program.steps if step.op == "variable"}
    return [kinds.get(place, FLOAT) for place in range(max(kinds, default=0) + 1)]


# The cache: a folder for each program, with a source file and numba's own cache of it


def cache_folder() -> Path:
    """The folder for compiled programs, in ``NUMBA_CACHE_DIR`` or the user's folder for caches."""
    if folder := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(folder, "actcalc")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "actcalc", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "actcalc"
    folder = os.environ.get("XDG_CACHE_HOME", "")
    return Path(folder if os.path.isabs(folder) else Path.home() / ".cache", "actcalc")


def _from_cache(program: Program) -> Any:
    """The compiled function of a program from the cache, where it is added if need be; None on failure."""
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
    except Exception:  # the disk is full, or the cache is damaged
        rmtree(folder, ignore_errors=True)
        return None


def _private(folder: Path) -> Path:
    """Make a folder that nobody else may write to, since code found there is run."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and ((found := folder.stat()).st_uid != os.geteuid() or found.st_mode & 0o022):
        raise PermissionError(f"others may write to {folder}")
    return folder


def _make_room(folder: Path) -> None:
    """Remove the oldest programs, so that there is room for one more."""
    from shutil import rmtree

    programs = sorted(folder.glob("loop_*"), key=lambda path: path.stat().st_mtime)
    for path in programs[: 1 - _MOST_KEPT]:
        rmtree(path, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    """Write a file atomically, with a fixed time stamp, since numba recompiles when that changes."""
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


# The compiled loop


def _source(program: Program, name: str) -> str:
    """The Python source of the loop, which calls ``body`` with one element of each argument."""
    arguments = [f"a{i}" for i in range(len(_argument_kinds(program)))]
    results = {i: f"r{i}" for i in _columns(program)}
    tables = [f"t{i}" for i in range(len(program.reductions))]
    found = ", ".join(f"x{i}" for i in range(len(program.results)))
    inside = [f"{found} = body({', '.join(f'{x}[i]' for x in arguments)})"]
    inside += [f"{result}[i] = x{i}" for i, result in results.items()]
    before, after, apart = list[str](), list[str](), list[str]()
    for table, (kind, value, place) in zip(tables, program.reductions, strict=True):
        if kind != "count" and place is None:  # a number that the loop holds
            entry, added, lines = f"n{table}", f"x{value}", inside
            before.append(f"{entry} = {table}[0]")
            after.append(f"{table}[0] = {entry}")
        else:
            at, added = (value, "1") if kind == "count" else (place, f"r{value}[i]")
            entry, lines = f"{table}[r{at}[i]]", apart
        if kind != "largest":
            lines.append(f"{entry} = {entry} + {added}")
        elif lines is inside:
            lines.append(f"{entry} = max({entry}, {added})")
        else:  # few are larger than those before, so that a jump is faster
            lines.append(f"if {added} > {entry}: {entry} = {added}")
    loops = ["for i in range(len(a0)):", *_indent(inside)]
    if apart:
        # A second loop, so that the first one can work on several elements at once, after a few elements each
        # time, so that what it stores apart is still in the processor's cache
        loops += ["for i in range(len(a0)):", *_indent(apart)]
        whole = [*arguments, *(f"r{i}" for i in range(program.kept or 0))]
        size = next((f"len({r})" for i, r in results.items() if i >= (program.kept or 0)), "len(all_a0)")
        parts = [f"{x} = all_{x}[start : start + {size}]" for x in whole]
        before += [f"all_{x} = {x}" for x in whole]
        loops = [f"for start in range(0, len(all_a0), {size}):", *_indent([*parts, *loops])]
    signature = ", ".join((*arguments, *results.values(), *tables))
    return "\n".join([f"def {name}({signature}):", *_indent([*before, *loops, *after]), ""])


def _indent(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _columns(program: Program) -> list[int]:
    """The indices of the results that are stored: first those that are kept."""
    count = len(program.results)
    kept = count if program.kept is None else program.kept
    placed = [one for one in program.reductions if one.kind == "count" or one.place is not None]
    used = {k for one in placed for k in (one.value, one.place) if k is not None}
    return [*range(kept), *sorted(used - {*range(kept)})]


def _function(program: Program, name: str, path: Path | None = None) -> Any:
    """The loop, compiled or loaded from numba's cache beside the file ``path``."""
    from numba import njit, types

    kinds = {FLOAT: types.float64, WORD: types.uint64, TRUTH: types.boolean}
    # Numba looks up the module of a function by its name.
    namespace = {"__name__": __name__, "body": _body(program, [kinds[x.kind] for x in program.results])}
    exec(compile(_source(program, name), path or "<program>", "exec"), namespace)
    arguments = [types.Array(kinds[kind], 1, "C", readonly=True) for kind in _argument_kinds(program)]
    results = [types.Array(kinds[program.results[k].kind], 1, "C") for k in _columns(program)]
    tables = [
        types.Array(types.int64 if one.kind == "count" else kinds[program.results[one.value].kind], 1, "C")
        for one in program.reductions
    ]
    signature = types.void(*arguments, *results, *tables)
    make = njit([signature], nogil=True, error_model="numpy", cache=path is not None, no_cfunc_wrapper=True)
    return make(namespace[name])


def _body(program: Program, types: Sequence[Any]) -> Any:
    """The program for one element, as a function that numba treats as a single operation."""
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
    """Add the steps of a program to the LLVM builder and return its results."""
    values: dict[Expr, Any] = {}
    for step in program.steps:
        args = [values[x] for x in step.args]
        values[step] = variables[step.data] if step.op == "variable" else _print_step(step, args, builder)
    return [values[x] for x in program.results]


def _print_step(step: Expr, args: Sequence[Any], b: Any) -> Any:
    """Add an operation to the LLVM builder."""
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
    if op in ("shl", "shr"):  # LLVM leaves shifts by 64 or more undefined
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
    """An element of a table, which is a constant of the module; places beyond its ends are clamped."""
    from llvmlite import ir

    word, name = ir.IntType(64), f"table_{id(step.data)}"
    table = b.module.globals.get(name)
    if table is None:  # bytes are printed and read far faster than numbers
        data = bytearray(np.ascontiguousarray(step.data).tobytes())
        kind = ir.ArrayType(ir.IntType(8), len(data))
        table = ir.GlobalVariable(b.module, kind, name)
        table.linkage, table.global_constant, table.initializer = "internal", True, ir.Constant(kind, data)
        table.align = 8
    first, last = ir.Constant(word, 0), ir.Constant(word, len(step.data) - 1)
    place = b.select(b.icmp_signed("<", place, first), first, place)
    place = b.select(b.icmp_signed(">", place, last), last, place)
    elements = b.bitcast(table, ir.ArrayType(word, len(step.data)).as_pointer())
    element = b.load(b.gep(elements, [first, place], inbounds=True))
    return b.bitcast(element, ir.DoubleType()) if step.kind == FLOAT else element
