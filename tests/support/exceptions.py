"""Compute the shipped exceptions of emitted programs: ``python -m tests.support.exceptions``.

All float32 of a function take half a minute, of a periodic one five minutes. Functions whose program is
unchanged are skipped. Names of activations may be given, and ``--dtype``, ``--of`` and ``--output``.
"""

import argparse
import json
from pathlib import Path

import actcalc.code.shipped as shipped
from actcalc.code.correct import certified
from actcalc.code.proof import exceptions
from actcalc.numbers.floats import FORMATS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--dtype", nargs="*", default=["float16", "bfloat16", "float32"])
    parser.add_argument("--of", nargs="*", default=["g", "dg"])
    parser.add_argument("--output", default=str(Path(shipped.__file__).with_name("exceptions.json")))
    given = parser.parse_args()
    path = Path(given.output)
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for dtype in given.dtype:
        for f in shipped.settings():
            for of in given.of:
                if given.names and f.name not in given.names and f"{f.name}.{of}" not in given.names:
                    continue
                key = shipped.key(f, of, FORMATS[dtype])
                fmt, entry = FORMATS[dtype], known.get(key)
                plan = shipped.read(entry).plan if entry else None
                program = certified(f, of, fmt, plan)
                if entry and entry["program"] == program.digest:
                    continue
                found = exceptions(certified(f, of, fmt), f, of, fmt)
                known[key] = shipped.write(certified(f, of, fmt), found)
                rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known))
                path.write_text(f"{{\n{rows}\n}}\n", "utf-8")
                print(key, len(found), flush=True)


if __name__ == "__main__":
    main()
