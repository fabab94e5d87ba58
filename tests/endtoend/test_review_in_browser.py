"""A reviewer's morning in a real browser: open the queue, release one batch, reject another, run the pipeline."""

import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.slow

WHY = "checked with the crowd's lead: </textarea><script>document.title='evil'</script>"


@contextmanager
def serving(project):
    """The link that a running server prints."""
    words = [sys.executable, "-m", "pratique.cli", "review", "serve"]
    server = subprocess.Popen(words, cwd=project.root, env=project._environment(), stdout=-1, stderr=-1, text=True)
    try:
        yield server.stdout.readline().split()[1]
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=20)
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def ran(prepared, make_rows, tmp_path_factory):
    """A repository under DVC in which two flipped batches are quarantined."""
    project = prepared.copy(tmp_path_factory.mktemp("review") / "project")
    for name, seed in (("one", 7), ("two", 8)):
        make_rows(40, seed=seed, flipped=0.5).to_csv(project.path(f"data/incoming/crowd/{name}.csv"), index=False)
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "drill", "report")
    project.ok("dvc", "commit", "-q", "-f")
    project.commit()
    return project


@pytest.fixture
def project(ran, tmp_path):
    return ran.copy(tmp_path / "project")


def outcomes(project):
    lines = (project.root / "data/reports/batches.csv").read_text(encoding="utf-8").splitlines()
    return {line.split(",")[0]: tuple(line.split(",")[-2:]) for line in lines[1:]}


def decisions(project):
    files = sorted((project.root / "data/decisions").glob("*.json"))
    return {said["batch"]: said for said in (json.loads(file.read_bytes())["predicate"] for file in files)}


def test_release_one_reject_another_and_run(project, tab):
    assert outcomes(project)["crowd/one"] == ("", "quarantined")
    with serving(project) as link:
        tab.goto(link)
        assert "token" not in tab.url
        with tab.expect_navigation():
            tab.get_by_role("link", name="crowd/one").first.click()
        tab.keyboard.press("r")
        tab.locator("#reason:focus").wait_for()
        tab.keyboard.type(WHY)
        with tab.expect_navigation():
            tab.get_by_role("button", name="Release").click()
        assert "Decided since the last run" in tab.locator(".pending").inner_text()
        assert WHY in tab.locator(".pending").inner_text()
        tab.get_by_label("Pick crowd/two").check()
        tab.locator("#reason").fill("labels are wrong")
        with tab.expect_navigation():
            tab.get_by_role("button", name="Reject").click()
        assert tab.locator(".pending li").count() == 2
        assert tab.title() == "All batches · Pratique"
        assert tab.complaints == []
        home = link.split("/enter")[0]
        assert all(url.startswith((home, "data:")) for url in tab.asked)
    said = decisions(project)
    assert (said["crowd/one"]["action"], said["crowd/one"]["reason"]) == ("release", WHY)
    assert said["crowd/one"]["reviewer"] == "Tests <tests@example.org>"
    assert said["crowd/two"]["action"] == "reject"
    project.ok("dvc", "repro", "-q")
    assert outcomes(project)["crowd/one"] == ("release", "accepted")
    assert outcomes(project)["crowd/two"] == ("reject", "quarantined")
    assert (project.root / "data/accepted/crowd/one.parquet").is_file()
    with serving(project) as link:
        tab.goto(link)
        assert tab.locator(".pending").count() == 0
        with tab.expect_navigation():
            tab.get_by_role("link", name="crowd/one").first.click()
        assert "Released by Tests" in tab.locator("main").inner_text()


def test_a_wrong_token_or_a_second_visit_is_refused(project, tab, chromium):
    with serving(project) as link:
        home, token = link.split("/enter?token=")
        for address in (f"{home}/", f"{home}/enter?token=x{token}", f"{home}/batches/crowd/one.html"):
            assert tab.goto(address).status == 403
            assert tab.locator("form").count() == 0
        assert tab.goto(link).status == 200
        stranger = chromium.new_context().new_page()
        assert stranger.goto(link).status == 403
        stranger.context.close()


def test_a_post_from_another_site_is_refused(project, tab, tmp_path):
    fields = {"batch": "crowd/one", "reason": "mine", "action": "release", "guard": "guessed"}
    inputs = "".join(f"<input name={name} value={value!r}>" for name, value in fields.items())
    with serving(project) as link:
        home = link.split("/enter")[0]
        tab.goto(link)
        other = tmp_path / "evil.html"
        for target in (home, home.replace("127.0.0.1", "localhost")):
            other.write_text(f"<form method=post action='{target}/decide'>{inputs}<button>go</button></form>")
            tab.goto(other.as_uri())
            with tab.expect_navigation() as going:
                tab.get_by_role("button").click()
            assert going.value.status == 403
        tab.goto(f"{home}/")
        guard = tab.locator("[name=guard]").input_value()
        other.write_text(
            f"<form method=post action='{home}/decide'>{inputs.replace('guessed', guard)}<button>go</button>"
        )
        tab.goto(other.as_uri())
        with tab.expect_navigation() as going:
            tab.get_by_role("button").click()
        assert going.value.status == 403
    assert decisions(project) == {}


def test_no_page_may_frame_it(project, tab, tmp_path):
    with serving(project) as link:
        tab.goto(link)
        frame = tmp_path / "frame.html"
        frame.write_text(f"<iframe src='{link.split('/enter')[0]}/'></iframe>")
        with tab.expect_console_message(lambda said: "frame-ancestors" in said.text or "403" in said.text):
            tab.goto(frame.as_uri())


def test_versions_come_from_git(project, tab):
    metrics = project.root / "data/reports/metrics.json"
    said = json.loads(metrics.read_bytes())
    said["accepted"] |= {"accuracy": 0.125, "accuracy_low": 0.1, "accuracy_high": 0.15}
    metrics.write_text(json.dumps(said), encoding="utf-8")
    project.commit()
    metrics.write_text("{broken", encoding="utf-8")
    project.commit()
    with serving(project) as link:
        tab.goto(link)
        with tab.expect_navigation():
            tab.get_by_role("link", name="Versions").click()
        assert tab.locator("tbody tr").count() == 2
        assert "12.5 %\n10 to 15 %" in tab.locator("tbody tr").first.inner_text()
        assert tab.complaints == []
    project.ok("pratique", "review", "versions", "versions.html")
    tab.goto((project.root / "versions.html").as_uri())
    assert tab.locator("svg.versions path:not(.bar)").count() == 3


def test_without_a_committed_version_it_says_so(project):
    project.ok("git", "update-ref", "-d", "HEAD")
    assert "data/reports/metrics.json" in project.run("pratique", "review", "versions", "v.html").complaint
