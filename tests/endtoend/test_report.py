"""The pages of a run: which batches have one, what they hold, how large they are, and that they are the same again."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from pratique.core.hashing import sha256_file
from pratique.dossier.suspects import CARDS, LINES
from pratique.pages import queue_page

pytestmark = pytest.mark.slow

PAGES = "data/reports/batches"
LIGHT = "checks:\n  labels: {}\ntrain:\n  trees: 5\n"


def named(project, batch):
    return project.root / f"{PAGES}/{batch}.html"


def lighten(project):
    """Fewer checks and trees: these tests are about pages."""
    params = project.root / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text[: text.index("checks:")] + LIGHT, encoding="utf-8")


@pytest.fixture(scope="module")
def run(new_project, make_rows):
    """Three batches: a good one, a flipped one, and bytes that are no table."""
    project = new_project()
    make_rows(200, seed=1).to_csv(project.path("trusted.csv"), index=False)
    make_rows(80, seed=2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    make_rows(30, seed=3).to_csv(project.path("data/incoming/east/good.csv"), index=False)
    make_rows(40, seed=4, flipped=0.5).to_csv(project.path("data/incoming/east/flipped.csv"), index=False)
    project.path("data/incoming/west/torn.csv").write_bytes(b"size,y\n1,2,3\n")
    assert project.pratique("init", ".", "--from", "trusted.csv", "--label", "y").code == 0
    lighten(project)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "report")
    return project


def test_every_batch_that_is_not_plainly_accepted_has_a_page(run):
    pages = sorted(path.relative_to(run.root / PAGES).as_posix() for path in (run.root / PAGES).rglob("*.html"))
    assert pages == ["east/flipped.html", "west/torn.html"]


def test_the_page_says_what_is_wrong_and_what_to_do(run):
    page = named(run, "east/flipped").read_text(encoding="utf-8")
    assert "abels contradict their trusted neighbours" in page
    assert "A clean batch looks this odd " in page
    assert "its rows look poisoned, by all checks together" in page
    assert "of 40 rows are suspect." in page
    assert "pratique review release east/flipped --reason &#34;…&#34;" in page
    assert "on 80 trusted rows" in page
    assert "points" in page
    assert "data/records/east/flipped.json" in page


def test_every_check_stands_with_observed_and_limit(run):
    page = named(run, "east/flipped").read_text(encoding="utf-8")
    record = json.loads((run.root / "data/records/east/flipped.json").read_text(encoding="utf-8"))
    for check in record["predicate"]["checks"]:
        assert f'<th scope="row">{check["id"]}</th>' in page
        assert f'<td class="n" data-name="Observed">{check["observed"]:.3g}</td>' in page
    assert page.index("For statisticians") < page.index('data-name="Observed"')


def test_what_cannot_be_read_is_told_and_cannot_be_released(run):
    page = named(run, "west/torn").read_text(encoding="utf-8")
    assert "can&#39;t be read as a table" in page
    assert "review release" not in page
    assert "review reject west/torn" in page


def test_the_run_ends_with_the_table(run):
    said = run.pratique("report").out
    assert "east/flipped" in said
    assert "3 batches: 1 accepted, 2 quarantined." in said


def test_the_same_bytes_again_at_another_place_and_without_a_cache(run, tmp_path):
    again = run.copy(tmp_path / "again")
    shutil.rmtree(again.root / "data/.cache")
    shutil.rmtree(again.root / PAGES)
    again.stages("report")
    assert again.contents("data/reports") == run.contents("data/reports")


def test_a_page_goes_when_its_batch_does(run, tmp_path):
    project = run.copy(tmp_path / "less")
    (project.root / "data/incoming/west/torn.csv").unlink()
    project.stages("ingest", "validate", "report")
    assert not named(project, "west/torn").exists()
    assert "west/torn" not in (project.root / "data/reports/index.html").read_text(encoding="utf-8")


def test_a_decision_shows_on_the_page_and_in_the_queue(run, tmp_path):
    project = run.copy(tmp_path / "decided")
    project.commit()
    project.set_up()
    note = 'seen by me </script><script>alert("x")</script>'
    project.ok("pratique", "review", "release", "east/flipped", "--reason", note)
    project.stages("validate", "train", "evaluate", "report")
    page = named(project, "east/flipped").read_text(encoding="utf-8")
    assert "Released by Tests &lt;tests@example.org&gt;" in page
    assert "seen by me &lt;/script&gt;&lt;script&gt;" in page
    assert page.count("<script>") == 1
    assert "review release" not in page
    assert 'data-state="released"' in (project.root / "data/reports/index.html").read_text(encoding="utf-8")


def test_the_page_says_where_a_batch_comes_from_and_what_came_before(run, tmp_path):
    assert "not listed in data/sources.yaml when the batch was judged" in named(run, "east/flipped").read_text()
    project = run.copy(tmp_path / "listed")
    entry = {"origin": "https://east.example/api", "owner": "<script>East</script>", "licence": "CC BY 4.0"}
    listed = {"east": entry | {"labels": "typed in\u202e"}}
    (project.root / "data/sources.yaml").write_text(json.dumps(listed), encoding="utf-8")
    frame = pd.read_csv(project.root / "data/incoming/east/flipped.csv")
    frame.to_csv(project.root / "data/incoming/east/later.csv", index=False)
    project.stages("ingest", "validate", "train", "evaluate", "report")
    page = named(project, "east/later").read_text(encoding="utf-8")
    for text in ("https://east.example/api", "&lt;script&gt;East&lt;/script&gt;", "CC BY 4.0", "typed in\\u202e"):
        assert f"<dd>{text}</dd>" in page
    before = project.root / "data/incoming/east/good.csv"
    assert f"<code>data/incoming/east/good.csv</code>, SHA-256 <code>{sha256_file(before)}</code>" in page
    first = named(project, "east/flipped").read_text(encoding="utf-8")
    assert "none, it is the first of its source" in first


def test_personal_cells_are_on_no_page(run, tmp_path):
    project = run.copy(tmp_path / "personal")
    params = project.root / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("personal: []", 'personal: ["colour", "size"]'), encoding="utf-8")
    project.stages("calibrate", "validate", "train", "evaluate", "report")
    page = named(project, "east/flipped").read_text(encoding="utf-8")
    assert "(hidden)" in page
    cells = pd.read_csv(project.root / "data/incoming/east/flipped.csv", dtype=str)["size"]
    assert not [cell for cell in cells if f">{cell}<" in page]
    assert not [colour for colour in ("red", "green", "blue", "grey") if f">{colour}<" in page]


def wide(rows, features, classes, seed, flipped=0.0):
    """Numbers that all depend on the class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    centres = np.random.default_rng(0).normal(0, 2, (classes, features))
    frame = pd.DataFrame((centres[y] + rng.normal(size=(rows, features))).round(2))
    frame.columns = [f"f{i}" for i in range(features)]
    wrong = rng.random(rows) < flipped
    return frame.assign(y=[f"class {c}" for c in np.where(wrong, (y + 1) % classes, y)])


