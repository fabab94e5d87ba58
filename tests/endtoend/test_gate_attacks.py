"""Attacks on the gate: what somebody who sends data may try, to have poison let in or the gate fail to answer."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]


def test_a_decision_that_repeats_a_key_is_refused(released):
    path = released.decision("rita")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"payload"', '"payload": "", "payload"'), encoding="utf-8")
    released.commit()
    assert "key 'payload' appears more than once" in released.gate().complaint


@pytest.mark.parametrize("place", ["data/reports/gate", "data/reports", "data/attestations", "data/decisions"])
def test_a_link_in_the_place_of_a_folder_that_is_written_to_is_refused(change, place):
    shutil.rmtree(change.root / place, ignore_errors=True)
    (change.root / place).symlink_to(change.root / "data/reference")
    assert f"{place}: a link" in change.gate().complaint
    assert (change.root / "data/reference/trusted.csv").is_file()


def test_a_loosened_threshold_beside_the_data_changes_nothing_and_is_refused(poisoned):
    poisoned.edit("params.yaml", "per_1000_batches: 10", "per_1000_batches: 0.000001")
    poisoned.commit()
    done = poisoned.gate()
    assert done.code == 1
    assert "params.yaml: comes together with data" in done.out
    assert poisoned.refused() == {"params.yaml": "comes together with data"}
    assert "16 of 40 labels contradict" in poisoned.batch("east/bad")["reasons"][0]


def test_a_repeated_key_in_the_inventory_is_refused(change):
    with (change.root / "data/sources.yaml").open("a", encoding="utf-8") as stream:
        stream.write("east:\n  origin: o\n  owner: w\n  licence: l\n  labels: b\n")
    assert "data/sources.yaml: " in change.pratique("validate").complaint


@pytest.mark.parametrize(
    "names",
    [
        ["dvc.yaml"], [".github/workflows/pratique.yml"], [".gitlab-ci.yml"], ["CODEOWNERS"], ["data/sources.yaml"],
        ["expectations/schema.yaml", "expectations/suite.json"], ["data/holdout/rows.csv"], [".dvc/config", "Makefile"],
        ["data/decisions/dvc.yaml"], ["data/reports/more.dvc"], ["data/incoming/.dvcignore"],
    ],
)  # fmt: skip
def test_policy_reference_and_workflow_land_apart_from_data(change, names):
    (change.root / (gone := "data/incoming/east/first.csv")).unlink()
    for name in names:
        with change.path(name).open("a", encoding="utf-8") as stream:
            stream.write("\n")
    change.commit()
    assert sorted(change.refused()) == sorted([*names, gone])  # an accepted batch does not go by itself


def test_a_self_release_fails(poisoned):
    poisoned.decide("release", "east/bad", "--reason", "trust me")
    assert poisoned.gate().code == 1
    assert "somebody who submitted the batch" in " ".join(poisoned.batch("east/bad")["reasons"])


def test_a_self_release_in_a_later_change_fails_too(poisoned):
    poisoned.ok("git", "branch", "-q", "-f", "main")
    poisoned.decide("release", "east/bad", "--reason", "trust me")
    assert poisoned.gate().code == 1
    poisoned.decision("sam").unlink()
    poisoned.by("rita").decide("release", "east/bad", "--reason", "looked at it")
    assert "east/bad: nothing vouches for who submitted it" in poisoned.gate().complaint
    poisoned.by("tom").decide("release", "east/bad", "--reason", "looked at it, too")
    assert poisoned.gate().code == 0


def test_a_ledger_that_does_not_continue_the_base_s_is_refused(change):
    ledger = change.root / "data/ledger.jsonl"
    first, second = ledger.read_bytes().splitlines(keepends=True)
    for bad, index in ((first, 1), (second + first, 0), (first.replace(b"accept", b"refuse") + second, 0), (b"", 0)):
        ledger.write_bytes(bad)
        change.commit()
        assert f"entry {index}: " in change.refused()["data/ledger.jsonl"]
    ledger.unlink()
    change.commit()
    assert change.refused()["data/ledger.jsonl"].startswith("entry 0: missing")


def test_forged_results_and_caches_change_nothing(poisoned):
    """Sam's branch says everywhere that the batch is fine, and brings caches and code that say so, too."""
    poisoned.stages("ingest", "validate")
    shutil.copyfile(poisoned.root / "data/records/east/first.json", poisoned.root / "data/records/east/bad.json")
    poisoned.edit("data/reports/batches.csv", "quarantine", "accept")
    kept = sorted((poisoned.root / "data/.cache/examinations").glob("*.npz"))
    for path in kept[1:]:
        shutil.copyfile(kept[0], path)
    shutil.rmtree(poisoned.root / "data/profile")
    poisoned.path("data/profile/profile.json").write_text('{"label": "y", "kinds": {}, "checks": []}')
    poisoned.path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    poisoned.path("stages/pratique/detector/verdict.py").write_text("raise SystemExit(0)\n")
    poisoned.path("pandas.py").write_text("raise SystemExit(0)\n")
    poisoned.commit()
    assert poisoned.run("pratique", "gate", "--base", "main").code == 1
    assert "16 of 40 labels contradict" in poisoned.batch("east/bad")["reasons"][0]


