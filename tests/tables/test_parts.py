"""Folders of parts: one batch, read in the order of the names, under one digest."""

import hashlib
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.params import DataParams, Params
from pratique.core.snapshot import Snapshot, md5_listing
from pratique.tables.arrival import find_incoming, list_parts, tell_strays
from pratique.tables.intake import ingest, ingest_all
from pratique.tables.parts import copy_batch, read_batch, sha256_batch


@pytest.fixture
def incoming(tmp_path):
    """Where files come in: by their paths from there."""

    def put(**files):
        for name, text in files.items():
            path = tmp_path / "incoming" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "incoming"

    return put


def test_a_folder_is_one_batch_whose_rows_are_counted_through(incoming, tmp_path):
    folder = incoming(
        **{"east/day1/part-1.csv": "a,b\n3,4\n", "east/day1/part-0.csv": "b,a\n2,1\n", "east/x.csv": "a\n"}
    )
    assert [path.name for path in find_incoming(folder)] == ["day1", "x.csv"]
    written = ingest(folder / "east/day1", tmp_path / "batches", DataParams(label="y"))
    assert [path.name for path in written] == ["day1.parquet", "day1.json"]
    assert pq.read_table(written[0]).to_pylist() == [{"b": "2", "a": "1"}, {"b": "4", "a": "3"}]
    note = json.loads(written[1].read_text())
    assert (note["batch"], note["file"], note["rows"], note["columns"]) == ("east/day1", "day1", 2, 2)
    pairs = [[p.name, hashlib.sha256(p.read_bytes()).hexdigest()] for p in list_parts(folder / "east/day1")]
    listed = json.dumps(pairs, separators=(",", ":")).encode()
    assert note["sha256"] == hashlib.sha256(listed).hexdigest() == sha256_batch(folder / "east/day1")


def test_a_file_in_no_source_s_folder_stops_nothing_and_is_named(incoming, tmp_path):
    folder = incoming(**{"east/x.csv": "a\n1\n", "stray.csv": "a\n1\n", ".gitkeep": "", "south.dvc": ""})
    assert [path.name for path in find_incoming(folder)] == ["x.csv"]
    said = f"not taken in, in no folder of a source: {folder}/stray.csv; move each to {folder}/<source>/"
    assert tell_strays(folder) == said
    (folder / "stray.csv").unlink()
    assert tell_strays(folder) == tell_strays(tmp_path / "nowhere") == ""
    (folder / "link.csv").symlink_to(folder / "east/x.csv")
    with pytest.raises(PratiqueError, match="folder named after its source"):
        find_incoming(folder)


def test_ingest_names_what_it_does_not_take_in(incoming, tmp_path, monkeypatch, capsys):
    folder = incoming(**{"east/x.csv": "a\n1\n", "stray.csv": "a\n1\n"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    folder.rename(tmp_path / "data/incoming")
    monkeypatch.setattr("pratique.tables.intake.load", lambda: Params(data={"label": "y"}, checks={}))
    ingest_all()
    assert capsys.readouterr().err.startswith("not taken in, in no folder of a source: data/incoming/stray.csv; ")
    assert (tmp_path / "data/batches/east/x.parquet").is_file()


def test_a_column_that_is_a_number_in_one_part_and_text_in_another_is_text(incoming):
    folder = incoming(**{"east/day1/part-1.csv": "a,b\nx,2\n"}) / "east/day1"
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet(folder / "part-0.parquet")
    assert read_batch(folder).table.to_pylist() == [{"a": "1", "b": "2"}, {"a": "x", "b": "2"}]
    (folder / "part-1.csv").unlink()
    pd.DataFrame({"a": ["x"], "b": [2]}).to_parquet(folder / "part-1.parquet")
    assert read_batch(folder).table.to_pylist() == [{"a": "1", "b": 2}, {"a": "x", "b": 2}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,c\n1,2\n", "day1/part-1.csv: column 'b' is not in both it and part-0.csv"),
        ("", "day1/part-1.csv: the file is empty"),
        ("a,b\n1\n", "day1/part-1.csv: "),
    ],
)
def test_an_unreadable_part_is_named_and_every_byte_is_kept(incoming, tmp_path, text, why):
    folder = incoming(**{"east/day1/part-0.csv": "a,b\n1,2\n", "east/day1/part-1.csv": text})
    with pytest.raises(UnreadableBatch, match=why):
        read_batch(folder / "east/day1")
    *kept, note = ingest(folder / "east/day1", tmp_path / "batches", DataParams(label="y"))
    assert {path.name: path.read_text() for path in kept} == {"part-0.csv": "a,b\n1,2\n", "part-1.csv": text}
    assert why in json.loads(note.read_text())["fault"]
    assert sha256_batch(kept[0].parent) == json.loads(note.read_text())["sha256"]


@pytest.mark.parametrize("name", [".part-0.csv.crc", "_SUCCESS", "more/part-1.csv", "part-1.csv.dvc", "Part-0.csv"])
def test_nothing_but_parts_may_lie_in_the_folder(incoming, name):
    folder = incoming(**{"east/day1/part-0.csv": "a\n1\n", f"east/day1/{name}": "a\n1\n"})
    with pytest.raises(PratiqueError, match=r"east/day1"):
        find_incoming(folder)


def test_a_link_and_an_empty_folder_are_refused(incoming, tmp_path):
    folder = incoming(**{"east/day1/part-0.csv": "a\n1\n"})
    (folder / "east/day1/part-1.csv").symlink_to(folder / "east/day1/part-0.csv")
    with pytest.raises(PratiqueError, match=r"day1/part-1\.csv: not a regular file"):
        find_incoming(folder)
    (folder / "east/day2").mkdir()
    with pytest.raises(PratiqueError, match="day2: an empty folder"):
        list_parts(folder / "east/day2")


@pytest.mark.parametrize(("other", "why"), [("day1.csv", "both would be batch 'east/day1'"), ("day.1/p.csv", "no dot")])
def test_a_folder_has_a_name_of_its_own(incoming, other, why):
    folder = incoming(**{"east/day1/part-0.csv": "a\n1\n", f"east/{other}": "a\n1\n"})
    with pytest.raises(PratiqueError, match=why):
        find_incoming(folder)


def test_a_copy_has_the_digests_of_what_was_copied(incoming, tmp_path):
    folder = incoming(**{"east/day1/part-0.csv": "a\n1\n", "east/day1/part-1.csv": "a\n2\n"}) / "east/day1"
    copy = copy_batch(folder, tmp_path / "copy")
    assert isinstance(copy, Snapshot)
    assert (copy.sha256, copy.size) == (sha256_batch(folder), 8)
    assert copy.md5 == md5_listing({p.name: hashlib.md5(p.read_bytes()).hexdigest() for p in folder.iterdir()})
