"""The sketch of a batch: equal rows are found again, whatever their order, ids and formats."""

import numpy as np
import pandas as pd
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.sketch import HIGHEST_HASH, NO_SKETCH, SKETCH_ROWS, RowSketch

LAYOUT = Layout("y", {"a": "real", "b": "category"})


def hashes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def test_of_few_rows_it_holds_all_and_of_many_the_smallest():
    few, many = RowSketch.of(hashes(100)), RowSketch.of(hashes(5000))
    assert few.is_complete
    assert few.threshold == HIGHEST_HASH
    assert few.hashes.tolist() == sorted(hashes(100).tolist())
    assert not many.is_complete
    assert many.hashes.tolist() == sorted(hashes(5000).tolist())[:SKETCH_ROWS]
    assert many.threshold == many.hashes[-1]
    assert (many.rows, many.distinct) == (5000, 5000)


def test_rows_that_repeat_count_once_but_name_another_set():
    once, twice = RowSketch.of(hashes(10)), RowSketch.of(np.tile(hashes(10), 2))
    assert once.hashes.tolist() == twice.hashes.tolist()
    assert (twice.rows, twice.distinct) == (20, 10)
    assert once.sha256 != twice.sha256
    assert RowSketch.of(hashes(10)[::-1]).sha256 == once.sha256
    assert (NO_SKETCH.rows, NO_SKETCH.sha256) == (0, None)


def test_ids_and_columns_that_are_not_learned_from_do_not_count():
    frame = pd.DataFrame({"a": ["1.5", "2"], "b": ["x", "y"], "y": ["u", "v"]})
    plain = Batch.from_frame("s/a", frame, LAYOUT).content
    more = Batch.from_frame("s/b", frame.assign(id=[7, 8], note="!").iloc[::-1], LAYOUT).content
    assert sorted(plain.tolist()) == sorted(more.tolist())
    assert plain[0] != plain[1]
    assert Batch.from_frame("s/c", frame.assign(y=["v", "v"]), LAYOUT).content[0] != plain[0]
