"""Rust: functions of f32 and f64, and of patterns of the 16-bit formats, which its library lacks."""

from collections.abc import Sequence
from typing import ClassVar

from actcalc.activations.declaration import Quantity
from actcalc.code.expression import Expression, Routine, Step, Unit, name, parts
from actcalc.code.printer import ATOM, COMPARISON, CONDITIONAL, Bound, Printer, needed, uses_z
from actcalc.code.supplied import Supplied
from actcalc.numbers.floats import FLOAT32

_FROM = {
    "bfloat16": """
fn from_bfloat16(x: u16) -> f32 {
    f32::from_bits((x as u32) << 16)
}
""",
    "float16": """
fn from_float16(x: u16) -> f32 {
    let bits = (x & 0x7fff) as u32;
    let size = if bits < 0x7c00 {
        f32::from_bits(bits << 13) * f32::from_bits(239 << 23)
    } else {
        f32::from_bits(bits << 13 | 0x7f800000)
    };
    size.copysign(if x < 0x8000 { 1.0 } else { -1.0 })
}
""",
}
_TO = {
    "bfloat16": """
// Rounds to nearest, ties to even.
fn to_bfloat16(y: f32) -> u16 {
    let bits = y.to_bits();
    if y.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}
""",
    "float16": """
// Rounds to nearest, ties to even.
fn to_float16(y: f32) -> u16 {
    let sign = (y.to_bits() >> 16) as u16 & 0x8000;
    let size = y.abs();
    if size.is_nan() {
        return sign | 0x7e00;
    }
    if size >= 65520.0 {
        return sign | 0x7c00;
    }
    if size < f32::from_bits(113 << 23) {
        return sign | ((size + 0.5).to_bits() - 0.5_f32.to_bits()) as u16;
    }
    let bits = size.to_bits() - (112 << 23);
    sign | ((bits + 0xfff + (bits >> 13 & 1)) >> 13) as u16
}
""",
}
_FMA_ERROR = """
// a*b + c - s, where s is the rounded a*b + c.
fn fma_error(a: {real}, b: {real}, c: {real}, s: {real}) -> {real} {{
    let d = s - c;
    let k = d - s;
    a.mul_add(b, -d) - ((s - (d - k)) - (c + k))
}}
"""
_SHORT_CHOICE, _SHORT_CALL = 50, 60
"""The longest choice that rustfmt leaves on one line."""


