"""Which rows a model learns from: what train.rows says, and nothing that is held."""

import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.writing import write_json, write_table
from pratique.tables.arrival import Arrival
from pratique.tables.reading import read_table
from pratique.tables.trusted import read_reference
from pratique.training import rows
from pratique.training.rows import join_labelled, read_accepted, read_everything, read_training

DATA = {"label": "y"}


def params(rows):
    return Params.model_validate({"data": DATA, "checks": {}, "train": {"rows": rows}})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, make_table, list_written):
    """50 trusted rows, 20 accepted, 30 that came in, of which one has no label."""
    monkeypatch.chdir(tmp_path)
    write_table(paths.REFERENCE / "trusted.parquet", make_table(50, seed=1).table)
    write_table(paths.ACCEPTED / "east/a.parquet", make_table(20, seed=2).table)
    came = make_table(30, seed=3, y=[None, *["yes", "no"] * 14, "no"])
    write_table(paths.BATCHES / "east/a.parquet", came.table)
    write_json(paths.BATCHES / "east/a.json", Arrival("east/a", "a.csv", "0" * 64, 30, 4).to_json())
    write_json(paths.BATCHES / "east/b.json", Arrival("east/b", "b.csv", "0" * 64, fault="no table").to_json())
    list_written()


@pytest.fixture
def reference():
    return read_reference(params("accepted").data)


@pytest.mark.parametrize(("rows", "count"), [("reference + accepted", 70), ("accepted", 20)])
def test_train_rows_says_what_is_learned_from(reference, rows, count):
    assert len(read_training(reference, params(rows))) == count


def test_everything_is_the_reference_and_every_labelled_row_that_can_be_read(reference):
    assert len(read_everything(reference)) == 50 + 29


def test_where_nothing_was_accepted_the_reference_is_left_or_nothing(reference, list_written):
    (paths.ACCEPTED / "east/a.parquet").unlink()
    list_written()
    assert len(read_training(reference, params("reference + accepted"))) == 50
    with pytest.raises(PratiqueError, match="nothing to train on; `pratique report` writes the pages"):
        read_training(reference, params("accepted"))


@pytest.mark.parametrize("rows", ["reference + accepted", "accepted"])
def test_a_missing_folder_is_not_an_empty_one(reference, rows):
    (paths.ACCEPTED / "east/a.parquet").unlink()
    (paths.ACCEPTED / "east").rmdir()
    paths.ACCEPTED.rmdir()
    with pytest.raises(PratiqueError, match=r"data/accepted: not found; run `pratique validate`"):
        read_training(reference, params(rows))


def test_files_that_are_read_together_give_the_rows_that_each_gives(reference, make_table, list_written):
    """One of them lacks cells, one has a column beside the features."""
    odd = make_table(10, seed=5, size=[None, *range(9)], count=[None] * 10, colour=[None] * 10)
    for name, batch in (("b", make_table(20, seed=4)), ("c", odd), ("d", make_table(20, seed=6, key=range(20)))):
        write_table(paths.ACCEPTED / f"east/{name}.parquet", batch.typed_table)
    list_written()
    files = sorted(paths.ACCEPTED.glob("*/*.parquet"))
    layout = reference.layout
    expected = join_labelled("accepted", [Batch(path.stem, read_table(path), layout) for path in files], layout)
    got = read_accepted(layout)
    assert got.table.equals(expected.table)
    assert len(got) == 70


def test_a_batch_accepted_whole_gives_the_rows_that_came_in(reference, make_table, monkeypatch, list_written):
    came = make_table(20, seed=4)
    write_json(paths.BATCHES / "east/w.json", Arrival("east/w", "w.csv", "ab" * 32, 20, 4).to_json())
    write_table(paths.BATCHES / "east/w.parquet", came.table)
    list_written()
    before = read_everything(reference)
    write_table(paths.ACCEPTED / "east/w.parquet", came.typed_table)
    read, read_table = [], rows.read_table
    monkeypatch.setattr(rows, "read_table", lambda path: (read.append(path), read_table(path))[1])
    assert read_everything(reference).table.equals(before.table)
    assert paths.ACCEPTED / "east/w.parquet" in read
    write_table(paths.ACCEPTED / "east/w.parquet", came.take([*range(19)]).typed_table)  # one row is held
    assert read_everything(reference).table.equals(before.table)


def test_an_accepted_file_that_is_gone_damaged_or_let_in_by_nothing_is_named(reference, make_table):
    place = paths.ACCEPTED / "east/a.parquet"
    whole = place.read_bytes()
    write_table(paths.ACCEPTED / "east/own.parquet", make_table(20, seed=5).table)
    with pytest.raises(PratiqueError, match=r"east/own\.parquet: data/records/checksums\.json does not name it; run"):
        read_accepted(reference.layout)
    (paths.ACCEPTED / "east/own.parquet").unlink()
    for spoiled in (whole[: len(whole) // 2], bytes([*whole[:50], whole[50] ^ 1, *whole[51:]])):
        place.write_bytes(spoiled)
        with pytest.raises(PratiqueError, match=r"east/a\.parquet: not as it was written .*; run `pratique validate`"):
            read_accepted(reference.layout)
    place.unlink()
    with pytest.raises(PratiqueError, match=r"east/a\.parquet: not here; run `pratique validate`"):
        read_training(reference, params("reference + accepted"))
