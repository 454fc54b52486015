"""CUDA: device functions, for nvcc and NVRTC."""

from collections.abc import Sequence

from actcalc.code.expression import Unit
from actcalc.code.languages.c_family import CFamily, indented

_TYPES = {
    "float16": ("__half", "__half2float({})", "__float2half_rn"),
    "bfloat16": ("__nv_bfloat16", "__bfloat162float({})", "__float2bfloat16_rn"),
}
_INCLUDES = {"float16": ["#include <cuda_fp16.h>"], "bfloat16": ["#include <cuda_bf16.h>"]}


class CudaPrinter(CFamily):
    """Writes functions in CUDA."""

    language = "cuda"
    opening = "__device__ __forceinline__ "
    inner_opening = opening
    test_array = "__device__ const "
    test_include = "#include <cstdio>"

    @property
    def outside(self) -> tuple[str, str, str]:
        return _TYPES.get(self.unit.dtype.name, super().outside)

    def test_main(self, lines: Sequence[str]) -> str:
        kernel = "\n".join(["__global__ void test() {", *indented(lines), "}"])
        body = ["test<<<1, 1>>>();", "return cudaDeviceSynchronize() || failures;"]
        main = "\n".join(["int main() {", *indented(body), "}"])
        return f"__device__ __managed__ int failures;\n\n{kernel}\n\n{main}"


def write(unit: Unit) -> str:
    """The unit as a CUDA file."""
    printer = CudaPrinter(unit)
    functions = printer.functions()
    header = ["\n".join(printer.header())] if unit.header else []
    includes = _INCLUDES.get(unit.dtype.name, [])
    parts = [*header, *includes, *printer.helpers.values(), *functions, *printer.tests()]
    return "\n\n".join(parts) + "\n"