class RustPrinter(Printer):
    """Writes functions in Rust."""

    language = "rust"
    width = 100
    names: ClassVar = {"expm1": "exp_m1", "log": "ln", "log1p": "ln_1p", "fma": "mul_add"}

    @property
    def real(self) -> str:
        """The type of the computation."""
        return f"f{self.compute.bits}"

    def number(self, x: float) -> str:
        return self.compute.text(x)

    def called(self, function: str, args: Sequence[Expression]) -> Bound:  # type: ignore[override]
        if function in self.helpers:
            return super().called(function, args)
        receiver, *rest = args
        if receiver.is_constant and function in ("max", "min"):
            receiver, rest = rest[0], [receiver]
        text = self.text(receiver, ATOM)
        if receiver.is_constant:
            text = (
                f"{self.text(receiver)}_{self.real}"
                if receiver.data >= 0
                else f"({self.text(receiver)}_{self.real})"
            )
        return f"{text}.{function}({', '.join(map(self.text, rest))})", ATOM

    def fma_error(self, a: Expression, b: Expression, c: Expression, s: Expression) -> Bound:
        title = self.add_helper("fma_error", _FMA_ERROR.format(real=self.real))
        return self.called(title, (a, b, c, s))

    def select(self, condition: Expression, then: Expression, otherwise: Expression) -> Bound:
        first = self.text(condition, COMPARISON)
        return f"if {first} {{ {self.text(then)} }} else {{ {self.text(otherwise)} }}", CONDITIONAL

    def lines(self, x: Expression) -> list[str]:
        """An expression that is a whole statement or result: a choice takes several lines."""
        if x.op != "select":
            return [self.text(x)]
        condition, then, otherwise = x.args
        first, *rest = self.lines(otherwise)
        begun = [f"if {self.text(condition)} {{", f"    {self.text(then)}"]
        if rest:
            return [*begun, f"}} else {first}", *rest]
        return [*begun, "} else {", f"    {first}", "}"]

    def fits(self, step: Step) -> bool:
        long = [x for x in parts(step.value) if x.op not in ("select", "z", "name", "constant")]
        calls = [x for x in long if self.bound(x)[1] == ATOM and len(self.text(x)) > _SHORT_CALL]
        if not step.name and self.is_converted and len(self.text(step.value)) > _SHORT_CALL:
            return False
        return not calls and self._choices_fit(step.value) and super().fits(step)

    def _choices_fit(self, x: Expression) -> bool:
        """Whether all choices inside, except those of a chain, are short."""
        while x.op == "select":
            if any(not self._is_short(y) for part in x.args[:2] for y in parts(part)):
                return False
            x = x.args[2]
        return all(map(self._is_short, parts(x)))

    def _is_short(self, x: Expression) -> bool:
        if x.op != "select":
            return True
        return len(self.text(x)) <= _SHORT_CHOICE and all(y.op != "select" for y in x.args)

    def assignment(self, step: Step, is_new: bool) -> list[str]:
        first, *rest = [self.text(step.value)] if self._is_short(step.value) else self.lines(step.value)
        first = f"let {step.name} = {first}"
        return [first, *rest[:-1], f"{rest[-1]};"] if rest else [f"{first};"]

    def end(self, result: Expression) -> list[str]:
        if not self.is_converted:
            return self.lines(result)
        dtype = self.unit.dtype
        narrowed = self.text(result) if self.compute is FLOAT32 else f"{self.text(result, ATOM)} as f32"
        if dtype is FLOAT32:
            return [narrowed]
        return [f"{self.add_helper(f'to_{dtype}', _TO[dtype.name])}({narrowed})"]

    @property
    def is_converted(self) -> bool:
        """Whether the result being written is rounded to another format."""
        return not self.is_inner and self.unit.dtype is not self.compute

    def statements(self, steps: Sequence[Step], result: Expression) -> list[str]:
        if self.is_converted and result.op == "select":
            title = next(title for title in ("y", "g", "h") if title not in {step.name for step in steps})
            steps, result = [*steps, Step(title, result)], name(title)
        return super().statements(steps, result)

    def helper_name(self, op: str) -> str:
        return f"{op}_{self.real}"

    def supply(self, op: str) -> str:
        title = self.helper_name(op)
        super().supply(op)
        return title

    def helper(self, title: str, lacking: Supplied) -> list[str]:
        return [
            *self.comment(lacking.note),
            *self.definition(f"fn {title}", lacking.parameters, self.real),
            *(f"    {line}" for line in self.statements(lacking.steps, lacking.result)),
            "}",
        ]

    def definition(self, title: str, parameters: Sequence[str], kind: str) -> list[str]:
        """The first line of a function."""
        return [f"{title}({', '.join(f'{parameter}: {kind}' for parameter in parameters)}) -> {kind} {{"]

    def function(self, quantity: Quantity, routine: Routine) -> list[str]:
        lines = self.statements(needed(routine, quantity), routine.results[quantity])
        argument, kind, dtype = "z", self.real, self.unit.dtype
        is_used = uses_z(lines)
        if self.unit.dtype is not self.compute:
            argument, kind = self.argument(routine), "f32" if dtype is FLOAT32 else "u16"
            if is_used:
                z = argument
                if dtype is not FLOAT32:
                    z = f"{self.add_helper(f'from_{dtype}', _FROM[dtype.name])}({z})"
                lines = [f"let z = {z if self.compute is FLOAT32 else f'{z} as f64'};", *lines]
        argument = argument if is_used else f"_{argument}"
        title = f"pub fn {self.unit.names[quantity]}"
        return [*self.definition(title, [argument], kind), *(f"    {line}" for line in lines), "}"]


def write(unit: Unit) -> str:
    """The unit as a Rust file."""
    printer = RustPrinter(unit)
    functions = printer.functions()
    header = ["\n".join(printer.header())] if unit.header else []
    return "\n\n".join([*header, *printer.helpers.values(), *functions]) + "\n"
