"""Batches as teams have them: folders of parts, and what a stage of the team's own pipeline writes."""

import contextlib

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
    why = "takes away east/day1, which was accepted, and nobody rejected it"
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
    assert "takes away crawler/day1, which was accepted" in refused["data/incoming/crawler/day1.csv"]


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
