"""The README's table of the catalogue and its counts; ``python -m tests.support.readme`` rewrites them."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from actcalc.catalogue.lookup import FAMILIES, declarations, family
from actcalc.output.documents import Document
from actcalc.output.formats import write
from actcalc.output.rows import Column, Table, one_by_one

README = Path(__file__).parents[2] / "README.md"
COMMAND = "python -m tests.support.readme"


def rewritten(text: str) -> str:
    """The README's text as the catalogue has it."""
    table = io.StringIO()
    columns = [Column("family"), Column("activations")]
    write("markdown", Document(Table(columns, one_by_one(_families()))), table)
    count = str(len(declarations()))
    for pattern, new in (
        (r"(?<=<!-- catalogue -->\n).*(?=<!-- end of catalogue -->)", table.getvalue()),
        (r"\b\d+(?= activations\b)", count),
        (r"(?<=>>> len\(actcalc\.names\(\)\)\n)\d+", count),
    ):
        before, *rest = re.split(pattern, text, flags=re.DOTALL)
        assert len(rest) == 1, f"the README has {len(rest)} places like {pattern}"
        text = before + new + rest[0]
    return text


def _families() -> Iterator[list[str]]:
    for module in FAMILIES:
        yield [module, ", ".join(declared.name for declared in family(module))]


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
