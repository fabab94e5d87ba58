"""A reviewer's morning in a real browser: open the queue, release one batch, reject another, run the pipeline."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.form import DecisionForm
from pratique.provenance.signing import unseal
from pratique.review.server import MAX_CONNECTIONS
from pratique.review.views import Views

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
    project.set_up()
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit", "drill", "report")
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
    return {said["batch"]: said for said in (unseal(file.read_bytes(), str(file))["predicate"] for file in files)}


def recorded(project, batch):
    """The subject of a record."""
    return json.loads((project.root / f"data/records/{batch}.json").read_bytes())["subject"][0]


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
        assert decisions(project) == {}
        assert recorded(project, "crowd/one")["digest"]["sha256"] in tab.locator("main").inner_text()
        assert WHY in tab.locator("main").inner_text()
        assert tab.locator("button:focus").inner_text() == "Write the release"
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert "Decided since the last run" in tab.locator(".pending[role=status]").inner_text()
        assert WHY in tab.locator(".pending[role=status]").inner_text()
        tab.get_by_label("Pick crowd/two").check()
        tab.locator("#reason").fill("labels are wrong")
        with tab.expect_navigation():
            tab.get_by_role("button", name="Reject").click()
        with tab.expect_navigation():
            tab.get_by_role("button", name="Write the reject").click()
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
        assert tab.locator(".pending[role=status]").count() == 0
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
            for address in ("propose", "decide"):
                other.write_text(f"<form method=post action='{target}/{address}'>{inputs}<button>go</button></form>")
                tab.goto(other.as_uri())
                with tab.expect_navigation() as going:
                    tab.get_by_role("button").click()
                assert going.value.status == 403
        tab.goto(f"{home}/")
        guard = tab.locator("[name=guard]").input_value()
        other.write_text(
            f"<form method=post action='{home}/propose'>{inputs.replace('guessed', guard)}<button>go</button>"
        )
        tab.goto(other.as_uri())
        with tab.expect_navigation() as going:
            tab.get_by_role("button").click()
        assert going.value.status == 403
    assert decisions(project) == {}


ATTACK = """<script>addEventListener('load', async () => {
    const send = (to, fields) => fetch(to, {method: 'POST', body: new URLSearchParams(fields)});
    const said = {batch: 'crowd/one', reason: 'Checked each row.', action: 'release'};
    const guard = document.querySelector('[name=guard]')?.value;
    const shown = await (await send('/propose', {guard, ...said})).text();
    await send('/decide', {secret: shown.match(/name="secret" value="([^"]+)"/)?.[1]});
})</script></head>"""


def test_a_page_that_a_change_brings_is_never_shown(project, tab):
    for name in ("index.html", "batches/crowd/one.html"):
        page = project.root / "data/reports" / name
        text = page.read_text(encoding="utf-8").replace("Content-Security-Policy", "X-Nothing", 1)
        page.unlink()
        page.write_text(text.replace("</head>", ATTACK, 1), encoding="utf-8")
    with serving(project) as link:
        tab.goto(link)
        tab.wait_for_load_state("networkidle")
        assert tab.locator("script").count() == 1
        with tab.expect_navigation():
            tab.get_by_role("link", name="crowd/one").first.click()
        tab.wait_for_load_state("networkidle")
        assert tab.locator("script").count() == 1
        assert not [url for url in tab.asked if "/propose" in url or "/decide" in url]
    assert decisions(project) == {}


def test_the_policy_that_is_sent_stops_a_script_that_got_into_a_page(project, tab):
    with serving(project) as link:
        tab.goto(link)
        tab.evaluate(
            "document.head.append(Object.assign(document.createElement('script'), {text: 'document.title=1'}))"
        )
        tab.evaluate("fetch('/propose', {method: 'POST'}).catch(() => 0)")
        assert tab.title() == "All batches · Pratique"
        assert len(tab.complaints) >= 2
        assert all("Content Security Policy" in complaint for complaint in tab.complaints)


STRANGER = """
import socket, sys, time
port, connections = int(sys.argv[1]), int(sys.argv[2])
def ask(*parts):
    one = socket.create_connection(("127.0.0.1", port))
    one.settimeout(20)
    for part in parts:
        one.sendall(part)
    said = one.recv(100)
    one.close()
    return said.split(b" ")[1].decode() if said else "closed"
host = b"Host: 127.0.0.1:%d" % port
print("headers", ask(b"GET / HTTP/1.1\\r\\n" + host, b"\\r\\nX: " + b"y" * 100_000))
print("host", ask(b"GET / HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n"))
idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
time.sleep(1)
print("crowd", ask(b"GET / HTTP/1.1\\r\\n" + host + b"\\r\\n\\r\\n"))
[one.close() for one in idle]
time.sleep(1)
print("after", ask(b"GET / HTTP/1.1\\r\\n" + host + b"\\r\\n\\r\\n"))
"""


def test_headers_and_connections_are_bounded(project):
    with serving(project) as link:
        port = link.split("/enter")[0].rpartition(":")[2]
        said = project.ok(sys.executable, "-c", STRANGER, port, str(MAX_CONNECTIONS))
    assert dict(line.split() for line in said.splitlines()) == {
        "headers": "400",
        "host": "403",
        "crowd": "503",
        "after": "403",
    }


def test_pages_are_put_together_once_until_what_they_show_changes(project, monkeypatch, list_written):
    monkeypatch.chdir(project.root)
    views, form, built = Views(), DecisionForm("guard", ()), []
    build = DossierBuilder.dossier
    monkeypatch.setattr(DossierBuilder, "dossier", lambda self, facts: built.append(facts.batch) or build(self, facts))
    first = views.batch("crowd/one", form)
    assert 'name="guard" value="guard"' in first
    started = time.perf_counter()
    assert views.batch("crowd/one", form) == first
    assert time.perf_counter() - started < 0.5
    assert built == ["crowd/one"]
    assert views.batch("east/first", form) is None
    assert views.batch("crowd/three", form) is None
    record = project.root / "data/records/crowd/one.json"
    said = json.loads(record.read_bytes())
    said["predicate"]["checks"][0]["unit"] = "<i>units</i>"
    record.unlink()
    record.write_text(json.dumps(said), encoding="utf-8")
    list_written()
    assert "&lt;i&gt;units&lt;/i&gt;" in views.batch("crowd/one", form)
    assert built == ["crowd/one", "crowd/one"]


def test_no_page_may_frame_it(project, tab, tmp_path):
    with serving(project) as link:
        tab.goto(link)
        frame = tmp_path / "frame.html"
        frame.write_text(f"<iframe src='{link.split('/enter')[0]}/'></iframe>")
        with tab.expect_console_message(lambda said: "frame-ancestors" in said.text or "403" in said.text):
            tab.goto(frame.as_uri())


def test_the_page_of_the_trusted_rows_is_a_link_away(project, tab):
    with serving(project) as link:
        tab.goto(link)
        with tab.expect_navigation():
            tab.get_by_role("link", name="Trusted rows").click()
        assert tab.get_by_role("heading", name="What the trusted rows hold").count() == 1
        with tab.expect_navigation():
            tab.get_by_role("link", name="All batches").click()
        assert tab.complaints == []


def test_versions_come_from_git(project, tab, monkeypatch, list_written):
    monkeypatch.chdir(project.root)
    metrics = project.root / "data/reports/metrics.json"
    said = json.loads(metrics.read_bytes())
    said["accepted"] |= {"accuracy": 0.125, "accuracy_low": 0.1, "accuracy_high": 0.15}
    metrics.write_text(json.dumps(said), encoding="utf-8")
    project.commit()
    metrics.write_text("{broken", encoding="utf-8")
    project.commit()
    metrics.write_text(json.dumps(said), encoding="utf-8")
    list_written()
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
