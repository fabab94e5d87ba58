"""Who vouched for a batch: the gate's verification summaries, signed with CI's key, and believed with no other."""

import json
import shutil

import pytest
from pratique.provenance import signing

pytestmark = pytest.mark.slow

PLACE = "data/attestations/east/good.json"
NOW = "2026-01-07T08:00:00Z"


@pytest.fixture
def good(change, clean, keys):
    """Sam brings a batch; the gate of main has Rita's key."""
    change.bring(clean, "east/good.csv")
    change.commit()
    keys("rita")
    return change


@pytest.fixture
def attested(good):
    """It was merged with what the pipeline made of it, and what CI attested is committed, too."""
    assert good.gate("--attest", "data/attestations").code == 0
    good.stages("calibrate", "ingest", "validate", "train", "evaluate")
    good.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate")
    good.commit()
    return good


def test_a_summary_has_the_shape_of_slsa_and_says_who_brought_the_batch(good, flipped):
    good.bring(flipped, "east/bad.csv")
    good.commit()
    said = good.gate("--attest", "out", "--verified-at", NOW).out
    assert "Attested: 1 of 2 batches, in out" in said
    assert not (good.root / "out/east/bad.json").exists()
    statement = signing.unseal((good.root / "out/east/good.json").read_bytes(), "it")
    commit = good.ok("git", "rev-parse", "main").strip()
    submission = statement["predicate"].pop("urn:pratique:submission:v1")
    policy = statement["predicate"]["policy"]["digest"].pop("sha256")
    assert (submission["author"], len(policy)) == ("Sam <sam@example.org>", 64)
    (record,) = (each for each in good.found["batches"] if each["batch"] == "east/good")
    assert statement.pop("subject")[0]["name"] == record["path"]
    assert statement == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "urn:pratique:gate:v1"},
            "timeVerified": NOW,
            "resourceUri": "urn:pratique:batch:east/good",
            "policy": {"uri": "urn:pratique:policy:v1", "digest": {"gitCommit": commit}},
            "verificationResult": "PASSED",
            "verifiedLevels": ["PRATIQUE_ACCEPTED"],
        },
    }


def test_equal_inputs_give_equal_summaries_and_no_clock_is_read(good):
    files = []
    for folder in ("one", "other"):
        assert good.gate("--attest", folder).code == 0
        files.append((good.root / folder / "east/good.json").read_bytes())
    assert files[0] == files[1]
    assert "timeVerified" not in signing.unseal(files[0], "it")["predicate"]


def test_nothing_is_attested_without_a_key_nor_of_a_change_that_is_refused(good, keys):
    good.edit("params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    good.commit()
    assert "Attested: 0 of 1 batch" in good.gate("--attest", "out").out
    keys(None)
    assert "PRATIQUE_SIGNING_KEY: names no private key" in good.gate("--attest", "out").complaint
    assert not (good.root / "out").exists()


def test_verify_trace_and_recall_say_who_vouched_for_a_batch(attested):
    commit = attested.ok("git", "rev-parse", "main")[:12]
    words = f"signed by the gate, by the policy that is here, that of commit {commit}"
    done = attested.pratique("verify")
    assert done.code == 0, done
    assert f"  attestation of east/good: {words}" in done.out
    assert "  attestation of west/second: not verified: nobody vouches for it" in done.out
    assert f"attestation: {words}" in attested.pratique("trace", "east/good").out
    said = attested.pratique("recall", "east").out
    assert f"east/good: accepted (accept), 40 rows; attestation: {words}" in said
    assert "east/first: accepted (accept), 40 rows; attestation: nobody vouches for it" in said
    done = attested.pratique("verify", "--require-attestations")
    assert done.code == 1
    missing = [line.split(":")[0] for line in done.out.splitlines() if "missing, so nobody vouches for it" in line]
    assert missing == ["data/attestations/east/first.json", "data/attestations/west/second.json"]


def seal(change, keys, signer, edit):
    """Edit what was attested, and sign it with somebody's key."""
    statement = signing.unseal((change.root / PLACE).read_bytes(), "it")
    edit(statement)
    signing.save(change.root / PLACE, statement, change.key_of(signer))


def rename(statement):
    statement["predicate"]["resourceUri"] = "urn:pratique:batch:west/second"


def swap(statement):
    statement["subject"][0]["digest"]["sha256"] = "0" * 64


def fail(statement):
    statement["predicate"]["verificationResult"] = "FAILED"


@pytest.mark.parametrize(
    ("signer", "edit", "reason"),
    [
        ("sam", lambda statement: None, "not signed with the key that params.yaml gives for the gate"),
        ("rita", rename, "vouches for west/second, not for east/good"),
        ("rita", swap, "vouches for other bytes of east/good than are here"),
        ("rita", fail, "not a verification summary of the gate's"),
    ],
)
def test_nothing_else_is_believed_by_gate_and_verify(attested, keys, signer, edit, reason):
    attested.ok("git", "branch", "-q", "-f", "main")
    seal(attested, keys, signer, edit)
    attested.commit()
    assert attested.refused()[PLACE].startswith(reason)
    done = attested.pratique("verify")
    assert done.code == 1
    assert f"{PLACE}: {reason}" in done.out
    assert reason in attested.pratique("trace", "east/good").out


def test_a_change_brings_what_ci_signed_and_takes_nothing_of_it_away(good, attested):
    assert good.gate().code == 0  # batch, results and summary in one change
    good.ok("git", "branch", "-q", "-f", "main")
    shutil.copyfile(good.root / PLACE, good.path("data/attestations/east/none.json"))
    (good.root / PLACE).unlink()
    good.commit()
    assert good.refused() == {
        PLACE: "vouches for a batch that is still there, and is taken away",
        "data/attestations/east/none.json": "about no batch of this commit",
    }


def test_unsigned_words_vouch_for_nothing(attested):
    statement = signing.unseal((attested.root / PLACE).read_bytes(), "it")
    (attested.root / PLACE).write_text(json.dumps(statement))
    assert f"{PLACE}: not a signed statement" in attested.pratique("verify", "--require-attestations").out
