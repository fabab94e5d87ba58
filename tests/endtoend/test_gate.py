"""The gate on changes to a team's own repository: real git, real DVC, and people who are not all honest."""

import json
import os
import shutil
from datetime import date, timedelta

import pytest

from stages.core import signing

GATE = ("gate", "--base", "main")


@pytest.fixture(scope="module")
def main(new_project, make_rows):
    """A repository whose branch main has run the pipeline on two good batches."""
    project = new_project().by("mia")
    make_rows(200, seed=1).to_csv(project.path("trusted.csv"), index=False)
    make_rows(60, seed=2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    make_rows(40, seed=3).to_csv(project.path("data/incoming/east/first.csv"), index=False)
    make_rows(40, seed=4).to_parquet(project.path("data/incoming/west/second.parquet"), index=False)
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    done = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    listed = "".join(f"{s}:\n  origin: o\n  owner: w\n  licence: l\n  labels: b\n" for s in ("east", "west"))
    project.path("data/sources.yaml").write_text(listed, encoding="utf-8")
    project.ok("dvc", "repro")
    project.commit()
    bring(project, make_rows(40, seed=5), "east/third.csv")
    assert project.pratique(*GATE).code == 0  # the profile that it learns is kept below .git, for every copy
    project.ok("git", "clean", "-q", "-f", "data/incoming")
    return project


@pytest.fixture
def change(main, tmp_path):
    """A branch of it, in which Sam, a supplier, works."""
    project = main.copy(tmp_path / "project").by("sam")
    project.ok("git", "switch", "-q", "-c", "change")
    return project


@pytest.fixture
def rows(make_rows):
    return {"clean": make_rows(40, seed=11), "poisoned": make_rows(40, seed=12, flipped=0.5)}


@pytest.fixture
def poisoned(change, rows):
    """The branch with a poisoned batch, committed by Sam."""
    bring(change, rows["poisoned"], "east/bad.csv")
    change.commit()
    return change


def bring(project, frame, name):
    frame.to_csv(project.path(f"data/incoming/{name}"), index=False)


def edit(project, name, old, new):
    path = project.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def decide(project, *words):
    """Run the pipeline so that there is a record, decide, and commit all of it."""
    project.stages("ingest", "validate")
    done = project.pratique("review", *words)
    assert done.code == 0, done
    project.commit()


def found(project):
    """What the gate wrote for programs."""
    return json.loads((project.root / "data/reports/gate/verdict.json").read_text(encoding="utf-8"))


def batch(project, name):
    (one,) = (each for each in found(project)["batches"] if each["batch"] == name)
    return one


# what passes and what fails


def test_a_clean_change_passes(change, rows):
    bring(change, rows["clean"], "east/good.csv")
    change.commit()
    done = change.pratique(*GATE)
    assert done.code == 0, done
    assert done.out.startswith("pratique gate passed: 1 of 1 batches cleared")
    assert [each["batch"] for each in found(change)["batches"]] == ["east/good"]  # the old ones are not looked at
    assert batch(change, "east/good")["submitted_by"] == ["sam@example.org"]


def test_a_poisoned_change_fails_with_the_reason_and_what_to_do(poisoned):
    done = poisoned.pratique(*GATE)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "pratique gate refused: 1 of 1 batches not cleared"
    assert "labels contradict their trusted neighbours" in done.out
    assert lines[-2].startswith("Next: git rm data/incoming/east/bad.csv")
    assert lines[-1] == "Report: data/reports/gate/summary.md"
    assert poisoned.ok("git", "status", "--porcelain") == ""


def test_nothing_new_is_nothing_to_check(change):
    assert change.pratique(*GATE).code == 0
    assert change.pratique(*GATE, "--require-batch").code == 3


def test_an_unknown_base_can_not_be_decided(change):
    assert "'nowhere': no such commit here" in change.pratique("gate", "--base", "nowhere").complaint


def test_a_base_without_a_pipeline_can_not_be_decided(change, rows):
    change.ok("git", "switch", "-q", "--orphan", "empty")
    change.ok("git", "commit", "-q", "--allow-empty", "-m", "nothing")
    change.ok("git", "switch", "-q", "-c", "first")
    change.ok("git", "checkout", "-q", "main", "--", ".")
    assert "the pipeline lands first" in change.pratique("gate", "--base", "empty").complaint


def test_an_older_branch_is_judged_by_what_it_brings(change, rows):
    """The base went on with other thresholds and another batch: neither is this change's doing."""
    bring(change, rows["clean"], "east/good.csv")
    change.commit()
    change.ok("git", "switch", "-q", "main")
    edit(change, "params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    bring(change, rows["poisoned"], "west/other.csv")
    change.commit()
    change.ok("git", "switch", "-q", "change")
    done = change.pratique(*GATE)
    assert done.code == 0, done
    assert [each["batch"] for each in found(change)["batches"]] == ["east/good"]


# attacks on the gate, by their number in the list of bad inputs


@pytest.mark.parametrize("name", ["../bad.csv", "-rf.csv", "a b.csv"])
def test_37_a_name_that_could_be_a_path_or_an_option_is_refused(change, rows, name):
    bring(change, rows["clean"], f"east/{name}")
    assert change.pratique(*GATE).code == 2


def test_38_a_link_is_refused(change):
    (change.root / "data/incoming/east/link.csv").symlink_to(change.root / "trusted.csv")
    change.commit()
    assert "link.csv: not a regular file" in change.pratique(*GATE).complaint


def test_40_a_loosened_threshold_beside_the_data_changes_nothing_and_is_refused(poisoned):
    edit(poisoned, "params.yaml", "per_1000_batches: 10", "per_1000_batches: 0.000001")
    poisoned.commit()
    done = poisoned.pratique(*GATE)
    assert done.code == 1
    assert "params.yaml is changed, too" in done.out
    assert found(poisoned)["mixed"] == ["params.yaml"]
    assert "labels contradict their trusted neighbours" in batch(poisoned, "east/bad")["reasons"]


@pytest.mark.parametrize(
    "name",
    [
        "dvc.yaml", ".github/workflows/pratique.yml", ".gitlab-ci.yml", "CODEOWNERS", "expectations/schema.yaml",
        "expectations/suite.json", "data/sources.yaml", "data/holdout/rows.csv", ".dvc/config", "Makefile",
    ],
)  # fmt: skip
def test_42_53_policy_reference_and_workflow_land_apart_from_data(change, rows, name):
    bring(change, rows["clean"], "east/good.csv")
    path = change.path(name)
    path.write_text((path.read_text(encoding="utf-8") if path.is_file() else "") + "\n", encoding="utf-8")
    change.commit()
    assert change.pratique(*GATE).code == 1
    assert found(change)["mixed"] == [name]


def test_53_a_reference_edited_beside_the_data_teaches_nothing(poisoned, rows):
    """Poison in the reference of the change would make the poisoned batch look normal."""
    rows["poisoned"].to_csv(poisoned.path("data/reference/trusted.csv"), index=False)
    poisoned.commit()
    assert poisoned.pratique(*GATE).code == 1
    assert found(poisoned)["mixed"] == ["data/reference/trusted.csv"]
    assert "labels contradict their trusted neighbours" in batch(poisoned, "east/bad")["reasons"]


def test_policy_alone_is_for_its_owners_to_review(change):
    edit(change, "params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    change.commit()
    assert change.pratique(*GATE).code == 0


def test_43_a_self_release_fails(poisoned):
    decide(poisoned, "release", "east/bad", "--reason", "trust me")
    assert poisoned.pratique(*GATE).code == 1
    assert "somebody who submitted the batch" in " ".join(batch(poisoned, "east/bad")["reasons"])


def test_43_a_release_in_a_reviewer_s_name_fails(poisoned):
    decide(poisoned.by("rita"), "release", "east/bad", "--reason", "looked at it")
    poisoned.ok("git", "commit", "-q", "--amend", "--no-edit", "--reset-author")
    assert poisoned.pratique(*GATE).code == 1
    assert "was committed by sam@example.org" in " ".join(batch(poisoned, "east/bad")["reasons"])


def test_a_self_release_in_a_later_change_fails_too(poisoned):
    poisoned.ok("git", "branch", "-q", "-f", "main")
    decide(poisoned, "release", "east/bad", "--reason", "trust me")
    assert poisoned.pratique(*GATE).code == 1
    poisoned.by("rita").pratique("review", "release", "east/bad", "--reason", "looked at it")
    (poisoned.root / decision_of(poisoned, "sam")).unlink()
    poisoned.by("rita").commit()
    assert poisoned.pratique(*GATE).code == 0


def decision_of(project, who):
    for path in (project.root / "data/decisions").glob("*.json"):
        if f"{who}@" in path.read_text(encoding="utf-8"):
            return path.relative_to(project.root)
    raise AssertionError(who)


@pytest.fixture
def released(poisoned):
    """Rita has released the poisoned batch, and committed that."""
    decide(poisoned.by("rita"), "release", "east/bad", "--reason", "looked at it")
    return poisoned


def test_a_release_by_somebody_else_passes(released):
    done = released.pratique(*GATE)
    assert done.code == 0, done
    assert "east/bad: quarantine, let in" in done.out
    assert batch(released, "east/bad")["outcome"] == "accepted"


def test_48_a_release_dies_when_the_batch_changes(released, make_rows):
    bring(released, make_rows(40, seed=12, flipped=0.6), "east/bad.csv")
    released.commit()
    assert released.pratique(*GATE).code == 1
    assert "other bytes or other limits" in " ".join(batch(released, "east/bad")["reasons"])


def test_48_a_release_dies_when_the_limits_change(released):
    released.ok("git", "switch", "-q", "main")
    edit(released, "params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    released.by("mia").commit()
    released.ok("git", "switch", "-q", "change")
    assert released.pratique(*GATE).code == 1
    assert "other bytes or other limits" in " ".join(batch(released, "east/bad")["reasons"])


def test_an_expired_release_fails(poisoned):
    decide(poisoned.by("rita"), "release", "east/bad", "--reason", "for now", "--expires", f"{date.today():%Y-%m-%d}")
    path = poisoned.root / decision_of(poisoned, "rita")
    yesterday = f"{date.today() - timedelta(days=2)}"
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'{date.today()}",\n    "binds', f'{yesterday}",\n    "binds')
    )
    poisoned.by("rita").commit()
    assert poisoned.pratique(*GATE).code == 1
    assert f"expired on {yesterday}" in " ".join(batch(poisoned, "east/bad")["reasons"])


def test_a_second_reviewer_is_asked_for(released):
    released.ok("git", "switch", "-q", "main")
    edit(released, "params.yaml", "reviewers: 1", "reviewers: 2")
    released.by("mia").commit()
    released.ok("git", "switch", "-q", "change")
    assert released.pratique(*GATE).code == 1
    decide(released.by("tom"), "release", "east/bad", "--reason", "me too")
    assert released.pratique(*GATE).code == 0


def test_a_rejected_batch_fails(released):
    decide(released.by("tom"), "reject", "east/bad", "--reason", "flipped labels")
    done = released.pratique(*GATE)
    assert done.code == 1
    assert "reject by Tom" in done.out


def test_46_47_forged_results_and_caches_change_nothing(poisoned):
    """Sam's branch says everywhere that the batch is fine, and brings caches that say so, too."""
    good, bad = "data/records/east/first.json", "data/records/east/bad.json"
    poisoned.stages("ingest", "validate")
    shutil.copyfile(poisoned.root / good, poisoned.root / bad)
    edit(poisoned, "data/reports/batches.csv", "quarantine", "accept")
    kept = sorted((poisoned.root / "data/.cache/examinations").glob("*.npz"))
    for path in kept[1:]:
        shutil.copyfile(kept[0], path)
    shutil.rmtree(poisoned.root / "data/profile")
    poisoned.path("data/profile/profile.json").write_text('{"label": "y", "kinds": {}, "checks": []}')
    poisoned.path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    poisoned.path("stages/quarantine/verdict.py").write_text("raise SystemExit(0)\n")
    poisoned.path("pandas.py").write_text("raise SystemExit(0)\n")
    poisoned.commit()
    assert poisoned.run("pratique", *GATE).code == 1
    assert "labels contradict their trusted neighbours" in batch(poisoned, "east/bad")["reasons"]


def test_44_45_a_ledger_that_does_not_continue_the_base_s_can_not_be_decided(change):
    ledger = change.root / "data/ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    for bad, index in (
        (b"".join(lines[:1]), 1),
        (b"".join([lines[1], lines[0]]), 0),
        (b"".join([lines[0].replace(b"accept", b"refuse"), *lines[1:]]), 0),
        (b"", 0),
    ):
        ledger.write_bytes(bad)
        assert f"data/ledger.jsonl: entry {index}: " in change.pratique(*GATE).complaint
    ledger.unlink()
    assert "data/ledger.jsonl: entry 0: missing" in change.pratique(*GATE).complaint


def test_56_a_rejected_batch_sent_again_under_another_name_and_shuffled_is_recognised(poisoned, rows):
    decide(poisoned.by("rita"), "reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    again = rows["poisoned"].sample(frac=1, random_state=5)[["y", "shape", "size", "age", "colour", "weight"]]
    again.to_parquet(poisoned.path("data/incoming/west/fresh.parquet"), index=False)
    poisoned.commit()
    assert poisoned.pratique(*GATE).code == 1
    assert batch(poisoned, "west/fresh")["reasons"][0].startswith("its rows are those of east/bad")
    poisoned.stages("ingest", "validate")
    lines = (poisoned.root / "data/reports/batches.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[6].split(";")[-1] for line in lines if line.startswith("west/fresh")] == ["resent"]


def test_56_taking_a_reject_away_together_with_the_data_does_not_help(poisoned, rows):
    decide(poisoned.by("rita"), "reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    (poisoned.root / decision_of(poisoned, "rita")).unlink()
    bring(poisoned, rows["poisoned"].iloc[::-1], "west/fresh.csv")
    poisoned.commit()
    assert poisoned.pratique(*GATE).code == 1
    assert batch(poisoned, "west/fresh")["reasons"][0].startswith("its rows are those of east/bad")


def test_an_unlisted_source_is_named_or_refused(change, rows):
    bring(change, rows["clean"], "north/good.csv")
    change.commit()
    done = change.pratique(*GATE)
    assert done.code == 0
    assert "source 'north' is not listed" in done.out
    change.ok("git", "switch", "-q", "main")
    edit(change, "params.yaml", "unlisted: warn", "unlisted: refuse")
    change.commit()
    change.ok("git", "switch", "-q", "change")
    assert change.pratique(*GATE).code == 1
    assert "source 'north' is not listed in data/sources.yaml" in batch(change, "north/good")["reasons"]


# signatures


@pytest.fixture
def keys(change, monkeypatch):
    """Keys of Rita and Sam; main asks that Rita's releases are signed."""
    public = {}
    for who in ("rita", "sam"):
        private = change.home / f"{who}.pem"
        change.ok("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(private))
        public[who] = change.ok("openssl", "pkey", "-in", str(private), "-pubout").splitlines()[1]
    change.ok("git", "switch", "-q", "main")
    text = f"reviewers:\n    rita@example.org: {public['rita']}\n  gate: {public['rita']}\n"
    params = (change.root / "params.yaml").read_text(encoding="utf-8")
    head, tail = params.split("signing:\n")
    change.path("params.yaml").write_text(f"{head}signing:\n  {text}\n{tail[tail.index('train:') :]}", encoding="utf-8")
    change.commit()
    change.ok("git", "switch", "-q", "-C", "change")

    def use(who):
        monkeypatch.setenv(signing.KEY_VARIABLE, str(change.home / f"{who}.pem") if who else "")

    return use


@pytest.mark.parametrize(("signer", "code"), [("rita", 0), ("sam", 1), (None, 1)])
def test_54_where_keys_are_configured_only_the_reviewer_s_own_signature_counts(change, rows, keys, signer, code):
    """Sam writes a release in Rita's name, down to the commit; he lacks her key."""
    bring(change, rows["poisoned"], "east/bad.csv")
    change.commit()
    keys(signer)
    decide(change.by("rita"), "release", "east/bad", "--reason", "looked at it")
    done = change.pratique(*GATE)
    assert done.code == code, done
    change.stages("validate")
    outcome = (change.root / "data/reports/batches.csv").read_text(encoding="utf-8").splitlines()[1]
    assert outcome.endswith("release,accepted" if code == 0 else ",,quarantined")


def test_the_gate_attests_who_brought_what(change, rows, keys):
    bring(change, rows["clean"], "east/good.csv")
    change.commit()
    keys("rita")
    assert change.pratique(*GATE, "--attest").code == 0
    data = (change.root / "data/attestations/east/good.json").read_bytes()
    statement = signing.unseal(data, "it")
    assert statement["predicate"]["git"]["author"] == "Sam <sam@example.org>"
    assert statement["predicate"]["policy"] == change.ok("git", "rev-parse", "main").strip()


# data that DVC tracks


@pytest.fixture
def pointed(main, tmp_path, rows):
    """A branch in which DVC tracks the incoming files, with a remote in a folder; and a poisoned one is new."""
    project = main.copy(tmp_path / "project").by("mia")
    project.ok("git", "rm", "-q", "-r", "--cached", "data/incoming")
    project.ok("dvc", "add", "-q", "data/incoming/east/first.csv", "data/incoming/west/second.parquet")
    project.ok("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    project.ok("dvc", "push", "-q", "data/incoming/east/first.csv", "data/incoming/west/second.parquet")
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    bring(project, rows["poisoned"], "east/bad.csv")
    project.ok("dvc", "add", "-q", "data/incoming/east/bad.csv")
    project.ok("dvc", "push", "-q", "data/incoming/east/bad.csv")
    project.by("sam").commit()
    return project.by("sam")


def test_data_that_dvc_tracks_is_judged_alike(pointed, tmp_path):
    assert pointed.pratique(*GATE).code == 1
    assert [each["batch"] for each in found(pointed)["batches"]] == ["east/bad"]
    assert batch(pointed, "east/bad")["submitted_by"] == ["sam@example.org"]
    pointed.ok("git", "clone", "-q", "-b", "change", str(pointed.root), str(tmp_path / "clone"))
    clone = pointed.copy(tmp_path / "another")
    shutil.rmtree(clone.root)
    (tmp_path / "clone").rename(clone.root)
    clone.ok("git", "branch", "-q", "main", "origin/main")
    assert "data/incoming/east/bad.csv: not here; run `dvc pull` first" in clone.pratique(*GATE).complaint  # 79
    clone.ok("dvc", "pull", "-q", "data/incoming/east/bad.csv", "data/incoming/east/first.csv")
    clone.ok("dvc", "pull", "-q", "data/incoming/west/second.parquet")
    assert clone.pratique(*GATE).code == 1
    assert [each["batch"] for each in found(clone)["batches"]] == ["east/bad"]


def test_50_51_bytes_that_are_not_the_pointer_s_are_not_judged(pointed, rows):
    path = pointed.root / "data/incoming/east/bad.csv"
    stat = path.stat()
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data.replace(b"low", b"mid"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert "not the bytes that DVC's pointer stands for" in pointed.pratique(*GATE).complaint
