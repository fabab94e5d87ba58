"""The gate on changes to a team's own repository: real git, real DVC, and people who decide."""

import contextlib
import shutil
from datetime import date, timedelta

import pytest
from pratique.gate.judge import gate
from pratique.provenance.record import Record
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

# what passes and what fails


def test_a_clean_change_passes(change, clean):
    change.bring(clean, "east/good.csv")
    change.commit()
    done = change.gate()
    assert done.code == 0, done
    assert done.out.startswith("pratique gate passed: 1 of 1 batch cleared")
    assert [each["batch"] for each in change.found["batches"]] == ["east/good"]  # the old ones are not looked at
    assert change.batch("east/good")["authors"] == ["sam@example.org"]
    assert change.found["submitter"] == "sam@example.org"


def test_a_poisoned_change_fails_with_the_reason_and_what_to_do(poisoned):
    done = poisoned.gate()
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "pratique gate refused: 1 of 1 batch not cleared"
    assert "16 of 40 labels contradict their trusted neighbours" in done.out
    assert lines[-3].startswith("Next: git rm data/incoming/east/bad.csv")
    assert lines[-1] == "Report: data/reports/gate/summary.md"
    assert poisoned.ok("git", "status", "--porcelain") == ""


def test_the_gate_and_the_pipeline_say_the_same_of_where_a_batch_comes_from(change, clean, make_rows):
    """The batch before it lies on main, or comes with the same change; the gate hashes both itself."""
    change.bring(clean, "east/good.csv")
    change.bring(make_rows(40, seed=13), "east/later.csv")
    change.bring(make_rows(40, seed=14), "west/early.csv")
    change.commit()
    with contextlib.chdir(change.root):
        records = {gated.name: gated.record for gated in gate("main").batches}
    change.stages("ingest", "validate")
    names = {}
    for batch, computed in records.items():
        recorded = Record.read(change.root / f"data/records/{batch}.json")
        assert (computed.source_entry, computed.predecessor) == (recorded.source_entry, recorded.predecessor)
        assert computed.source_entry.model_dump() == {"origin": "o", "owner": "w", "licence": "l", "labels": "b"}
        names[batch] = computed.predecessor and computed.predecessor.name
    assert names == {
        "east/good": "data/incoming/east/first.csv",
        "east/later": "data/incoming/east/good.csv",
        "west/early": None,
    }


def test_a_release_survives_an_edit_of_the_inventory(released):
    """Whoever delivers a batch, and under which licence: what was decided is about its bytes."""
    released.stages("ingest", "validate", "train")
    assert released.line("east/bad")["outcome"] == "accepted"
    released.edit("data/sources.yaml", "owner: w", "owner: somebody else")
    said = released.pratique("verify").out
    assert "data/records/east/bad.json: not what is computed" in said
    assert "west/second: cleared by other sources than are here" in said
    released.stages("validate")
    assert (released.line("east/bad")["decision"], released.line("east/bad")["outcome"]) == ("release", "accepted")
    assert "owner: somebody else; licence: l" in released.pratique("trace", "east/bad").out
    released.stages("train", "evaluate")
    released.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    released.commit()
    done = released.pratique("verify")
    assert done.code == 0, done
    assert "release of east/bad by Rita <rita@example.org>: signed by rita@example.org" in done.out


def test_rows_of_the_holdout_fail(change, make_rows):
    change.bring(make_rows(60, seed=2), "east/leaked.csv")
    change.commit()
    done = change.gate()
    assert done.code == 1
    assert "rows are copies of the holdout" in done.out


def test_bytes_that_are_no_table_fail(change):
    change.path("data/incoming/east/torn.csv").write_bytes(b"size,y\n1\n")
    change.commit()
    assert change.gate().code == 1
    assert change.batch("east/torn")["reasons"][0].startswith("unreadable: torn.csv")


def test_nothing_new_is_nothing_to_check(change):
    assert change.gate().code == 0
    assert change.gate("--require-batch").code == 3


def test_a_pipeline_below_is_named_with_the_command_that_judges_it(change):
    change.ok("git", "switch", "-q", "main")
    change.path("quality/params.yaml").write_text("checks: {}\n")
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    head = change.ok("git", "rev-parse", "HEAD").strip()[:12]
    command = f"`cd quality && pratique gate --base {head} --head {head}`"
    assert f"quality/ is a pipeline of its own, not judged here: {command}" in change.gate().out


def test_an_unknown_base_can_not_be_decided(change):
    assert "'nowhere': no such commit here" in change.pratique("gate", "--base", "nowhere").complaint


