"""Programs run by NumPy, an operation at a time on a block of elements, in buffers that are used again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from actcalc.arithmetic.program import FLOAT, TRUTH, WORD, Expr, Program
from actcalc.numbers.float_arrays import Array

BLOCK = 1 << 15
"""Elements worked on at a time: few enough for the processor's cache."""

_DTYPES: dict[str, Any] = {FLOAT: np.float64, WORD: np.uint64, TRUTH: np.bool_}
_UFUNCS: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.absolute,
    "sqrt": np.sqrt,
    "rint": np.rint,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": np.left_shift,
    "shr": np.right_shift,
    "not": np.logical_not,
}


def run(program: Program, *arguments: Array) -> tuple[Array, ...]:
    """The results of a program, an array each, at arrays of float64 of one length."""
    length = len(arguments[0])
    results = tuple(np.empty(length, _DTYPES[x.kind]) for x in program.results)
    machine = _Machine(program, min(length, BLOCK))
    with np.errstate(all="ignore"):
        for start in range(0, length, BLOCK):
            part = slice(start, min(start + BLOCK, length))
            machine.run([argument[part] for argument in arguments], [result[part] for result in results])
    return results


def _owner(x: Expr) -> Expr:
    """The expression whose buffer holds this one."""
    while x.op in ("bits", "from_bits"):
        x = x.args[0]
    return x


class _Machine:
    """A program with its buffers, which a step takes and its last use gives back."""

    def __init__(self, program: Program, size: int) -> None:
        self.program = program
        self.size = size
        last = {_owner(a): i for i, step in enumerate(program.steps) for a in step.args}
        last.update((_owner(x), len(program.steps)) for x in program.results)
        self.ending: list[list[Expr]] = [[] for _ in range(len(program.steps) + 1)]
        """The owners of buffers that are not needed after a step."""
        for x, i in last.items():
            self.ending[i].append(x)
        self.spare: dict[bool, list[Array]] = {True: [], False: []}

    def run(self, arguments: Sequence[Array], results: Sequence[Array]) -> None:
        """Work out the results of one block, into their arrays."""
        length = len(arguments[0])
        values: dict[Expr, Any] = {}
        buffers: dict[Expr, Array] = {}
        for i, step in enumerate(self.program.steps):
            if step.op == "variable":
                values[step] = arguments[step.data]
            elif step.op == "constant":
                values[step] = np.uint64(step.number) if step.kind == WORD else step.number
            else:
                args = [values[a] for a in step.args]
                if step.op in ("bits", "from_bits"):
                    values[step] = args[0].view(_DTYPES[step.kind])
                elif step.op == "call":
                    values[step] = step.data(*args)
                elif step.op == "part":
                    values[step] = args[0][step.data]
                else:
                    buffers[step] = whole = self._buffer(step.kind)
                    values[step] = _work_out(step, args, whole[:length])
            self._give_back(i, buffers)
        for x, result in zip(self.program.results, results, strict=True):
            result[...] = values[x]
        self._give_back(len(self.program.steps), buffers)

    def _buffer(self, kind: str) -> Array:
        spare = self.spare[kind == TRUTH]
        whole = spare.pop() if spare else np.empty(self.size, np.bool_ if kind == TRUTH else np.float64)
        return whole.view(_DTYPES[kind])

    def _give_back(self, i: int, buffers: dict[Expr, Array]) -> None:
        for x in self.ending[i]:
            if x in buffers:
                self.spare[x.kind == TRUTH].append(buffers.pop(x))


def _work_out(step: Expr, args: Sequence[Any], out: Array) -> Array:
    """The result of an operation, in ``out``."""
    if step.op == "take":
        np.take(step.data, args[0].view(np.int64), out=out, mode="clip")
    elif step.op == "select":
        out[...] = args[2]
        if args[0].any():
            np.copyto(out, args[1], where=args[0])
    elif step.op == "to_float":
        out[...] = args[0].view(np.int64)
    elif step.op == "cast32":
        out[...] = args[0].astype(np.float32)
    else:
        _UFUNCS[step.op](*args, out=out)
    return out
