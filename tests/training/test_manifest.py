"""What a manifest tells of a model that a stage of a team's own trained, and when it tells nothing."""

import json

import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.checksums import SEAL
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_folder
from pratique.core.params import Params
from pratique.core.writing import write_table, write_text
from pratique.provenance.parts import Digest, FileDescriptor
from pratique.training.manifest import MANIFEST, find_doubt, make_own_manifest, parse_manifest, read_manifest

PARAMS = Params.model_validate({"data": {"label": "y"}, "checks": {}})
TRAINING = Params.model_validate({"data": {"label": "y"}, "checks": {}, "train": {}})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, make_table, make_record, list_written):
    """Two accepted batches of 20 and 30 rows, 50 trusted rows, and a model."""
    monkeypatch.chdir(tmp_path)
    write_table(paths.REFERENCE / "trusted.parquet", make_table(50, seed=1).table)
    for batch, rows in (("east/a", 20), ("west/b", 30)):
        place = paths.ACCEPTED / f"{batch}.parquet"
        write_table(place, make_table(rows, seed=rows).table)
        digest = Digest(sha256=sha256_file(place))
        out = FileDescriptor(name=place.as_posix(), digest=digest, media_type="application/vnd.apache.parquet")
        make_record(batch=batch, outcome="accepted", outputs=(out,)).write()
    list_written()
    write_text(paths.MODEL.parents[1] / "model.txt", "learned")
    return tmp_path


def batches(made):
    return [each.batch for each in made.batches]


def test_all_accepted_rows_are_told_of_where_nothing_else_is_said(folder):
    made = make_own_manifest(folder / "model.txt", [paths.ACCEPTED], PARAMS)
    assert (made.model, made.path, made.sha256) == ("model.txt", "model.txt", sha256_file(folder / "model.txt"))
    assert (batches(made), made.rows, made.reference, made.seed) == (["east/a", "west/b"], 50, None, None)
    made.save()
    assert read_manifest() == made


def test_rows_may_be_some_of_them_and_trusted_ones(folder):
    some = [paths.ACCEPTED / "west", folder / paths.REFERENCE]
    made = make_own_manifest(folder / "model.txt", some, PARAMS)
    assert (batches(made), made.rows, made.reference is None) == (["west/b"], 80, False)
    one = make_own_manifest(folder / "model.txt", [paths.ACCEPTED / "east/a.parquet"], PARAMS)
    assert (batches(one), one.rows) == (["east/a"], pq.read_metadata(paths.ACCEPTED / "east/a.parquet").num_rows)


def test_a_model_may_be_a_folder(folder):
    write_text(folder / "saved/weights.bin", "1")
    made = make_own_manifest(folder / "saved", [paths.ACCEPTED], PARAMS)
    assert made.sha256 == sha256_folder(folder / "saved")
    assert find_doubt(made) == ""
    write_text(folder / "saved/weights.bin", "2")
    assert find_doubt(made) == "saved is not the model of its manifest"


def test_a_folder_whose_files_no_digest_covers_is_no_model(folder):
    """A link to a folder is not followed: what it leads to could change, and the digest would stay."""
    (folder / "saved").mkdir()
    with pytest.raises(PratiqueError, match="saved: not found; name the file or folder"):
        make_own_manifest(folder / "saved", [paths.ACCEPTED], PARAMS)
    write_text(folder / "saved/weights.bin", "1")
    made = make_own_manifest(folder / "saved", [paths.ACCEPTED], PARAMS)
    write_text(folder / "elsewhere/weights.bin", "1")
    (folder / "saved/more").symlink_to(folder / "elsewhere")
    with pytest.raises(PratiqueError, match="saved/more: a link to a folder; put the folder itself there"):
        make_own_manifest(folder / "saved", [paths.ACCEPTED], PARAMS)
    assert find_doubt(made) == "saved/more: a link to a folder; put the folder itself there"


def test_rows_that_no_record_let_in_make_no_manifest(folder, make_table, list_written):
    write_table(paths.ACCEPTED / "east/a.parquet", make_table(20, seed=9).table)
    list_written()
    with pytest.raises(PratiqueError, match=r"not the rows that data/records/east/a.json let in"):
        make_own_manifest(folder / "model.txt", [paths.ACCEPTED], PARAMS)


def test_what_can_t_be_told_of_is_refused(folder):
    with pytest.raises(PratiqueError, match=r"has a section `train`, so `pratique train` writes the manifest"):
        make_own_manifest(folder / "model.txt", [paths.ACCEPTED], TRAINING)
    with pytest.raises(PratiqueError, match=r"other.txt: not found; name the file or folder of the model"):
        make_own_manifest(folder / "other.txt", [paths.ACCEPTED], PARAMS)
    for place in (paths.QUARANTINE, paths.ACCEPTED.parent, folder):  # a folder above would be said to be accepted rows
        with pytest.raises(PratiqueError, match=r"--rows: .*: no accepted rows there; expected data/accepted"):
            make_own_manifest(folder / "model.txt", [place], PARAMS)


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda said: {}, "model"),
        (lambda said: [], "its form"),
        (lambda said: 1, "its form"),
        (lambda said: said | {"path": None}, "path"),
        (lambda said: said | {"rows": "50"}, "rows"),
        (lambda said: said | {"more": 1}, "more"),
        (lambda said: said | {"batches": ["east/a"]}, "batches/0"),
        (lambda said: said | {"batches": [said["batches"][0] | {"path": 5}]}, "batches/0/path"),
        (lambda said: said | {"batches": [said["batches"][0] | {"more": 5}]}, "batches/0/more"),
    ],
    ids=range(9),
)
def test_a_file_that_is_no_manifest_names_where_it_is_none(folder, edit, where):
    make_own_manifest(folder / "model.txt", [paths.ACCEPTED], PARAMS).save()
    damaged = json.dumps(edit(json.loads(MANIFEST.read_text()))).encode()
    with pytest.raises(PratiqueError, match=f"here: not a training manifest, see {where}"):
        parse_manifest(damaged, "here")


def test_a_manifest_with_another_digit_is_damaged_and_one_of_before_is_read(folder):
    made = make_own_manifest(folder / "model.txt", [paths.ACCEPTED], PARAMS)
    made.save()
    said = json.loads(MANIFEST.read_text())
    with pytest.raises(PratiqueError, match="here: damaged"):
        parse_manifest(json.dumps(said | {"rows": 51}).encode(), "here")
    del said[SEAL]
    assert parse_manifest(json.dumps(said).encode(), "here") == made


def test_a_manifest_that_says_a_thing_twice_is_refused():
    with pytest.raises(PratiqueError, match="key 'path' appears more than once"):
        parse_manifest(b'{"path": "a", "path": "b"}', "here")


def test_without_a_manifest_nothing_is_known(folder):
    assert find_doubt(None) == "data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
    made = make_own_manifest(folder / "model.txt", [paths.ACCEPTED], PARAMS)
    write_text(folder / "model.txt", "learned again")
    assert find_doubt(made) == "model.txt is not the model of its manifest"
    (folder / "model.txt").unlink()  # the manifest still tells of the model that it was written for
    assert find_doubt(made) == ""
