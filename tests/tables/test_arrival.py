"""The notes that ingest keeps of what came in."""

import json

import pytest
from pratique.core.errors import PratiqueError
from pratique.tables.arrival import Arrival, read_arrivals

NOTE = json.dumps(Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2).to_json())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "crowd").mkdir()
    (tmp_path / "crowd/w01.json").write_text(NOTE)
    return tmp_path


def test_notes_are_read_as_they_were_written(folder):
    assert read_arrivals(folder) == [Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2)]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff",
        NOTE[:40].encode(),
        b"[]",
        b"7",
        b'{"batch": "crowd/w01"}',
        NOTE[:-1].encode() + b', "more": 1}',
        NOTE.replace("3", '"three"').encode(),
        NOTE.replace("crowd/w01", "crowd").encode(),
    ],
)
def test_a_damaged_note_is_named_with_what_to_run(folder, damaged):
    (folder / "crowd/w01.json").write_bytes(damaged)
    with pytest.raises(PratiqueError, match=r"crowd/w01\.json: .*`pratique ingest`"):
        read_arrivals(folder)


def test_where_nothing_is_ingested_it_says_what_to_run(tmp_path):
    with pytest.raises(PratiqueError, match="pratique ingest"):
        read_arrivals(tmp_path)
