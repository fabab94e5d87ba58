"""Large Parquet files are read into a temporary file: the same rows, the same limits, nothing left behind."""

import tempfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.tables import limits, mapped, parquet, reading
from pratique.tables.reading import read_file


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    cells = {"n": [1, None, 3] * 30, "x": [float("nan"), *rng.normal(size=89)], "c": ["a", "", None] * 30}
    return pa.table(cells | {"d": pa.array(["u", "v", "w"] * 30).dictionary_encode(), "empty": pa.nulls(90)})


@pytest.fixture
def large(monkeypatch, tmp_path, table):
    """The file, read as one that is too large to be held."""
    pq.write_table(table, tmp_path / "b.parquet", row_group_size=40)
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    monkeypatch.setattr(parquet, "READ_ROWS", 16)
    whole = read_file(tmp_path / "b.parquet").table
    monkeypatch.setattr(parquet, "MOST_ROWS_AT_ONCE", 50)
    return tmp_path / "b.parquet", whole


def test_the_rows_are_the_same_and_no_file_stays(large):
    file, whole = large
    found = read_file(file).table
    assert found.equals(whole)
    assert found.schema == whole.schema
    assert found["n"].num_chunks > 1  # it was not copied into memory
    assert list((file.parent / "t").iterdir()) == []
    assert found.slice(85)["d"].to_pylist() == ["v", "w", "u", "v", "w"]


def test_text_is_counted_as_it_unpacks(large, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 100)
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 10**6)
    monkeypatch.setattr(parquet, "check_unpacked", limits.check_unpacked)
    with pytest.raises(UnreadableBatch, match="unpacks to"):
        read_file(large[0])


def test_a_full_disk_is_no_fault_of_the_batch(large, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write_table(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(mapped.pa.ipc, "new_file", lambda *_: Full())
    with pytest.raises(PratiqueError, match=r"no room for a table of this size.*make room, or name another") as error:
        read_file(large[0])
    assert not isinstance(error.value, UnreadableBatch)
