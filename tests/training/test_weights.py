"""The weights of accepted rows on disk: whose they are, and how many count little."""

import numpy as np
import pyarrow.parquet as pq
from pratique.core import paths
from pratique.training.weights import WEIGHTS, count_weights, write_weights


def test_weights_lie_beside_the_rows_that_they_are_of(tmp_path, monkeypatch, make_table, list_written):
    monkeypatch.chdir(tmp_path)
    for name, labels in (("west/w02", ["yes", "no"]), ("east/w01", ["yes", "", "no"])):
        path = paths.ACCEPTED / f"{name}.parquet"
        path.parent.mkdir(parents=True)
        make_table(len(labels), y=labels).frame.to_parquet(path, index=False)
    layout = make_table(1).layout
    list_written()
    write_weights(np.array([1.0, 1.0, 1.0, 0.2, 0.4, 0.9]), layout)  # two trusted rows come first
    assert pq.read_table(WEIGHTS).to_pylist() == [
        {"batch": "east/w01", "row": 0, "weight": 1.0},
        {"batch": "east/w01", "row": 2, "weight": 0.2},
        {"batch": "west/w02", "row": 0, "weight": 0.4},
        {"batch": "west/w02", "row": 1, "weight": 0.9},
    ]
    assert count_weights() == {"rows": 4, "rows_of_little_weight": 2}
    for path in paths.ACCEPTED.rglob("*.parquet"):
        path.unlink()
    list_written()
    write_weights(np.ones(2), layout)
    assert count_weights() == {"rows": 0, "rows_of_little_weight": 0}
