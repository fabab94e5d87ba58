"""Labels in files of their own: joined by id, part of what the batch is, and strict about what fits."""

import json

import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.params import DataParams
from pratique.core.sections import parse
from pratique.tables.intake import ingest, ingest_all
from pratique.tables.labels import copy_labelled, read_labelled, sha256_labelled, tell_unseen

APART = DataParams(label="y", id="id", labels_from="data/labels")
ROWS = "id,a\n7,1\n8,2\n9,3\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """What is read of a batch and of its labels."""
    monkeypatch.chdir(tmp_path)

    def of(rows, labels=None, data=APART):
        for place, text in ((paths.INCOMING / "east/day1.csv", rows), (paths.LABELS / "east/day1.csv", labels)):
            if text is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        copies = len(list(tmp_path.glob("copy*")))
        snapshot = copy_labelled(paths.INCOMING / "east/day1.csv", tmp_path / f"copy{copies}/day1.csv", data)
        return snapshot, read_labelled(snapshot, data)

    return of


def test_each_row_gets_the_label_of_its_id(read):
    snapshot, found = read(ROWS, "y,id\nno,9\nyes,7\nno,8\n")
    assert found.table.column_names == ["id", "a", "y"]
    assert found.table["y"].to_pylist() == ["yes", "no", "no"]
    assert (found.readings, found.waits) == ((), False)
    other, _ = read(ROWS, "y,id\nyes,9\nyes,7\nno,8\n")
    assert other.sha256 != snapshot.sha256  # other labels are another batch


def test_what_has_no_partner_is_counted_and_said(read):
    _, found = read("id,a\n7,1\n7,2\n,3\n9,4\n", "id,y\n7,yes\n8,no\n")
    assert found.table["y"].to_pylist() == ["yes", "yes", None, None]
    assert found.readings == (
        "labels: 2 rows without a label in data/labels",
        "labels: 1 label of no row of the batch",
        "labels: 2 rows with the id, and so the label, of another",
    )


@pytest.mark.parametrize(
    ("rows", "labels", "why"),
    [
        (ROWS, "id,y\n7,yes\n7,yes\n", r"rows 0 and 1 \(from 0\) have one id"),
        (ROWS, "id,y,more\n7,yes,1\n", "expected the columns data.id and data.label"),
        (ROWS, "", "the file is empty"),
        ("a\n1\n", "id,y\n7,yes\n", "the batch has no column data.id"),
        ("id,y\n7,yes\n", "id,y\n7,yes\n", "the batch has labels of its own, too"),
    ],
)
def test_labels_that_do_not_fit_make_the_batch_unreadable(read, rows, labels, why):
    with pytest.raises(UnreadableBatch, match=f"labels of day1.csv: {why}"):
        read(rows, labels)
    kept = ingest(paths.INCOMING / "east/day1.csv", paths.BATCHES, APART)
    assert [path.name for path in kept] == ["day1.original", "day1.labels", "day1.json"]
    assert [path.read_text() for path in kept[:2]] == [rows, labels]


def test_a_batch_waits_only_for_labels_that_come_apart(read):
    assert read(ROWS)[1].waits
    assert not read("id,y\n7,yes\n")[1].waits
    assert not read(ROWS, data=DataParams(label="y", id="id"))[1].waits
    (*_, note) = ingest(paths.INCOMING / "east/day1.csv", paths.BATCHES, APART)
    said = json.loads(note.read_text())
    assert (said["waits"], said["rows"], said["fault"]) == (True, 3, None)
    assert pq.read_table(note.with_suffix(".parquet")).column_names == ["id", "a"]


def test_labels_behind_a_link_are_refused(read, tmp_path):
    place = paths.LABELS / "east/day1.csv"
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(PratiqueError, match=r"data/labels/east/day1\.csv: not a regular file"):
        read(ROWS)


def test_labels_in_a_folder_that_is_a_link_are_refused(read, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/day1.csv").write_text("id,y\n7,yes\n")
    paths.LABELS.mkdir(parents=True)
    (paths.LABELS / "east").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PratiqueError, match="data/labels/east: a link; put a folder there"):
        read(ROWS)


@pytest.mark.parametrize("labels", [None, "id,y\n7,yes\n"])
def test_a_batch_that_lies_there_has_the_digest_of_its_copy(read, labels):
    snapshot, _ = read(ROWS, labels)
    assert sha256_labelled(paths.INCOMING / "east/day1.csv", APART) == snapshot.sha256


def test_labels_of_no_batch_are_named(read, capsys):
    read(ROWS, "id,y\n7,yes\n")
    for name in ("east/day2.csv", "day1.csv", "east/day1.csv.dvc", "east/.gitignore"):
        (paths.LABELS / name).write_text("id,y\n7,yes\n")
    paths.PARAMS.write_text("data: {label: y, id: id, labels_from: data/labels}\nchecks: {}\n")
    ingest_all()
    said = [line for line in capsys.readouterr().err.splitlines() if "of no batch" in line]
    assert [line.partition(":")[0] for line in said] == ["data/labels/day1.csv", "data/labels/east/day2.csv"]


def test_labels_apart_take_an_id():
    with pytest.raises(PratiqueError, match="labels_from: data/labels takes an id"):
        parse(DataParams, {"label": "y", "labels_from": "data/labels"}, "params.yaml")


def test_labels_that_dvc_would_not_see_are_told_with_the_line_to_add(tmp_path):
    pipeline = tmp_path / "dvc.yaml"
    assert tell_unseen(APART, pipeline) == ""  # no pipeline, nothing to mend
    pipeline.write_text("stages:\n  ingest:\n    deps: [data/incoming]\n")
    assert tell_unseen(APART, pipeline).endswith("add the line `- data/labels`")
    assert tell_unseen(DataParams(label="y"), pipeline) == ""
    pipeline.write_text("stages:\n  ingest:\n    deps: [data/incoming, data/labels/]\n")
    assert tell_unseen(APART, pipeline) == ""
