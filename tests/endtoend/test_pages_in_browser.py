"""The pages in a real browser: nothing runs that is not theirs, nothing is asked of the network, all can use them."""

import csv
import json

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

EVIL = (
    "<script>document.title='evil'</script>",
    "</script></style></textarea><img src=x onerror=document.title='evil'>",
    "\" onmouseover=\"document.title='evil'",
    "<!--/decide--><iframe src=javascript:parent.document.title='evil'></iframe>",
    "javascript:document.title='evil'",
    "=cmd|' /C calc'!A0",
    "\u202egpj.exe\x1b[31m::error::",
)
THEMES = ("light", "dark")
SERIOUS = ("serious", "critical")


def hostile_batch(make_rows):
    """Rows whose labels, cells and column names are written by somebody who knows HTML."""
    frame = make_rows(40, seed=5, flipped=0.5)
    frame.loc[: len(EVIL) - 1, "y"] = EVIL
    frame.loc[10 : 9 + len(EVIL), "colour"] = EVIL
    frame["size"] = frame["size"].astype(object)
    frame.loc[20 : 19 + len(EVIL), "size"] = EVIL
    for number, name in enumerate(EVIL[:4]):
        frame[name] = number
    return frame


@pytest.fixture(scope="module")
def run(prepared, make_rows, tmp_path_factory):
    """A run with a flipped batch, a hostile one, and a hostile decision."""
    project = prepared.copy(tmp_path_factory.mktemp("browser") / "project")
    make_rows(40, seed=6, flipped=0.5).to_csv(project.path("data/incoming/east/flipped.csv"), index=False)
    hostile_batch(make_rows).to_csv(project.path("data/incoming/west/hostile.csv"), index=False)
    project.path("data/incoming/west/torn.csv").write_text(f"a,b\n1,2,{EVIL[0]}\n", encoding="utf-8")
    project.commit()
    project.set_up()
    project.stages("calibrate", "ingest", "validate")
    project.ok("pratique", "review", "release", "west/hostile", "--reason", " ".join(EVIL[:5]))
    project.stages("validate", "train", "evaluate", "report")
    return project


@pytest.fixture(scope="module")
def pages(run):
    """The addresses of all pages, by name."""
    reports = run.root / "data/reports"
    found = [reports / "index.html", *sorted((reports / "batches").rglob("*.html"))]
    return {path.relative_to(reports).as_posix(): path.as_uri() for path in found}


def test_there_is_something_to_look_at(pages):
    assert set(pages) >= {"index.html", "batches/east/flipped.html", "batches/west/hostile.html"}


def test_nothing_executes_or_breaks_out(tab, pages):
    for name, address in pages.items():
        tab.goto(address)
        tab.mouse.move(300, 300)
        for details in tab.locator("details").all():
            details.locator("summary").first.click()
        assert tab.title().endswith("· Pratique"), name
        assert tab.locator("iframe, object, embed, form").count() == 0, name
        assert tab.locator("script").count() == 1, name
        assert tab.locator("main").count() == 1, name
        assert tab.locator("footer").count() == 1, name
        assert not tab.evaluate("[...document.links].some((link) => link.protocol === 'javascript:')"), name
    assert tab.complaints == []


def test_hostile_text_is_readable_as_what_it_is(tab, pages):
    tab.goto(pages["batches/west/hostile.html"])
    text = tab.locator("main").inner_text()
    assert EVIL[0] in text
    assert r"\u202e" in text
    assert "\u202e" not in text


def test_the_policy_stops_what_would_get_through(tab, pages):
    tab.goto(pages["index.html"])
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    tab.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 2'}))")
    tab.evaluate("fetch('https://example.org').catch(() => 0)")
    assert tab.title() == "All batches · Pratique"
    assert len(tab.complaints) >= 3
    assert all("Content Security Policy" in complaint for complaint in tab.complaints)


def test_no_request_leaves_a_page(tab, pages):
    for address in pages.values():
        tab.goto(address)
        tab.wait_for_load_state("networkidle")
    assert [url for url in tab.asked if not url.startswith(("file:", "data:"))] == []
    assert {url for url in tab.asked if url.startswith("file:")} == set(pages.values())


