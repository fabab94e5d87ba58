"""Columns that are no features, carried into the drill's batches."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.drill.bystanders import Bystanders

LAYOUT = Layout("y", {"a": "real"}, ignored=("note",))


@pytest.fixture
def accepted(tmp_path, monkeypatch):
    """A function that writes an accepted batch into the folder where the test runs."""
    monkeypatch.chdir(tmp_path)

    def write(name, **columns):
        path = paths.ACCEPTED / "east" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)

    return write


def test_ids_that_files_spell_as_numbers_and_as_text_are_text(accepted):
    accepted("a", key=[7, 8], a=[0.5, 1.5], y=["no", "yes"], note=["", ""])
    accepted("b", key=["K7"], a=[2.5], y=["no"], note=[""])
    assert Bystanders.read(LAYOUT).cells.to_pydict() == {"key": ["7", "8", "K7"]}


def test_whole_and_real_numbers_are_numbers(accepted):
    accepted("a", at=[1], y=["no"])
    accepted("b", at=[0.5], y=["no"])
    assert Bystanders.read(LAYOUT).cells.to_pydict() == {"at": [1.0, 0.5]}


def test_ids_that_no_real_number_holds_are_text(accepted):
    accepted("a", key=[9007199254740993], y=["no"])
    accepted("b", key=[0.5], y=["no"])
    assert Bystanders.read(LAYOUT).cells.to_pydict() == {"key": ["9007199254740993", "0.5"]}


def test_a_column_that_one_file_lacks_is_left_out(accepted):
    accepted("a", key=[1], at=[2])
    accepted("b", key=[3])
    assert Bystanders.read(LAYOUT).cells.column_names == ["key"]


def test_a_batch_gets_them_row_by_row_and_from_the_start_again(accepted):
    accepted("a", key=[1, 2])
    batch = Batch.from_frame("b", pd.DataFrame({"a": [0.0, 1.0, 2.0], "y": ["no", "yes", "no"]}), LAYOUT)
    assert Bystanders.read(LAYOUT).join(batch).table["key"].to_pylist() == [1, 2, 1]
