"""What a stage wrote is read as it was written, or named."""

import os

import pytest
from pratique.core import paths
from pratique.core.cached import read_cached, write_cached
from pratique.core.checksums import CHECKSUMS, Checksums, DamagedFile, write_checksums
from pratique.core.hashing import sha256_bytes

FIRST, SECOND = paths.RECORDS / "east/a.json", paths.ACCEPTED / "east/a.parquet"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, data in ((FIRST, b"first"), (SECOND, b"second")):
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    write_checksums(paths.RECORDS, {SECOND: sha256_bytes(b"second"), FIRST: sha256_bytes(b"first")})


def test_files_are_read_as_they_were_written_wherever_they_lie():
    written = Checksums.read(paths.RECORDS)
    assert (written.read_bytes(FIRST), written.read_bytes(SECOND)) == (b"first", b"second")
    assert written.require(SECOND) == sha256_bytes(b"second")
    assert (written.list_below(paths.ACCEPTED), written.list_below(paths.RECORDS)) == ([SECOND], [FIRST])


@pytest.mark.parametrize("data", [None, b"", b"sec", b"secone", b"first"])
def test_a_file_that_is_gone_damaged_or_another_is_named_with_what_mends_it(data):
    SECOND.unlink()
    if data is not None:
        SECOND.write_bytes(data)
    written = Checksums.read(paths.RECORDS)
    for read in (written.read_bytes, written.require):
        with pytest.raises(DamagedFile, match=r"^data/accepted/east/a\.parquet: not .*; run `pratique validate`"):
            read(SECOND)


def test_a_file_that_no_stage_wrote_is_named():
    own = paths.ACCEPTED / "east/own.parquet"
    own.write_bytes(b"own")
    with pytest.raises(DamagedFile, match=r"own\.parquet: data/records/checksums\.json does not name it"):
        Checksums.read(paths.RECORDS).read_bytes(own)


def test_every_bit_of_a_list_counts():
    place = paths.RECORDS / CHECKSUMS
    whole = place.read_bytes()
    for bit in range(0, 8 * len(whole), 13):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        place.write_bytes(spoiled)
        with pytest.raises(DamagedFile, match=r"^data/records/checksums\.json: damaged; run `pratique validate`"):
            Checksums.read(paths.RECORDS)
    place.write_bytes(whole)
    assert Checksums.read(paths.RECORDS).names(FIRST)


def test_a_list_that_was_changed_in_place_is_read_anew():
    """Size and time may be kept by whoever changes it."""
    place = paths.RECORDS / CHECKSUMS
    before = place.stat()
    assert Checksums.read(paths.RECORDS).names(FIRST)
    place.write_bytes(b"[" * before.st_size)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedFile, match="damaged"):
        Checksums.read(paths.RECORDS)


def test_of_what_is_kept_every_bit_counts(tmp_path):
    place = tmp_path / "kept"
    write_cached(place, b"worked out")
    assert read_cached(place) == b"worked out"
    whole = place.read_bytes()
    for bit in range(8 * len(whole)):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        place.write_bytes(spoiled)
        assert read_cached(place) is None
    for end in range(len(whole)):
        place.write_bytes(whole[:end])
        assert read_cached(place) is None
    place.unlink()
    assert read_cached(place) is None
