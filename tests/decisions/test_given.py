"""A record from elsewhere: of this batch, and about the bytes that lie here."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes
from pratique.core.params import DataParams
from pratique.core.snapshot import join_digests
from pratique.decisions.given import read_given
from pratique.tables.labels import labels_place
from pratique.tables.parts import sha256_batch

DATA = DataParams(label="y")
APART = DataParams(label="y", id="id", labels_from="data/labels")


@pytest.fixture
def brought(make_record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = make_record(batch="vendor/w01", sha256=sha256_bytes(b"x,y\n"))
    record.write().rename(tmp_path / "downloaded.json")
    return record


def test_it_is_read_where_the_batch_is_not_here(brought, tmp_path):
    assert read_given("vendor/w01", tmp_path / "downloaded.json", DATA) == brought


def test_it_is_read_where_the_batch_has_the_same_bytes(brought, tmp_path):
    (tmp_path / brought.file).parent.mkdir(parents=True)
    (tmp_path / brought.file).write_bytes(b"x,y\n")
    assert read_given("vendor/w01", tmp_path / "downloaded.json", DATA) == brought


def test_it_is_refused_where_the_batch_has_other_bytes(brought, tmp_path):
    (tmp_path / brought.file).parent.mkdir(parents=True)
    (tmp_path / brought.file).write_bytes(b"other")
    with pytest.raises(PratiqueError, match=r"other bytes than .*downloaded\.json"):
        read_given("vendor/w01", tmp_path / "downloaded.json", DATA)


def test_the_record_of_another_batch_is_refused(brought, tmp_path):
    with pytest.raises(PratiqueError, match="the record of vendor/w01; expected that of vendor/w02"):
        read_given("vendor/w02", tmp_path / "downloaded.json", DATA)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PratiqueError, match=r"nowhere\.json: not a file"):
        read_given("vendor/w01", tmp_path / "nowhere.json", DATA)


def test_labels_that_came_apart_belong_to_its_bytes(make_record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, labels = b"id,x\n1,2\n", b"id,y\n1,no\n"
    digest = join_digests(sha256_bytes(rows), sha256_bytes(labels))
    record = make_record(batch="vendor/w01", sha256=digest)
    record.write().rename(tmp_path / "downloaded.json")
    for place, data in ((tmp_path / record.file, rows), (tmp_path / labels_place("vendor/w01"), labels)):
        place.parent.mkdir(parents=True)
        place.write_bytes(data)
    assert read_given("vendor/w01", tmp_path / "downloaded.json", APART) == record
    labels_place("vendor/w01").write_bytes(labels.replace(b"no", b"yes"))
    with pytest.raises(PratiqueError, match="other bytes than"):
        read_given("vendor/w01", tmp_path / "downloaded.json", APART)


def test_the_parts_of_a_folder_are_its_bytes(make_record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/incoming/vendor/w01"
    folder.mkdir(parents=True)
    (folder / "part-0.csv").write_text("x,y\n1,no\n")
    record = make_record(batch="vendor/w01", sha256=sha256_batch(folder), file="data/incoming/vendor/w01")
    record.write().rename(tmp_path / "downloaded.json")
    assert read_given("vendor/w01", tmp_path / "downloaded.json", DATA) == record
    (folder / "part-1.csv").write_text("x,y\n1,no\n")
    with pytest.raises(PratiqueError, match="other bytes than"):
        read_given("vendor/w01", tmp_path / "downloaded.json", DATA)
