"""Batches as teams have them: folders of parts, and what a stage of the team's own pipeline writes."""

import contextlib
from dataclasses import replace

import pandas as pd
import pytest
from pratique.gate.judge import gate
from pratique.provenance.record import Record
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

CRAWLER = """\
from pathlib import Path
import sys
import pandas as pd

place = Path(sys.argv[1])
place.parent.mkdir(parents=True, exist_ok=True)
pd.read_csv("crawled.csv").to_csv(place, index=False)
"""


def bring_parts(project, frame, name, suffix="csv"):
    """Put a batch there as two parts."""
    for number, rows in enumerate((frame[:25], frame[25:])):
        place = project.path(f"data/incoming/{name}/part-{number}.{suffix}")
        rows.to_csv(place, index=False) if suffix == "csv" else rows.to_parquet(place, index=False)


def add_stage(project, **said):
    """Add a stage of the team's to dvc.yaml."""
    with project.path("dvc.yaml").open(encoding="utf-8") as stream:
        pipeline = YAML(typ="safe").load(stream)
    pipeline["stages"]["crawl"] = said
    with project.path("dvc.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(pipeline, stream)


def examined(project):
    return [each["batch"] for each in project.found["batches"]]


def judge_one(project):
    """The record of the one batch that the branch brings, as the gate computes it."""
    with contextlib.chdir(project.root):
        (gated,) = gate("main").batches
    return gated.record


def test_parts_are_one_batch_for_the_pipeline_and_for_the_gate(change, clean):
    bring_parts(change, clean, "east/day1", "parquet")
    change.commit()
    done = change.gate()
    assert done.code == 0, done
    assert examined(change) == ["east/day1"]
    gated = judge_one(change)
    change.stages("ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    change.commit()
    record = Record.read(change.root / "data/records/east/day1.json")
    assert (gated.subject, gated.facts) == (record.subject, record.facts)
    assert (record.file, record.rows) == ("data/incoming/east/day1", 40)
    assert change.line("east/day1")["sha256"] == record.sha256
    done = change.gate()
    assert done.code == 0, done  # the results of the run are what the gate computes
    done = change.pratique("verify")
    assert done.code == 0, done
    assert change.pratique("check", "data/incoming/east/day1").code == 0
    parts = [f"data/incoming/east/day1/part-{number}.parquet" for number in (0, 1)]
    done = change.pratique("check", *parts)  # as a hook names what is staged
    assert (done.code, done.out.split()) == (0, ["accept", "data/incoming/east/day1"])


def test_a_poisoned_folder_of_parts_is_refused_as_one_batch(change, flipped):
    bring_parts(change, flipped, "east/day1")
    change.commit()
    done = change.gate()
    assert done.code == 1
    assert "Next: git rm -r data/incoming/east/day1" in done.out
    assert examined(change) == ["east/day1"]


def test_an_unreadable_part_quarantines_the_batch_and_every_byte_of_it_is_kept(change, clean):
    bring_parts(change, clean, "east/day1")
    change.path("data/incoming/east/day1/part-2.csv").write_text("other\n1\n", encoding="utf-8")
    change.commit()
    change.stages("ingest", "validate")
    came = change.contents("data/incoming/east/day1")
    kept = change.contents("data/quarantine/east/day1")
    assert list(kept.values()) == list(came.values())
    record = Record.read(change.root / "data/records/east/day1.json")
    assert "day1/part-2.csv: column" in record.fault
    assert [each.name for each in record.outputs] == list(kept)
    change.ok("git", "checkout", "-q", "--", "data/ledger.jsonl")
    assert change.gate().code == 1


@pytest.mark.parametrize("name", [".hidden", "_SUCCESS", "deeper/part-2.csv", "part-1.csv.dvc", "PART-0.csv"])
def test_nothing_comes_in_a_folder_beside_its_parts(change, clean, name):
    bring_parts(change, clean, "east/day1")
    change.path(f"data/incoming/east/day1/{name}").write_text("x\n", encoding="utf-8")
    change.commit()
    assert f"data/incoming/east/day1/{name}" in change.refused()


def test_a_file_and_a_folder_of_one_name_are_refused(change, clean):
    bring_parts(change, clean, "east/first")
    change.commit()
    assert "would be the same batch" in change.refused()["data/incoming/east/first/part-0.csv"]


def test_parts_behind_one_pointer_are_the_same_batch_and_mix_with_none_in_git(change, clean):
    bring_parts(change, clean, "east/day1")
    change.commit()
    in_git = judge_one(change)
    assert in_git.outcome == "accepted"
    change.ok("git", "rm", "-q", "-r", "--cached", "data/incoming/east/day1")
    change.ok("dvc", "add", "-q", "data/incoming/east/day1")
    change.commit()
    assert judge_one(change) == in_git
    change.ok("git", "add", "-f", "data/incoming/east/day1/part-0.csv")
    change.ok("git", "commit", "-q", "-m", "Both")
    assert "data/incoming/east/day1.dvc" in change.refused()


def test_a_part_more_or_less_replaces_an_accepted_batch(change, clean, make_rows):
    change.ok("git", "switch", "-q", "main")
    bring_parts(change, clean, "east/day1")
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    change.bring(make_rows(10, seed=15), "east/day1/part-2.csv")
    change.commit()
    why = "replaces east/day1, which was accepted, and nobody rejected it"
    assert change.refused() == {"data/incoming/east/day1": why}
    assert examined(change) == ["east/day1"]
    change.ok("git", "rm", "-q", "data/incoming/east/day1/part-1.csv", "data/incoming/east/day1/part-2.csv")
    change.commit()
    assert change.refused() == {"data/incoming/east/day1": why}


def test_a_folder_of_parts_is_promoted_with_all_its_bytes(change, clean):
    change.ok("git", "switch", "-q", "main")
    change.edit("params.yaml", "train:", "promote: {max_source_share: 0.5}\n\ntrain:")
    bring_parts(change, clean, "east/day1")
    came = change.contents("data/incoming/east/day1")
    change.stages("ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    done = change.pratique("promote", "east/day1")
    assert done.code == 0, done
    assert list(change.contents("data/promoted/east/day1").values()) == list(came.values())
    change.commit()
    done = change.gate(submitter="")
    assert done.code == 0, done
    change.stages("calibrate", "ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate")
    change.commit()
    done = change.pratique("verify")
    assert done.code == 0, done


@pytest.fixture
def crawling(change, clean):
    """Main has a stage that writes a batch, and has run it; the branch is Sam's."""

    def of(output, **kept):
        change.ok("git", "switch", "-q", "main")
        change.path("crawl.py").write_text(CRAWLER, encoding="utf-8")
        clean.to_csv(change.path("crawled.csv"), index=False)
        place = output if output.endswith(".csv") else f"{output}/day1.csv"
        outs = [{output: kept}] if kept else [output]
        add_stage(change, cmd=f"python crawl.py {place}", deps=["crawl.py", "crawled.csv"], outs=outs)
        change.edit("params.yaml", "train:", "gate: {with_data: [crawled.csv]}\n\ntrain:")
        change.ok("dvc", "repro", "-q", "validate")
        change.by("mia").commit()
        change.ok("git", "switch", "-q", "-C", "change")
        return change

    return of


@pytest.mark.parametrize(
    ("output", "kept"),
    [("data/incoming/crawler/day1.csv", {}), ("data/incoming/crawler", {"cache": False})],
    ids=["a file in DVC", "a folder in git"],
)
def test_what_a_stage_writes_is_ingested_after_it_and_gated_by_its_content(crawling, flipped, make_rows, output, kept):
    project = crawling(output, **kept)
    assert project.line("crawler/day1")["outcome"] == "accepted"
    assert project.gate().code == 0
    flipped.to_csv(project.path("crawled.csv"), index=False)
    project.ok("dvc", "repro", "-q", "validate")
    assert project.line("crawler/day1")["outcome"] == "quarantined"
    project.commit()
    done = project.gate()
    assert done.code == 1, done
    assert examined(project) == ["crawler/day1"]
    refused = {each["path"]: each["reason"] for each in project.found["refused"]}
    assert list(refused) == ["data/incoming/crawler/day1.csv"], refused
    assert "replaces crawler/day1, which was accepted" in refused["data/incoming/crawler/day1.csv"]


def test_a_stage_that_writes_a_batch_for_each_day_brings_only_the_new_one(crawling, make_rows):
    project = crawling("data/incoming/crawler")
    project.edit(
        "crawl.py", "pd.read_csv", "place.with_name('day2.csv').write_text(Path('day2.csv').read_text())\npd.read_csv"
    )
    make_rows(40, seed=16).to_csv(project.path("day2.csv"), index=False)
    project.edit("params.yaml", "[crawled.csv]", "[crawled.csv, day2.csv, crawl.py]")
    project.ok("git", "switch", "-q", "-C", "main")
    project.by("mia").commit()
    project.ok("git", "switch", "-q", "-C", "change")
    project.ok("dvc", "repro", "-q", "validate")
    project.by("sam").commit()
    done = project.gate()
    assert done.code == 0, done
    assert examined(project) == ["crawler/day2"]


def test_a_lock_that_names_other_bytes_than_git_holds_is_refused(crawling, flipped):
    """`dvc checkout` would put the bytes of the lock in the place of those that were judged."""
    project = crawling("data/incoming/crawler/day1.csv", cache=False)
    clean = pd.read_csv(project.root / "crawled.csv")
    flipped.to_csv(project.path("crawled.csv"), index=False)
    project.ok("dvc", "repro", "-q", "validate")
    clean.to_csv(project.path("data/incoming/crawler/day1.csv"), index=False)
    project.commit()
    assert "git holds other bytes than dvc.lock says" in project.refused()["dvc.lock"]


LABELS = "data/labels/east/day1.csv"


def bring_apart(project, frame, batch, labelled=True):
    """Put rows and labels where they come in, each in a file of its own; or the rows alone."""
    project.bring(frame.drop(columns="y"), f"{batch}.csv")
    if labelled:
        frame[["id", "y"]].sample(frac=1, random_state=1).to_csv(project.path(f"data/labels/{batch}.csv"), index=False)


@pytest.fixture(scope="module")
def labelled_apart(main, make_rows, tmp_path_factory):
    """A repository whose labels come in apart from their rows; main has run on one batch."""
    project = replace(main, root=tmp_path_factory.mktemp("apart")).by("mia")

    def numbered(rows, seed):
        return make_rows(rows, seed).reset_index(names="id").assign(id=lambda frame: frame["id"] + 1000 * seed)

    numbered(200, 1).to_csv(project.path("trusted.csv"), index=False)
    numbered(60, 2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    bring_apart(project, numbered(40, 3), "east/day0")
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    done = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    project.simplify("checks: {schema: {}, labels: {}, leaks: {}}\n\n")
    project.edit("params.yaml", "data:\n", "data:\n  labels_from: data/labels\n")
    project.edit("dvc.yaml", "      - data/incoming\n", "      - data/incoming\n      - data/labels\n")
    project.set_up("rita")
    project.ok("dvc", "repro", "-q", "evaluate")
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    return project


@pytest.fixture
def apart(labelled_apart, tmp_path):
    return labelled_apart.copy(tmp_path / "project").by("sam")


@pytest.fixture
def rows(make_rows):
    return make_rows(40, 11).reset_index(names="id").assign(id=lambda frame: frame["id"] + 50_000)


def test_labels_that_come_apart_are_joined_by_id_for_the_pipeline_and_for_the_gate(apart, rows):
    bring_apart(apart, rows, "east/day1")
    apart.commit()
    judged = judge_one(apart)
    assert judged.outcome == "accepted"
    apart.ok("dvc", "repro", "-q", "evaluate")
    apart.commit()
    record = Record.read(apart.root / "data/records/east/day1.json")
    assert (record.subject, record.facts, record.outcome) == (judged.subject, judged.facts, "accepted")
    accepted = pd.read_parquet(apart.root / "data/accepted/east/day1.parquet")
    assert accepted["y"].tolist() == rows["y"].tolist()
    done = apart.gate()
    assert done.code == 0, done  # results, too
    done = apart.pratique("verify")
    assert done.code == 0, done
    assert apart.pratique("settle").code == 0
    apart.ok("dvc", "repro", "-q", "evaluate")
    apart.commit()
    done = apart.pratique("verify")
    assert done.code == 0, done


def test_poisoned_labels_of_clean_rows_are_refused_and_so_is_an_edit_of_accepted_ones(apart, rows, make_rows):
    bring_apart(apart, rows.assign(y=make_rows(40, 11, 0.5)["y"]), "east/day1")
    apart.commit()
    assert apart.gate().code == 1
    assert examined(apart) == ["east/day1"]
    bring_apart(apart, rows, "east/day1")
    place = apart.root / "data/labels/east/day0.csv"
    place.write_text(place.read_text().replace(",low", ",high"))
    apart.commit()
    why = "the labels of east/day0, which was accepted, and nobody rejected it"
    assert apart.refused() == {"data/labels/east/day0.csv": f"replaces {why}"}
    assert apart.batch("east/day0")["verdict"] == "quarantine"
    fork = apart.ok("git", "rev-parse", "main").strip()
    assert apart.found["next"].startswith(f"git checkout {fork[:12]} -- data/labels/east/day0.csv")
    apart.ok("git", "rm", "-q", "data/labels/east/day0.csv")
    apart.commit()
    assert apart.refused() == {"data/labels/east/day0.csv": f"takes away {why}"}


@pytest.mark.parametrize("track", ["data/labels", LABELS])
def test_labels_behind_a_pointer_are_the_same_labels(apart, rows, track):
    bring_apart(apart, rows, "east/day1")
    apart.commit()
    in_git = judge_one(apart)
    apart.ok("git", "rm", "-q", "-r", "--cached", track)
    apart.ok("dvc", "add", "-q", track)
    apart.commit()
    with contextlib.chdir(apart.root):
        found = {gated.name: gated.record for gated in gate("main").batches}
    assert found["east/day1"] == in_git
    assert apart.gate().code == 0


def test_a_batch_waits_for_its_labels_and_is_judged_when_they_come(apart, rows):
    bring_apart(apart, rows, "east/day1", labelled=False)
    apart.commit()
    done = apart.gate("--require-batch")
    assert done.code == 0, done
    assert done.out.startswith("pratique gate passed: 1 batch waiting for labels\n")
    assert f"east/day1 waits for its labels, {LABELS}: it trains nothing" in done.out
    assert examined(apart) == []
    done = apart.pratique("check", "data/incoming/east/day1.csv", "--json", "said.json")
    assert (done.code, done.out.split()[0]) == (1, "waiting")
    assert '"verdict": "waiting"' in (apart.root / "said.json").read_text(encoding="utf-8")
    (apart.root / "said.json").unlink()
    apart.ok("dvc", "repro", "-q")
    assert (apart.line("east/day1")["outcome"], apart.line("east/day1")["verdict"]) == ("waiting", "waiting")
    assert not list(apart.root.glob("data/*/east/day1*/rows.parquet"))
    assert not (apart.root / "data/accepted/east/day1.parquet").exists()
    said = "1 batch waits for its labels in data/labels: east/day1."
    assert said in " ".join(apart.pratique("status").out.split())
    assert said in (apart.root / "data/reports/index.html").read_text(encoding="utf-8")
    for words in (("trace",), ("explain",), ("review", "show"), ("review", "reject", "--reason", "r")):
        assert apart.pratique(*words, "east/day1").complaint.startswith("east/day1: waits for its labels")
    assert apart.pratique("recall", "east").code == 0
    apart.commit()
    done = apart.gate()
    assert done.code == 0, done
    done = apart.pratique("verify")
    assert done.code == 0, done
    apart.ok("git", "switch", "-q", "-C", "main")
    apart.ok("git", "switch", "-q", "-c", "labels")
    bring_apart(apart, rows, "east/day1")
    apart.commit()
    done = apart.gate()
    assert done.code == 0, done
    assert "takes away" not in done.out
    assert examined(apart) == ["east/day1"]
    apart.stages("ingest", "validate")
    assert apart.line("east/day1")["outcome"] == "accepted"


@pytest.mark.parametrize("name", ["day1.parquet", "east/day1.txt", "east/deep/day1.csv", "east/.day1.csv"])
def test_nothing_but_label_files_comes_in_among_the_labels(apart, rows, name):
    bring_apart(apart, rows, "east/day1")
    apart.path(f"data/labels/{name}").write_text("id,y\n", encoding="utf-8")
    apart.commit()
    assert apart.refused() == {f"data/labels/{name}": "expected labels as data/labels/<source>/<batch>.csv"}


def test_without_labels_from_a_batch_without_labels_is_what_it_was(change, clean):
    change.bring(clean.drop(columns="y"), "east/day1.csv")
    change.commit()
    assert change.gate().code == 1
    clean[["y"]].to_csv(change.path(LABELS), index=False)
    change.commit()
    assert change.refused() == {LABELS: "comes together with data"}
