"""A record from elsewhere: of this batch, and about the bytes that lie here."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes
from pratique.decisions.given import read_given


@pytest.fixture
def brought(make_record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = make_record(batch="vendor/w01", sha256=sha256_bytes(b"x,y\n"))
    record.write().rename(tmp_path / "downloaded.json")
    return record


def test_it_is_read_where_the_batch_is_not_here(brought, tmp_path):
    assert read_given("vendor/w01", tmp_path / "downloaded.json") == brought


def test_it_is_read_where_the_batch_has_the_same_bytes(brought, tmp_path):
    (tmp_path / brought.file).parent.mkdir(parents=True)
    (tmp_path / brought.file).write_bytes(b"x,y\n")
    assert read_given("vendor/w01", tmp_path / "downloaded.json") == brought


def test_it_is_refused_where_the_batch_has_other_bytes(brought, tmp_path):
    (tmp_path / brought.file).parent.mkdir(parents=True)
    (tmp_path / brought.file).write_bytes(b"other")
    with pytest.raises(PratiqueError, match=r"other bytes than .*downloaded\.json"):
        read_given("vendor/w01", tmp_path / "downloaded.json")


def test_the_record_of_another_batch_is_refused(brought, tmp_path):
    with pytest.raises(PratiqueError, match="the record of vendor/w01; expected that of vendor/w02"):
        read_given("vendor/w02", tmp_path / "downloaded.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PratiqueError, match=r"nowhere\.json: not a file"):
        read_given("vendor/w01", tmp_path / "nowhere.json")
