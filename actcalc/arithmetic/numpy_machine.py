"""Run programs by NumPy, one operation at a time on a block of elements, in reused buffers."""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from actcalc.arithmetic.program import FLOAT, FLOATS, TRUTH, WORD, Expr, Program
from actcalc.numbers import error_free
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers

_BLOCK = 1 << 14
"""Elements processed at a time: few enough for the processor's cache."""
_MOST_KEPT = 256
"""The most programs whose bindings a thread keeps."""

_DTYPES: dict[str, Any] = {FLOAT: np.float64, WORD: np.uint64, TRUTH: np.bool_}


def _take(table: Array) -> Callable[..., Any]:
    return lambda place, out: np.take(table, place.view(np.int64), out=out, mode="clip")


def _select(condition: Array, x: Any, y: Any, out: Array) -> None:
    if out.dtype == np.bool_ or not condition.any():
        out[...] = np.where(condition, x, y)
        return
    # Selected by bit operations: NumPy's where takes ten times as long.
    a, b = (np.asarray(v).view(np.uint64) for v in (x, y))
    mask = np.empty(len(condition), np.int64)
    mask[...] = condition.view(np.int8)
    np.negative(mask, out=mask)
    chosen = mask.view(np.uint64)
    chosen &= a ^ b
    np.bitwise_xor(chosen, b, out=out.view(np.uint64))


def _to_float(x: Array, out: Array) -> None:
    out[...] = x.view(np.int64)


def _to_word(x: Array, out: Array) -> None:
    out[...] = to_integers(x, np.int64).view(np.uint64)


def _fma(x: Any, y: Any, z: Any, out: Array) -> None:
    """An emulated fma, for programs made for compiled code that could not be compiled."""
    out[...] = error_free.fma(x, y, z)


def _cast32(x: Array, out: Array) -> None:
    out[...] = x.astype(np.float32)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    **FLOATS,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": np.left_shift,
    "shr": np.right_shift,
    "not": np.logical_not,
    "select": _select,
    "to_float": _to_float,
    "to_word": _to_word,
    "cast32": _cast32,
    "fma": _fma,
}


def run(program: Program, *arguments: Array) -> tuple[Array, ...]:
    """Run a program on float64 arrays of equal length; each result is an array."""
    length = len(arguments[0])
    results = tuple(np.empty(length, _DTYPES[x.kind]) for x in program.results)
    with np.errstate(all="ignore"):
        for start in range(0, length, _BLOCK):
            part = slice(start, min(start + _BLOCK, length))
            bound = _bound(program, _size(part.stop - start))
            bound.run([argument[part] for argument in arguments], [result[part] for result in results])
    return results


