"""How surely is a batch that came before recognised, and how often is a fresh one taken for one?

    python tests/benchmarks/resent.py FOLDER [--data NAME...] [--fresh 500] [--trials 200] [--trusted 1000]

FOLDER holds Parquet data sets with a column `label`. Trusted rows and batches of 20 to 200 rows are drawn from one pool
without replacement, anew where it is used up; each batch is asked about among all that were drawn with it. Of batches
that are sent again (identical; shuffled; with one cell edited in 10 % of the rows; with half of the rows new) the share
that is recognised as a repeat of the right one is printed, of fresh batches how many are called repeats. Last, the
seconds that a history of 1,000 batches of 200 rows, and of 2,000, takes to sort and to be asked about every batch.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import AlarmParams, DataParams
from pratique.core.sketch import RowSketch
from pratique.quarantine.repeats import History
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of

DATA = ("adult", "digits", "magic", "spambase")
ROWS = (20, 200)
ALPHA = AlarmParams().alpha


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=DATA)
    parser.add_argument("--fresh", type=int, default=500)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--trusted", type=int, default=1000)
    words = parser.parse_args()
    for number, name in enumerate(words.data):
        pool = read_pool(words.folder, name)
        batch = Batch("pool", pool, layout_of(pool, DataParams(label="label")))
        rng = np.random.default_rng([7, number])
        false, fresh, trials = 0, 0, 0
        found = dict.fromkeys(("identical", "shuffled", "edited", "half new"), 0)
        while fresh < words.fresh:
            trusted, spare, batches = deal(batch, min(words.trusted, len(pool) // 4), rng)
            sketches = {f"s/{i:04d}": RowSketch.of(each.content) for i, each in enumerate(batches)}
            history = History(sketches, trusted, ALPHA)
            false += sum(any(not repeat.later for repeat in history.find(name)) for name in sketches)
            fresh += len(batches)
            for i in rng.permutation(len(batches))[: max(0, words.trials - trials)].tolist():
                trials += 1
                for kind, again in resend(batches[i], spare, rng):
                    more = {**sketches, "z/again": RowSketch.of(again.content)}
                    said = History(more, trusted, ALPHA).find("z/again")
                    found[kind] += bool(said) and said[0].batch == f"s/{i:04d}"
        shares = ", ".join(f"{kind} {count / trials:.3f}" for kind, count in found.items())
        print(f"{name}: {false} of {fresh} fresh batches; of {trials} trials: {shares}", flush=True)
    for count in (1000, 2000):
        print(f"{count} batches of 200 rows: {measure_time(count):.2f} s")


def read_pool(folder: Path, name: str) -> pa.Table:
    """A data set; that of the digits comes with scikit-learn."""
    if name != "digits":
        return read_table(folder / f"{name}.parquet")
    from sklearn.datasets import load_digits

    numbers, labels = load_digits(return_X_y=True)
    cells = {f"p{i:02d}": column.astype(np.int64) for i, column in enumerate(numbers.T)}
    return pa.table(cells | {"label": labels.astype(str)})


def deal(pool: Batch, known: int, rng: np.random.Generator) -> tuple[np.ndarray, Batch, list[Batch]]:
    """What trusted rows hold, some spare rows, and batches of the rows that are left."""
    order = rng.permutation(len(pool))
    spare, left, batches = order[known : known + ROWS[1]], order[known + ROWS[1] :], []
    while len(left) >= ROWS[1]:
        size = int(rng.integers(ROWS[0], ROWS[1] + 1))
        batches.append(pool.take(left[:size]))
        left = left[size:]
    return pool.take(order[:known]).content, pool.take(spare), batches


def resend(batch: Batch, spare: Batch, rng: np.random.Generator) -> Iterator[tuple[str, Batch]]:
    """The batch as it may come again; `spare` are rows that no batch has."""
    rows, frame = len(batch), batch.table.to_pandas()
    yield "identical", batch
    yield "shuffled", batch.take(rng.permutation(rows))
    yield "edited", Batch.from_frame("again", edit(frame, batch.layout, rng), batch.layout)
    new = spare.take(rng.permutation(len(spare))[: rows - rows // 2]).table.to_pandas()
    both = pd.concat([frame.sample(rows // 2, random_state=int(rng.integers(2**32))), new], ignore_index=True)
    yield "half new", Batch.from_frame("again", both, batch.layout)


def edit(frame: pd.DataFrame, layout: Layout, rng: np.random.Generator) -> pd.DataFrame:
    """One number changed in 10 % of the rows."""
    edited = frame.astype(dict.fromkeys(layout.numeric, np.float64))
    for row in rng.permutation(len(frame))[: -(-len(frame) // 10)].tolist():
        edited.loc[row, layout.numeric[int(rng.integers(len(layout.numeric)))]] += 0.5 + rng.random()
    return edited


def measure_time(count: int) -> float:
    """Seconds for a history of so many batches, each asked about once."""
    rng = np.random.default_rng(1)
    draw = lambda rows: rng.integers(0, 2**64, rows, dtype=np.uint64)  # noqa: E731
    sketches = {f"s/{i:05d}": RowSketch.of(draw(200)) for i in range(count)}
    start = time.perf_counter()
    history = History(sketches, draw(1000), ALPHA)
    for batch in sketches:
        history.find(batch)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
