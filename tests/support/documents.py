"""The parts of documents that follow from the catalogue: its table and its counts.

``python -m tests.support.documents`` rewrites them.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from actcalc.catalogue.lookup import FAMILIES, declarations, family
from actcalc.output.documents import Document
from actcalc.output.formats import write
from actcalc.output.rows import Column, Table, one_by_one

README = Path(__file__).parents[2] / "README.md"
DOCS = README.parent / "actcalc" / "docs"
COMMAND = "python -m tests.support.documents"


def rewritten() -> dict[Path, str]:
    """The documents with these parts updated from the catalogue."""
    table = io.StringIO()
    columns = [Column("family"), Column("activations")]
    write("markdown", Document(Table(columns, one_by_one(_families()))), table)
    count = str(len(declarations()))
    return {
        path: _replaced(path, pattern, new)
        for path, pattern, new in (
            (
                DOCS / "activations.md",
                r"(?<=<!-- catalogue -->\n).*(?=<!-- end of catalogue -->)",
                table.getvalue(),
            ),
            (README, r"\b\d+(?= activations\b)", count),
            (DOCS / "library.md", r"(?<=>>> len\(actcalc\.names\(\)\)\n)\d+", count),
        )
    }


def _replaced(path: Path, pattern: str, new: str) -> str:
    before, *rest = re.split(pattern, path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(rest) == 1, f"{path.name} has {len(rest)} places like {pattern}"
    return before + new + rest[0]


def _families() -> Iterator[list[str]]:
    for module in FAMILIES:
        yield [module, ", ".join(declared.name for declared in family(module))]


if __name__ == "__main__":
    for path, text in rewritten().items():
        path.write_text(text, encoding="utf-8", newline="\n")
