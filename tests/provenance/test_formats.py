"""One file of each format as version 1 wrote it: it is read, and one of a newer version is refused in words."""

import json
import shutil
from pathlib import Path

import pytest
from pratique.core.checksums import CHECKSUMS, Checksums, break_seal, seal
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError
from pratique.decisions import ledger
from pratique.decisions.decision import parse_decision
from pratique.provenance.record import Record
from pratique.training.manifest import read_manifest

FORMATS = Path(__file__).parents[1] / "formats"


def read_checksums(path):
    assert path.name == CHECKSUMS
    return Checksums.read(path.parent)


READERS = {
    "checksums.json": read_checksums,
    "west--bad--1f998faa.json": lambda path: parse_decision(path, path.read_bytes()),
    "ledger.jsonl": ledger.read,
    "manifest.json": read_manifest,
    "record.json": Record.read,
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_of_today_is_read(name, tmp_path):
    shutil.copyfile(FORMATS / name, tmp_path / name)
    assert READERS[name](tmp_path / name)


@pytest.mark.parametrize("name", READERS)
def test_a_file_of_a_newer_version_is_refused_in_words(name, tmp_path):
    place = tmp_path / name
    if name == "ledger.jsonl":
        place.write_text((FORMATS / name).read_text().replace('{"index"', '{"version":2,"index"'))
    elif name == "checksums.json":
        place.write_text(json.dumps(seal(break_seal(read_json(FORMATS / name)) | {"version": 2})))
    elif name == "manifest.json":
        place.write_text(json.dumps(seal(break_seal(read_json(FORMATS / name)) | {"format": 2})))
    else:
        place.write_text((FORMATS / name).read_text().replace(":v1", ":v2"))
    with pytest.raises(PratiqueError, match=rf"{name}.*(newer version|of this version|see \w+|input should)"):
        READERS[name](place)
