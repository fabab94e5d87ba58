"""What ingest wrote is read back as it was, or named."""

import json

import pytest
from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, write_checksums
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes
from pratique.core.writing import write_text
from pratique.tables.arrival import Arrival
from pratique.tables.ingested import digest_rows, read_arrivals

NOTE = json.dumps(Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2).to_json())
PLACE = paths.BATCHES / "crowd/w01.json"


@pytest.fixture(autouse=True)
def note(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(PLACE, NOTE)
    write_checksums(paths.BATCHES, {PLACE: sha256_bytes(NOTE.encode())})


def test_notes_are_read_as_they_were_written():
    assert read_arrivals(paths.BATCHES) == [Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2)]


DAMAGED_NOTES = [
    b"",
    b"\xff",
    NOTE[:40].encode(),
    b"[]",
    b"7",
    b'{"batch": "crowd/w01"}',
    NOTE[:-1].encode() + b', "more": 1}',
    NOTE.replace("3", '"three"').encode(),
    NOTE.replace("crowd/w01", "crowd").encode(),
]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("damaged", DAMAGED_NOTES)
def test_a_damaged_note_is_named_with_what_to_run(damaged, listed):
    PLACE.write_bytes(damaged)
    if listed:  # by a program that wrote no note
        write_checksums(paths.BATCHES, {PLACE: sha256_bytes(damaged)})
    with pytest.raises(PratiqueError, match=r"crowd/w01\.json: .*`pratique ingest`"):
        read_arrivals(paths.BATCHES)


def test_a_note_that_is_gone_or_that_nobody_wrote_is_named():
    PLACE.rename(PLACE.with_name("w02.json"))
    with pytest.raises(PratiqueError, match=r"crowd/w01\.json: not here; run `pratique ingest`"):
        read_arrivals(paths.BATCHES)
    write_text(PLACE, NOTE)
    with pytest.raises(PratiqueError, match=r"w02\.json: data/batches/checksums\.json does not name it"):
        read_arrivals(paths.BATCHES)


def test_where_nothing_is_ingested_it_says_what_to_run():
    (paths.BATCHES / CHECKSUMS).unlink()
    with pytest.raises(PratiqueError, match=r"data/batches/checksums\.json: not found; run `pratique ingest`"):
        read_arrivals(paths.BATCHES)
    PLACE.unlink()
    with pytest.raises(PratiqueError, match="nothing is ingested; run `pratique ingest`"):
        read_arrivals(paths.BATCHES)


def test_rows_that_are_not_those_of_ingest_are_named():
    with pytest.raises(PratiqueError, match=r"data/batches/crowd/w01\.parquet: not here; run `pratique ingest`"):
        digest_rows("crowd/w01")
