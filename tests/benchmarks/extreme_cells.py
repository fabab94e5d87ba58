"""How often is a clean row held for an extreme cell, and how often a cell in another unit?

    python tests/benchmarks/extreme_cells.py FOLDER [--references 10] [--batches 200] [--rows 1000]

FOLDER holds Parquet data sets with a column `label`. For each reference, rows are shuffled anew and cut into the
reference, of `--rows` rows or a quarter of all, and a pool; batches of 100 and 1,000 rows are drawn from the pool.
Prints, for each data set and size, the share of clean batches in which `extremes` held a row (it may be 0.001), and
the share of batches that held the right row where one cell, not zero and drawn at random, was multiplied by 100.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from pratique.checks.extremes import HELD_BATCHES, Extremes
from pratique.contract.check import Fitted
from pratique.core.batch import Batch
from pratique.core.params import DataParams
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of

SIZES = (100, 1000)
FACTOR = 100


def held(fitted: Fitted, batch: Batch) -> set[int]:
    """The rows that the check holds."""
    return set(fitted.measure(batch).finding(len(batch)).forbidden)


def in_another_unit(batch: Batch, rng: np.random.Generator) -> tuple[Batch, int]:
    """The batch with one number multiplied, and the row it is in."""
    rows, columns = np.nonzero(np.nan_to_num(batch.numeric))
    at = rng.integers(len(rows))
    row, name = int(rows[at]), batch.layout.numeric[columns[at]]
    cells = batch.numeric[:, columns[at]].copy()
    cells[row] *= FACTOR
    place = batch.table.column_names.index(name)
    return Batch(batch.name, batch.table.set_column(place, name, pa.array(cells)), batch.layout), row


def measure(path: Path, seed: int, batches: int, known: int) -> dict[int, tuple[list[bool], list[bool]]]:
    """For each size, whether each clean batch had a row held, and whether the cell in another unit was found."""
    rng = np.random.default_rng([seed, 8])
    table = read_table(path)
    table = table.take(rng.permutation(table.num_rows))
    known = min(known, table.num_rows // 4)
    reference = table.slice(0, known)
    layout = layout_of(reference, DataParams(label="label"))
    fitted = Extremes().fit(Batch("reference", reference, layout), rng)
    pool = Batch("pool", table.slice(known), layout)
    found: dict[int, tuple[list[bool], list[bool]]] = {}
    for size in (s for s in SIZES if s <= len(pool)):
        clean, wrong = found.setdefault(size, ([], []))
        for _ in range(batches):
            batch = pool.take(rng.choice(len(pool), size, replace=False))
            clean.append(bool(held(fitted, batch)))
            odd, row = in_another_unit(batch, rng)
            wrong.append(row in held(fitted, odd))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=10)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=500)
    words = parser.parse_args()
    everything: list[bool] = []
    for path in sorted(words.folder.glob("*.parquet")):
        seeds = range(words.first_seed, words.first_seed + words.references)
        found = [measure(path, seed, words.batches, words.rows) for seed in seeds]
        for size in found[0]:
            clean, wrong = ([x for each in found for x in each[size][k]] for k in (0, 1))
            everything += clean
            counted = f"{sum(clean)} of {len(clean)} clean, {np.mean(wrong):.2f} found"
            print(f"{path.stem}, {size} rows: {counted}", flush=True)
    print(f"all: {np.mean(everything):.5f} of {len(everything)} clean batches, budget {HELD_BATCHES}")


if __name__ == "__main__":
    main()