def test_a_base_without_a_pipeline_can_not_be_decided(change):
    change.ok("git", "switch", "-q", "--orphan", "empty")
    change.ok("git", "commit", "-q", "--allow-empty", "-m", "nothing")
    change.ok("git", "switch", "-q", "-c", "first")
    change.ok("git", "checkout", "-q", "main", "--", ".")
    change.commit()
    assert "the pipeline lands first" in change.pratique("gate", "--base", "empty").complaint


def test_an_older_branch_is_judged_by_what_it_brings(change, clean, flipped):
    """The base went on with other thresholds and another batch: neither is this change's doing."""
    change.bring(clean, "east/good.csv")
    change.commit()
    change.ok("git", "switch", "-q", "main")
    change.bring(flipped, "west/other.csv")
    change.policy("params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    done = change.gate()
    assert done.code == 0, done
    assert [each["batch"] for each in change.found["batches"]] == ["east/good"]


def test_policy_alone_is_for_its_owners_to_review(change):
    change.edit("params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    change.commit()
    assert change.gate().code == 0


def test_an_unlisted_source_is_named_or_refused(change, clean):
    change.bring(clean, "north/good.csv")
    change.commit()
    done = change.gate()
    assert done.code == 0
    assert "source 'north' is not listed" in done.out
    change.policy("params.yaml", "unlisted: warn", "unlisted: refuse")
    assert change.gate().code == 1
    assert "source 'north' is not listed in data/sources.yaml" in change.batch("north/good")["reasons"]


# decisions


def test_a_release_by_somebody_else_passes_and_takes_effect(released):
    done = released.gate()
    assert done.code == 0, done
    assert "east/bad: quarantine, let in" in done.out
    assert released.batch("east/bad")["outcome"] == "accepted"
    released.ok("dvc", "repro", "-q", "evaluate")
    line = released.line("east/bad")
    assert (line["verdict"], line["decision"], line["outcome"]) == ("quarantine", "release", "accepted")
    said = released.ok("pratique", "trace", "east/bad")
    assert "release by Rita <rita@example.org>: looked at it" in said
    assert "reached the model: logistic_regression" in said
    released.by("rita").commit()
    assert released.ok("pratique", "verify", "--retrain").startswith("All holds")


def test_a_release_of_some_rows_lets_in_these_alone(poisoned):
    poisoned.by("rita").decide("release", "east/bad", "--rows", "20-39", "--reason", "the second half is fine")
    assert poisoned.gate().code == 0
    poisoned.stages("validate", "train")
    assert (poisoned.line("east/bad")["outcome"], poisoned.line("east/bad")["suspects"] != "0") == ("accepted", True)
    assert "row 3: quarantined" in poisoned.pratique("trace", "east/bad:3").out
    assert "did not reach the model" in poisoned.pratique("trace", "east/bad:3").out
    assert "reached the model" in poisoned.pratique("trace", "east/bad:25").out


def test_a_release_dies_when_the_batch_changes(released, make_rows):
    released.bring(make_rows(40, seed=12, flipped=0.6), "east/bad.csv")
    released.commit()
    assert released.gate().code == 1
    assert "no longer counts: the batch's bytes changed" in " ".join(released.batch("east/bad")["reasons"])
    released.stages("ingest", "validate")
    assert (released.line("east/bad")["decision"], released.line("east/bad")["outcome"]) == ("", "quarantined")


def test_a_release_dies_when_the_limits_change(released):
    released.policy("params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    assert released.gate().code == 1
    assert "no longer counts: alarms.per_1000_batches changed" in " ".join(released.batch("east/bad")["reasons"])


def test_an_expired_release_fails(poisoned):
    today, past = date.today(), date.today() - timedelta(days=2)
    poisoned.by("rita").decide("release", "east/bad", "--reason", "for now", "--expires", f"{today + timedelta(1)}")
    poisoned.decide_again("rita", expires=str(past))
    assert poisoned.gate().code == 1
    assert f"expired on {past}" in " ".join(poisoned.batch("east/bad")["reasons"])


def test_a_second_reviewer_is_asked_for(released):
    released.policy("params.yaml", "reviewers: 1", "reviewers: 2")
    assert released.gate().code == 1
    released.by("tom").decide("release", "east/bad", "--reason", "me too")
    assert released.gate().code == 0


def test_a_reject_beats_a_release(released):
    released.by("tom").decide("reject", "east/bad", "--reason", "flipped labels")
    done = released.gate()
    assert done.code == 1
    assert "reject by Tom <tom@example.org>: flipped labels" in done.out
    released.stages("validate")
    assert (released.line("east/bad")["decision"], released.line("east/bad")["outcome"]) == ("reject", "quarantined")


def test_a_reject_of_what_is_in_training_already_is_welcome(change):
    change.by("rita").decide("reject", "east/first", "--reason", "the vendor was breached")
    assert change.gate().code == 0
    change.stages("validate")
    assert change.line("east/first")["outcome"] == "quarantined"


# data that DVC tracks


@pytest.fixture
def pointed(main, tmp_path, flipped):
    """A branch in which DVC tracks the incoming files and the holdout, with a remote; and a poisoned one is new."""
    old = ("data/incoming/east/first.csv", "data/incoming/west/second.parquet", "data/holdout")
    project = main.copy(tmp_path / "project")
    project.ok("git", "rm", "-q", "-r", "--cached", "data/incoming", "data/holdout")
    project.ok("dvc", "add", "-q", *old)
    project.ok("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    project.bring(flipped, "east/bad.csv")
    project.ok("dvc", "add", "-q", "data/incoming/east/bad.csv")
    project.ok("dvc", "push", "-q", *old, "data/incoming/east/bad.csv")
    project.by("sam").commit()
    return project.by("sam")


def test_data_that_dvc_tracks_is_fetched_through_the_base_s_remote(pointed, tmp_path):
    """In a clone of the base, without a file of the change on disk: nothing but git's objects is needed."""
    clone = pointed.copy(tmp_path / "clone")
    shutil.rmtree(clone.root)
    pointed.ok("git", "clone", "-q", "-b", "main", str(pointed.root), str(clone.root))
    before = clone.contents(".")
    assert clone.gate("--head", "origin/change").code == 1
    assert [each["batch"] for each in clone.found["batches"]] == ["east/bad"]
    assert clone.batch("east/bad")["authors"] == ["sam@example.org"]
    shutil.rmtree(clone.root / "data/reports/gate")
    shutil.rmtree(clone.root / ".git/pratique")  # the profile, kept for the next time
    assert clone.contents(".") == before


def test_a_whole_folder_that_dvc_tracks_is_compared_file_by_file(main, tmp_path, clean, flipped):
    """`dvc add data/incoming`: the listing tells which batches are new."""
    project = main.copy(tmp_path / "project")
    project.ok("git", "rm", "-q", "-r", "--cached", "data/incoming")
    project.ok("dvc", "add", "-q", "data/incoming")
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    project.bring(clean, "east/good.csv")
    project.ok("dvc", "add", "-q", "data/incoming")
    project.by("sam").commit()
    assert project.gate().code == 0
    assert [each["batch"] for each in project.found["batches"]] == ["east/good"]
    project.bring(flipped, "east/good.csv")
    project.ok("dvc", "add", "-q", "data/incoming")
    project.by("sam").commit()
    assert project.gate().code == 1


def test_what_a_stage_of_the_team_brings_is_judged_by_its_line_in_the_lock(main, tmp_path, flipped):
    """A stage downloads a source's folder: git holds neither its files nor a pointer, and dvc.lock names them."""
    project = main.copy(tmp_path / "project")
    download = {"cmd": "python download.py", "outs": ["data/incoming/north"]}
    with (project.root / "dvc.yaml").open(encoding="utf-8") as stream:
        pipeline = YAML(typ="safe").load(stream)
    pipeline["stages"]["download"] = download
    with project.path("dvc.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(pipeline, stream)
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    project.bring(flipped, "north/bad.csv")
    project.ok("dvc", "commit", "-q", "-f", "download")
    project.by("sam").commit()
    assert project.gate().code == 1
    assert [each["batch"] for each in project.found["batches"]] == ["north/bad"]
    assert project.batch("north/bad")["authors"] == ["sam@example.org"]


def test_what_is_not_committed_is_not_judged_and_the_gate_says_so(change, flipped):
    change.bring(flipped, "east/bad.csv")
    done = change.gate()
    assert done.code == 0
    assert "what is not committed is not judged" in done.out
    change.commit()
    assert change.gate().code == 1


def test_the_policy_says_what_else_may_come_with_data(change, clean):
    change.bring(clean, "east/good.csv")
    change.path("docs/east.md").write_text("What east sends.\n", encoding="utf-8")
    change.commit()
    assert change.gate().code == 1
    assert change.found["refused"] == [{"path": "docs/east.md", "reason": "comes together with data"}]
    with (change.root / "params.yaml").open("a", encoding="utf-8") as stream:
        stream.write("\ngate: {with_data: ['docs/*.md']}\n")
    assert change.gate().code == 1  # what the change itself says is not asked
    change.ok("git", "stash", "-q")
    change.ok("git", "switch", "-q", "main")
    change.ok("git", "stash", "pop", "-q")
    change.by("mia").commit()
    assert change.gate("--head", "change").code == 0