@pytest.mark.parametrize("theme", THEMES)
def test_no_serious_barrier_to_anybody(tab, pages, theme):
    from axe_playwright_python.sync_playwright import Axe

    tab.emulate_media(color_scheme=theme)
    for name, address in pages.items():
        tab.goto(address)
        for details in tab.locator("details").all():
            details.evaluate("(it) => (it.open = true)")
        found = Axe().run(tab).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in SERIOUS] == [], name


def test_everything_is_readable_without_its_script(chromium, pages):
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(pages["index.html"])
    assert tab.get_by_role("link", name="east/flipped").first.is_visible()
    assert not tab.locator("#search").is_visible()
    tab.get_by_label("released").check()
    rows = tab.locator("tr[data-state]")
    assert [row.get_attribute("data-state") for row in rows.all() if row.is_visible()] == ["released"]
    with tab.expect_navigation():
        tab.get_by_role("link", name="east/flipped").first.click()
    assert tab.locator("h1").inner_text() == "east/flipped"
    context.close()


def test_keys_and_the_filter_work(tab, pages):
    tab.goto(pages["index.html"])
    tab.keyboard.press("/")
    tab.keyboard.type("hostile")
    shown = tab.locator(".all tr[data-batch]:visible")
    assert [row.get_attribute("data-batch") for row in shown.all()] == ["west/hostile"]
    tab.keyboard.press("Escape")
    assert shown.count() > 1
    tab.keyboard.press("j")
    tab.keyboard.press("x")
    picked = tab.locator("[name=batch]:checked")
    batch = picked.input_value()
    assert f"pratique review reject {batch} " in tab.locator("#reject").inner_text()
    with tab.expect_navigation():
        tab.get_by_role("link", name=batch).first.click()
    assert tab.locator("h1").inner_text() == batch
    with tab.expect_navigation():
        tab.keyboard.press("q")
    assert tab.locator("h1").inner_text() == "What came in"


def test_pages_fit_narrow_screens_and_paper(tab, pages):
    for name, address in pages.items():
        tab.set_viewport_size({"width": 360, "height": 700})
        tab.goto(address)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, name
        tab.emulate_media(media="print")
        assert tab.locator("nav").is_hidden(), name
        tab.emulate_media(media="screen")


def test_the_queue_agrees_with_the_table(tab, pages, run):
    tab.goto(pages["index.html"])
    with (run.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        lines = {line["batch"]: line for line in csv.DictReader(stream)}
    rows = {row.get_attribute("data-batch"): row for row in tab.locator(".all tr[data-batch]").all()}
    assert set(rows) == set(lines)
    for batch, row in rows.items():
        assert (row.get_attribute("data-state") in ("accepted", "released", "partial", "warned")) == (
            lines[batch]["outcome"] == "accepted"
        )


def test_the_price_is_the_difference_between_two_trainings(tab, pages, run):
    """By training both models here, from the files that the pipeline left."""
    from pratique.core.params import load
    from pratique.training.models import train

    held = pd.read_parquet(run.root / "data/quarantine/east/flipped/rows.parquet").iloc[:, :-2]
    accepted = [pd.read_parquet(path) for path in sorted((run.root / "data/accepted").glob("*/*.parquet"))]
    holdout = pd.read_csv(run.root / "data/holdout/rows.csv")
    layout = layout_of(run)
    trusted = pd.concat([pd.read_csv(path) for path in sorted((run.root / "data/reference").glob("*.csv"))])
    base = pd.concat([trusted, *accepted])[[*layout.kinds, layout.label]]
    right = []
    for rows in (base, pd.concat([base, held.astype(base.dtypes.to_dict())])):
        model = train(batch_of(rows, layout), load(run.root / "params.yaml").train, 0)
        right.append((model.predict(batch_of(holdout, layout)) == holdout["y"].to_numpy()).mean())
    tab.goto(pages["batches/east/flipped.html"])
    row = tab.get_by_role("row", name="All labels").inner_text().split("\t")
    assert [float(cell.removesuffix(" %")) for cell in row[1:3]] == pytest.approx([100 * r for r in right], abs=0.06)


def layout_of(run):
    from pratique.core.layout import Layout

    known = json.loads((run.root / "data/profile/profile.json").read_text(encoding="utf-8"))
    return Layout(known["label"], known["kinds"])


def batch_of(frame, layout):
    from pratique.core.batch import Batch

    return Batch.from_frame("rows", frame, layout)