def _size(count: int) -> int:
    """``count`` rounded up, so that a program is bound for few different sizes, as binding is expensive."""
    step = max(1 << count.bit_length() >> 4, 64)
    return min(-(-count // step) * step, _BLOCK)


@lru_cache(maxsize=64)
def _filled(x: float) -> Array:
    """An array filled with a number; NumPy computes minima and maxima faster with it than with the number."""
    return np.full(_BLOCK, x)


class _Threads(threading.local):
    """The buffers of a thread, and the programs bound to them."""

    def __init__(self) -> None:
        self.buffers: dict[bool, list[Array]] = {True: [], False: []}
        """The buffers of truth values (True) and of all other kinds (False)."""
        self.programs: dict[tuple[Program, int], _Bound] = {}


_THREADS = _Threads()


def _bound(program: Program, length: int) -> "_Bound":
    known = _THREADS.programs
    key = program, length
    if key not in known:
        if len(known) >= _MOST_KEPT:
            del known[next(iter(known))]  # the oldest
        known[key] = _Bound(program, length)
    return known[key]


def _owner(x: Expr) -> Expr:
    """The expression whose buffer this one shares."""
    while x.op in ("bits", "from_bits"):
        x = x.args[0]
    return x


class _Bound:
    """A program bound to buffers: for each step the operation, its arguments, and its result's buffer."""

    def __init__(self, program: Program, length: int) -> None:
        last = {_owner(a): i for i, step in enumerate(program.steps) for a in step.args}
        for x in program.results:
            last.pop(_owner(x), None)
        self._ends: dict[int, list[Expr]] = {}
        """By step the expressions that no later step needs."""
        for x, i in last.items():
            self._ends.setdefault(i, []).append(x)
        self._length = length
        self._spare: dict[bool, list[int]] = {True: [], False: []}
        self._made = {True: 0, False: 0}
        self._views: dict[tuple[str, int], Array] = {}
        """The buffers by kind and number."""
        self._places: dict[Expr, int] = {}
        """The number of the buffer of each expression that has one."""
        self._values: dict[Expr, Any] = {}
        self._steps: list[tuple[Callable[..., Any], list[Any], Any]] = []
        # Arguments are copied before the first step.
        self._variables = [(x.data, self._buffer(x)) for x in program.steps if x.op == "variable"]
        for i, step in enumerate(program.steps):
            if step.op == "constant":
                self._values[step] = np.uint64(step.number) if step.kind == WORD else step.number
            else:
                self._add(i, step, program)
                self._release(i)
        self._results = [self._values[x] for x in program.results]

    def run(self, arguments: Sequence[Array], results: Sequence[Array]) -> None:
        """Compute the results of one block into the given arrays."""
        count = len(results[0])
        for place, buffer in self._variables:
            buffer[:count] = arguments[place]
            buffer[count:] = arguments[place][0]
        for operation, args, out in self._steps:
            operation(*args, out=out)
        for result, value in zip(results, self._results, strict=True):
            result[...] = value[:count] if isinstance(value, np.ndarray) else value

    def _add(self, i: int, step: Expr, program: Program) -> None:
        args = [self._values.get(a) for a in step.args]  # a call has no value of its own
        if step.op in ("bits", "from_bits"):
            self._values[step] = self._values[step.args[0]].view(_DTYPES[step.kind])
        elif step.op == "call":
            parts = [x for x in program.steps if x.op == "part" and x.args[0] is step]
            out = [(part.data, self._buffer(part)) for part in parts]
            self._steps.append((_call(step.data), args, out))
        elif step.op == "take":
            self._steps.append((_take(step.data), args, self._buffer(step)))
        elif step.op not in ("part", "variable"):
            if step.op in ("minimum", "maximum") and step.kind == FLOAT:
                args = [_filled(x)[: self._length] if isinstance(x, float) else x for x in args]
            self._release(i)  # the result may reuse the buffer of an argument
            self._steps.append((_OPERATIONS[step.op], args, self._buffer(step)))

    def _buffer(self, x: Expr) -> Array:
        kind, is_truth = x.kind, x.kind == TRUTH
        spare = self._spare[is_truth]
        if not spare:
            spare.append(self._made[is_truth])
            self._made[is_truth] += 1
        self._places[x] = place = spare.pop()
        buffer = self._views.get((kind, place))
        if buffer is None:
            kept = _THREADS.buffers[is_truth]
            while len(kept) <= place:
                kept.append(np.empty(_BLOCK, np.bool_ if is_truth else np.float64))
            buffer = self._views[kind, place] = kept[place].view(_DTYPES[kind])[: self._length]
        self._values[x] = buffer
        return buffer

    def _release(self, i: int) -> None:
        for x in self._ends.pop(i, ()):
            if x in self._places:
                self._spare[x.kind == TRUTH].append(self._places.pop(x))


def _call(function: Callable[..., Sequence[Array]]) -> Callable[..., None]:
    def operation(*args: Any, out: Sequence[tuple[int, Array]]) -> None:
        found = function(*args)
        for k, buffer in out:
            buffer[...] = found[k]

    return operation
