"""What files of at most 50 MB that are made to hurt cost `pratique check`: CPU, memory, and how it ends.

    python tests/benchmarks/hostile_files.py WORK OUT.csv [--files nulls levels ...]

Makes the project of fault_sweep.py in the folder WORK, with 60 seconds for a batch, and each file beside it. One line a
file goes to OUT.csv; what stands there is not run again. The exit code is 1 where a file took more than 120 s of CPU or
4 GiB, or ended otherwise than with 0, 1 or 2.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fault_sweep import draw_rows, make_project

MOST_BYTES, MOST_CPU, MOST_GIB = 50_000_000, 120.0, 4.0
MEBI = 2**20


@dataclass(frozen=True)
class Cost:
    """What one file cost, and what was said of it."""

    file: str
    bytes: int
    code: int
    cpu: float
    seconds: float
    gib: float
    said: str


def repeat_rows(rows: int, **columns: list[object]) -> pa.Table:
    """Equal rows, a few columns of which hold something else, over and over."""
    first = {"size": ["1.5"], "age": ["30"], "colour": ["red"], "y": ["low"]} | columns
    return pa.table({name: pa.array(cells * -(-rows // len(cells)))[:rows] for name, cells in first.items()})


def hide_nulls(rows: int) -> pa.Table:
    """Rows of which nothing but the label is there."""
    nothing = dict.fromkeys(("size", "age", "colour"), pa.nulls(rows, pa.string()))
    return pa.table(nothing | {"y": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), ["low"])})


def levels(rows: int, many: int) -> pa.Table:
    """A level of its own for every few rows."""
    return repeat_rows(rows, colour=[f"level {at}" for at in range(many)])


def honest(rows: int) -> pa.Table:
    """Rows as trusted ones are."""
    return pa.Table.from_pandas(draw_rows(rows, 7, 0.0), preserve_index=False)


FILES: dict[str, Callable[[], pa.Table]] = {
    "60 million rows of nulls": lambda: hide_nulls(60_000_000),
    "5 million rows of nulls": lambda: hide_nulls(5_000_000),
    "one cell of 45 MB": lambda: repeat_rows(1, colour=["x" * 45_000_000]),
    "40 cells of 1 MiB": lambda: repeat_rows(40, colour=["x" * MEBI]),
    "2,000 cells of 1 MiB": lambda: repeat_rows(2_000, colour=["x" * MEBI]),
    "30,000 cells of 10 KB": lambda: repeat_rows(30_000, colour=["x" * 10_000]),
    "100,000 columns": lambda: pa.table({f"c{at}": ["1"] for at in range(100_000)}),
    "9,000 columns": lambda: pa.table({f"c{at}": ["1"] * 100 for at in range(9_000)}),
    "200,000 rows, 20,000 levels": lambda: levels(200_000, 20_000),
    "1,000,000 rows, 1,000,000 levels": lambda: levels(1_000_000, 1_000_000),
    "1,000,000 equal rows": lambda: repeat_rows(1_000_000),
    "1,000,000 honest rows": lambda: honest(1_000_000),
    "an expression that takes for ever": lambda: repeat_rows(100, colour=["a" * 60 + "b"]),
}


def main() -> None:
    """Run what was not run yet."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--files", nargs="+", default=list(FILES))
    given = words.parse_args()
    project = set_up(given.work.resolve() / "project")
    known = {line["file"] for line in csv.DictReader(given.out.open(encoding="utf-8"))} if given.out.exists() else set()
    bad = 0
    for name in given.files:
        if name in known:
            continue
        cost = measure(project, name)
        bad += cost.cpu > MOST_CPU or cost.gib > MOST_GIB or cost.code not in (0, 1, 2)
        print(cost, flush=True)
        new = not given.out.exists()
        with given.out.open("a", encoding="utf-8", newline="") as stream:
            lines = csv.DictWriter(stream, asdict(cost))
            if new:
                lines.writeheader()
            lines.writerow(asdict(cost))
    sys.exit(bool(bad))


def set_up(root: Path) -> Path:
    """The project, whose schema has an expression that only Python can judge."""
    if (root / ".hostile").exists():
        return root
    make_project(root, 1)
    params, schema = root / "params.yaml", root / "expectations/schema.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("seconds: 1800", "seconds: 60"), encoding="utf-8")
    text = schema.read_text(encoding="utf-8")
    expression = '  "colour":\n    str_matches: "^(?!(a+)+$)"\n'
    schema.write_text(text.replace('  "colour":\n', expression, 1), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "pratique.cli", "calibrate"], cwd=root, check=True)
    (root / ".hostile").touch()
    return root


def measure(project: Path, name: str) -> Cost:
    """Check one file in a process of its own."""
    place = project.parent / f"{name.replace(' ', '_')}.parquet"
    pq.write_table(FILES[name](), place, compression="zstd")
    size, began = place.stat().st_size, time.monotonic()
    if size > MOST_BYTES:
        raise SystemExit(f"{name}: {size} bytes")
    command = [sys.executable, "-m", "pratique.cli", "check", str(place)]

    with (project.parent / "said").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(command, cwd=project, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)

        said.seek(0)
        text = said.read().replace(str(place.parent), "")[:300]
    place.unlink()
    cpu, code = used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)
    gib = used.ru_maxrss * 1024 / 2**30
    return Cost(name, size, code, round(cpu, 1), round(time.monotonic() - began, 1), round(gib, 2), text)


if __name__ == "__main__":
    main()