@pytest.mark.parametrize(("features", "classes", "rows"), [(5, 2, 20), (800, 30, 40), (64, 10, 2500)])
def test_pages_stay_small_whatever_the_shape(new_project, features, classes, rows):
    project = new_project()
    wide(300, features, classes, 1).to_parquet(project.path("trusted.parquet"), index=False)
    wide(90, features, classes, 2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    wide(rows, features, classes, 3, 0.6).to_csv(project.path("data/incoming/east/bad.csv"), index=False)
    wide(30, features, classes, 4).to_csv(project.path("data/incoming/east/good.csv"), index=False)
    assert project.pratique("init", ".", "--from", "trusted.parquet", "--label", "y").code == 0
    lighten(project)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "report")
    page = named(project, "east/bad").read_bytes()
    assert len(page) <= 500_000
    with (project.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        suspects = {line["batch"]: int(line["suspects"]) for line in csv.DictReader(stream)}["east/bad"]
    if rows > 1000:
        assert suspects >= 1000
        assert f"{suspects - CARDS - LINES:,} more suspects are not shown here".encode() in page


def test_a_page_without_a_price_says_how_to_get_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr(queue_page, "MOST_PRICED", 0)
    project = run.copy(tmp_path / "project")
    project.stages("report")
    page = named(project, "east/flipped").read_text(encoding="utf-8")
    assert "Accuracy if you let it in" not in page
    assert "<code>pratique review</code> measures it of any batch that is opened." in page
