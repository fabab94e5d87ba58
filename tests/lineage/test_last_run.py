"""What the exports read: the records that the ledger names, the model that is here, the time that git knows."""

import uuid
from datetime import UTC, datetime

import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.lineage.last_run import EXPORT_NAMESPACE, URI_PATTERN, identify, read_last_run, tell_time
from pratique.training.manifest import MANIFEST


def test_all_of_the_run_is_read(run):
    found = read_last_run()
    assert [record.batch for record in found.records] == ["crowd/w01", "crowd/w02", "crowd/w03", "web/w01"]
    assert [found.entries[record.batch].index for record in found.records] == [0, 1, 2, 3]
    assert found.model.rows == 117


def test_without_training_there_is_no_model(run):
    MANIFEST.unlink()
    assert read_last_run().model is None


def test_a_pipeline_that_has_not_run_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match=r"data/records/checksums\.json: not found; run `pratique validate`"):
        read_last_run()


def test_a_record_that_the_ledger_does_not_name_is_not_told(run):
    run.rewrite("crowd/w01", source_entry=None)
    with pytest.raises(PratiqueError, match=r"crowd/w01\.json: not the record that data/ledger\.jsonl names"):
        read_last_run()
    paths.LEDGER.unlink()
    with pytest.raises(PratiqueError, match="not the record"):
        read_last_run()


def test_without_git_the_time_is_now(run):
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(tell_time()) <= datetime.now(UTC)


def test_an_id_is_a_uuid_of_version_5_that_follows_from_its_parts():
    found = uuid.UUID(identify("train", "ab", ["cd"]))
    assert (found.version, found.variant) == (5, uuid.RFC_4122)
    assert str(found) == identify("train", "ab", ["cd"])
    assert len({identify("train", "ab", ["cd"]), identify("train", "abcd", []), identify("train", "ab", "cd")}) == 3
    sha256 = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"  # of []
    assert identify() == str(uuid.uuid5(EXPORT_NAMESPACE, sha256))


@pytest.mark.parametrize(
    ("text", "is_uri"),
    [
        ("https://crowd.example/api?x=1", True),
        ("s3://bucket/key", True),
        ("urn:isbn:1", True),
        ("pictures of digits", False),
        ("note: by hand", False),
        ("https://crowd.example/a b", False),
        ("https://crowd.example/\u202e", False),
        ("", False),
    ],
)
def test_what_counts_as_a_uri(text, is_uri):
    assert bool(URI_PATTERN.fullmatch(text)) is is_uri