def test_a_stale_verdict_is_not_looked_at(poisoned):
    """What an earlier gate found is taken away before the next one can fail."""
    assert poisoned.gate().code == 1
    assert poisoned.pratique("gate", "--base", "nowhere").code == 2
    assert not (poisoned.root / "data/reports/gate/verdict.json").exists()


def test_another_file_of_the_same_md5_is_another_batch(change):
    """The remote now gives other bytes for a pointer that did not change; the record knows the SHA-256."""
    name = "data/incoming/east/twin.csv"
    one, other = (bytes.fromhex(TWINS.format(*words.split())) for words in ("87 71 f2 b4 a8 2b", "07 f1 72 34 28 ab"))
    assert hashlib.md5(one).digest() == hashlib.md5(other).digest()
    change.path(name).write_bytes(one)
    change.ok("dvc", "add", "-q", name)
    change.stages("ingest", "validate")
    change.path(name).unlink()
    change.path(name).write_bytes(other)
    assert "data/batches/east/twin.json: not what is computed from what came in" in change.pratique("verify").out


TWINS = (
    "d131dd02c5e6eec4693d9a0698aff95c2fcab5{}12467eab4004583eb8fb7f8955ad340609f4b30283e4888325{}415a085125e8f7"
    "cdc99fd91dbd{}80373c5bd8823e3156348f5bae6dacd436c919c6dd53e2{}87da03fd02396306d248cda0e99f33420f577ee8ce54"
    "b67080{}0d1ec69821bcb6a8839396f965{}6ff72a70"
)
"""The pair that Wang and Yu published in 2005, with the six bytes in which they differ left out."""


def test_bytes_that_are_not_the_pointer_s_are_not_judged(change, flipped):
    """The pointer stands for other bytes of the same size, as a poisoned cache or remote would give."""
    change.bring(flipped, "east/bad.csv")
    change.ok("dvc", "add", "-q", "data/incoming/east/bad.csv")
    change.ok("dvc", "remote", "add", "-q", "-d", "store", str(change.root.parent / "store"))
    change.ok("git", "commit", "-q", "-m", "a remote", ".dvc/config")
    change.ok("git", "branch", "-q", "-f", "main")
    change.ok("dvc", "push", "-q", "data/incoming/east/bad.csv")
    change.commit()
    assert change.gate().code == 1
    for place in (change.root / ".dvc/cache", change.root.parent / "store"):
        (kept,) = (path for path in place.rglob("*") if path.is_file() and path.read_bytes().startswith(b"size"))
        kept.chmod(0o644)
        kept.write_bytes(kept.read_bytes().replace(b"low", b"mid"))
    assert "not the bytes that its pointer stands for" in change.gate().complaint


