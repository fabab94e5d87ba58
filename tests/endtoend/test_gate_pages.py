"""What the gate writes to decide on: pages, a picture and records, and decisions that are made from these alone."""

import json

import pytest

pytestmark = pytest.mark.slow

GATE = "data/reports/gate"


@pytest.fixture
def judged(poisoned, clean):
    """The gate has judged a poisoned batch and a clean one; nobody has run the pipeline."""
    poisoned.bring(clean, "east/good.csv")
    poisoned.commit()
    assert poisoned.gate().code == 1
    return poisoned


def test_the_pages_of_what_was_examined_lie_beside_their_records(judged):
    written = judged.contents(GATE)
    pages = {name.removeprefix(f"{GATE}/") for name in written if name.endswith(".html")}
    assert pages == {"index.html", "reference.html", "batches/east/bad.html"}
    records = {name for name in written if "/records/" in name}
    assert records == {f"{GATE}/records/east/bad.json", f"{GATE}/records/east/good.json"}
    page = written[f"{GATE}/batches/east/bad.html"].decode()
    assert "neighbours say" in page
    assert "the gate computes no model" in page
    assert "pratique review release east/bad --record records/east/bad.json" in page
    assert written[f"{GATE}/worst.png"].startswith(b"\x89PNG")
    assert not (judged.root / "data/records/east/bad.json").exists()


def test_a_page_of_the_gate_is_that_of_the_pipeline_but_for_price_and_command(poisoned):
    poisoned.gate()
    here = (poisoned.root / GATE / "batches/east/bad.html").read_text(encoding="utf-8")
    poisoned.stages("ingest", "validate", "train", "evaluate", "report")
    there = (poisoned.root / "data/reports/batches/east/bad.html").read_text(encoding="utf-8")
    start, end = '<section aria-labelledby="h-suspects">', '<section aria-labelledby="h-source">'
    assert start in here
    assert here[here.index(start) : here.index(end)] == there[there.index(start) : there.index(end)]


def test_a_release_by_the_gate_s_record_counts_without_a_run(judged):
    rita = judged.by("rita")
    done = rita.pratique(
        "review", "release", "east/bad", "--record", f"{GATE}/records/east/bad.json", "--reason", "seen"
    )
    assert done.code == 0, done
    rita.commit()
    assert judged.gate().code == 0
    assert judged.batch("east/bad")["outcome"] == "accepted"


def test_a_record_that_somebody_made_up_releases_nothing(judged):
    rita, place = judged.by("rita"), judged.root / GATE / "records/east/bad.json"
    said = json.loads(place.read_text(encoding="utf-8"))
    for check in said["predicate"]["checks"]:
        check["success"] = True
    forged = judged.path("forged.json")
    forged.write_text(json.dumps(said), encoding="utf-8")
    assert rita.pratique("review", "release", "east/bad", "--record", "forged.json", "--reason", "seen").code == 0
    forged.unlink()
    rita.commit()
    assert judged.gate().code == 1
    assert judged.batch("east/bad")["outcome"] == "quarantined"


def test_what_an_earlier_run_showed_is_gone(judged):
    judged.ok("git", "rm", "-q", "data/incoming/east/bad.csv")
    judged.commit()
    assert judged.gate().code == 0
    written = judged.contents(GATE)
    assert not [name for name in written if "bad" in name or name.endswith(".png")]