def test_a_reference_edited_beside_the_data_teaches_nothing(poisoned, flipped):
    """Poison in the reference of the change would make the poisoned batch look normal."""
    flipped.to_csv(poisoned.path("data/reference/trusted.csv"), index=False)
    poisoned.commit()
    assert poisoned.refused() == {"data/reference/trusted.csv": "comes together with data"}
    assert "16 of 40 labels contradict" in poisoned.batch("east/bad")["reasons"][0]


@pytest.mark.parametrize(("signer", "code"), [("rita", 0), ("sam", 1), (None, 1)])
def test_where_keys_are_configured_only_the_reviewer_s_own_signature_counts(change, flipped, keys, signer, code):
    """Sam writes a release in Rita's name, down to the commit; he lacks her key."""
    change.bring(flipped, "east/bad.csv")
    change.commit()
    keys(signer)
    change.by("rita").decide("release", "east/bad", "--reason", "looked at it")
    done = change.gate()
    assert done.code == code, done
    change.stages("validate")
    decided = (change.line("east/bad")["decision"], change.line("east/bad")["outcome"])
    assert decided == (("release", "accepted") if code == 0 else ("", "quarantined"))


def test_a_rejected_batch_sent_again_under_another_name_and_shuffled_is_recognised(poisoned, flipped):
    poisoned.by("rita").decide("reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    again = flipped.sample(frac=1, random_state=5)[["y", "shape", "size", "age", "colour", "weight"]]
    again.to_parquet(poisoned.path("data/incoming/west/fresh.parquet"), index=False)
    poisoned.commit()
    assert poisoned.gate().code == 1
    assert poisoned.batch("west/fresh")["reasons"][0].startswith("its rows are those of east/bad")
    poisoned.stages("ingest", "validate")
    assert poisoned.line("west/fresh")["alarms"].split(";")[-1] == "resent"


def test_a_release_from_the_future_fails(released):
    released.decide_again("rita", time="2126-01-01T00:00:00+00:00")
    assert list(released.refused().values()) == ["is dated 2126-01-01, which is yet to come"]
    assert not released.batch("east/bad")["passes"]


def test_taking_a_reject_away_together_with_the_data_does_not_help(poisoned, flipped):
    poisoned.by("rita").decide("reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    poisoned.decision("rita").unlink()
    poisoned.bring(flipped.iloc[::-1], "west/fresh.csv")
    poisoned.commit()
    assert poisoned.gate().code == 1
    assert poisoned.batch("west/fresh")["reasons"][0].startswith("its rows are those of east/bad")


@pytest.mark.parametrize("command", ["ingest", "check"])
def test_a_file_that_is_swapped_while_it_is_read_is_hashed_and_judged_as_one(change, clean, flipped, tmp_path, command):
    """Another writer replaces the file once it has been opened a first time."""
    name = "data/incoming/east/swapped.csv"
    change.bring(clean, "east/swapped.csv")
    flipped.to_csv(tmp_path / "other.csv", index=False)
    (tmp_path / "sitecustomize.py").write_text(
        "import os, shutil, sys\nseen = 0\n"
        "def hook(event, arguments):\n    global seen\n"
        f"    if event == 'open' and str(arguments[0]).endswith('{name}'):\n        seen += 1\n"
        f"        if seen == 2: os.replace('{tmp_path}/other.csv', '{name}')\n"
        "sys.addaudithook(hook)\n"
    )
    path = f"{tmp_path}{os.pathsep}{REPOSITORY / 'stages'}"
    digests = [hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest() for frame in (clean, flipped)]
    if command == "check":
        change.run("env", f"PYTHONPATH={path}", "pratique", "check", name, "--json", "it.json")
        (found,) = json.loads((change.root / "it.json").read_text())["batches"]
        assert (found["verdict"] == "accept") == (digests.index(found["sha256"]) == 0)
        return
    change.ok("env", f"PYTHONPATH={path}", "pratique", "ingest")
    note = json.loads((change.root / "data/batches/east/swapped.json").read_text())
    rows = pq.read_table(change.root / "data/batches/east/swapped.parquet")
    assert rows["y"].to_pylist() == (clean, flipped)[digests.index(note["sha256"])]["y"].tolist()
