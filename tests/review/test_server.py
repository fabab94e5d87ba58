"""The server: one visit for the link, one origin for forms, and decisions as the command line writes them."""

import json
from urllib.parse import urlencode

import pytest
from pratique.core.errors import PratiqueError
from pratique.quarantine.tables import BATCH_COLUMNS
from pratique.review import server as serve
from pratique.review.server import HEADERS, HOST, Session, Site
from starlette.testclient import TestClient

ORIGIN = f"http://{HOST}:8000"
BATCH = "crowd/w01"


def table(decision: str) -> str:
    """batches.csv with one batch."""
    line = dict.fromkeys(BATCH_COLUMNS, "") | {"batch": "crowd/w01", "decision": decision}
    return "\n".join(",".join(cells) for cells in (line, line.values())) + "\n"


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def decided(monkeypatch):
    """What the server asked the decisions to be, instead of writing them."""
    calls = []
    monkeypatch.setattr(serve.decisions, "release", lambda batch, **said: calls.append(("release", batch, said)))
    monkeypatch.setattr(serve.decisions, "reject", lambda batch, **said: calls.append(("reject", batch, said)))
    return calls


@pytest.fixture
def stranger(session, tmp_path, monkeypatch, make_record):
    """A browser that has not opened the link."""
    monkeypatch.chdir(tmp_path)
    reports = tmp_path / "data/reports"
    (reports / "batches/crowd").mkdir(parents=True)
    page = "<nav><!--nav--><!--/nav--></nav><!--pending--><!--/pending--><!--decide-->commands<!--/decide-->"
    (reports / "index.html").write_text(f"queue {page}", encoding="utf-8")
    (reports / "batches/crowd/w01.html").write_text(f"batch {page}", encoding="utf-8")
    (reports / "secret.html").write_text("secret", encoding="utf-8")
    (reports / "batches.csv").write_text(table(decision=""), encoding="utf-8")
    monkeypatch.setattr(serve, "read_one", lambda name: make_record() if name == BATCH else None)
    return TestClient(Site(session).application(), base_url=ORIGIN, follow_redirects=False)


@pytest.fixture
def reviewer(stranger, session):
    """A browser that has."""
    answer = stranger.get("/enter", params={"token": session.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return stranger


def send(client, session, headers=None, **fields):
    form = {"guard": session.guard, "batch": BATCH, "reason": "seen", "action": "reject"} | fields
    body = urlencode({name: value for name, value in form.items() if value is not None}, doseq=True)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.post("/decide", content=body, headers={"origin": ORIGIN, **kind, **(headers or {})})


@pytest.mark.parametrize("path", ["/", "/index.html", "/batches/crowd/w01.html", "/versions.html"])
def test_strangers_see_nothing(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "queue" not in answer.text


def test_the_link_is_good_once(stranger, session):
    token = session.token
    assert stranger.get("/enter", params={"token": "wrong"}).status_code == 403
    assert stranger.get("/enter").status_code == 403
    answer = stranger.get("/enter", params={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    stranger.cookies.clear()
    assert stranger.get("/enter", params={"token": token}).status_code == 403


def test_pages_carry_a_form_in_their_slot(reviewer, session):
    for path, word in (("/", "queue"), ("/batches/crowd/w01.html", "batch")):
        answer = reviewer.get(path)
        assert answer.status_code == 200
        assert word in answer.text
        assert "commands" not in answer.text
        assert f'name="guard" value="{session.guard}"' in answer.text
        assert "/versions.html" in answer.text
        for name, value in HEADERS.items():
            assert answer.headers[name] == value


@pytest.mark.parametrize(
    "path",
    ["/secret.html", "/batches/crowd/w02.html", "/batches/../secret.html", "/batches/..%2f..%2fsecret/x.html", "/x"],
)
def test_other_addresses_hold_nothing(reviewer, path):
    answer = reviewer.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_decision_is_the_one_of_the_command_line(reviewer, session, decided):
    assert send(reviewer, session).status_code == 303
    assert send(reviewer, session, action="release", until="2099-12-31").status_code == 303
    (reject, release) = decided
    assert reject == ("reject", BATCH, {"reason": "seen"})
    assert release[:2] == ("release", BATCH)
    assert release[2]["expires"].isoformat() == "2099-12-31"


def test_many_batches_are_decided_at_once(reviewer, session, decided):
    assert send(reviewer, session, batch=["crowd/w01", "crowd/w02", "crowd/w01"]).status_code == 303
    assert [call[1] for call in decided] == ["crowd/w01", "crowd/w02"]


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {"guard": "guessed"}),
        ({}, {"guard": None}),
        ({"origin": "https://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"sec-fetch-site": "same-site"}, {}),
    ],
)
def test_forms_of_other_sites_decide_nothing(reviewer, session, decided, headers, fields):
    assert send(reviewer, session, headers, **fields).status_code == 403
    assert decided == []


def test_strangers_decide_nothing(stranger, session, decided):
    assert send(stranger, session).status_code == 403
    assert decided == []


def test_names_of_other_hosts_are_refused(reviewer):
    assert reviewer.get("/", headers={"host": "evil.example"}).status_code == 400


def test_reading_decides_nothing(reviewer, session, decided):
    assert reviewer.get("/decide", params={"batch": BATCH, "guard": session.guard}).status_code == 405
    assert decided == []


@pytest.mark.parametrize(
    "fields", [{"reason": " "}, {"reason": None}, {"batch": None}, {"action": "burn"}, {"action": None}]
)
def test_a_form_that_lacks_something_is_told_so(reviewer, session, decided, fields):
    answer = send(reviewer, session, **fields)
    assert answer.status_code == 400
    assert "Pick a batch, write a reason" in answer.text
    assert decided == []


def test_what_went_wrong_is_escaped_and_the_rest_is_done(reviewer, session, monkeypatch):
    def refuse(batch, **_):
        if batch != BATCH:
            raise PratiqueError(f"{batch}: no record")

    monkeypatch.setattr(serve.decisions, "reject", refuse)
    answer = send(reviewer, session, batch=["<script>x</script>", BATCH])
    assert answer.status_code == 400
    assert "&lt;script&gt;x&lt;/script&gt;: no record" in answer.text
    assert "<script>x" not in answer.text
    assert f"Decided all the same: {BATCH}" in answer.text


def test_an_impossible_day_is_told(reviewer, session, decided):
    assert send(reviewer, session, action="release", until="tomorrow").status_code == 400
    assert decided == []


def test_a_giant_form_is_dropped(reviewer, session, decided):
    assert send(reviewer, session, reason="x" * 200_000).status_code == 403
    assert decided == []


def test_what_was_decided_since_the_run_is_shown(reviewer, tmp_path):
    said = {"action": "reject", "batch": BATCH, "reviewer": "Ann <a@b>", "reason": "<b>seen</b>", "rows": None}
    said |= {"time": "2026-01-01T00:00:00+00:00", "expires": None, "binds": "0" * 64, "rowSet": None}
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [{}]}
    statement |= {"predicateType": "urn:pratique:decision:v1", "predicate": said}
    (tmp_path / "data/decisions").mkdir()
    (tmp_path / "data/decisions/one.json").write_text(json.dumps(statement), encoding="utf-8")
    assert "&lt;b&gt;seen&lt;/b&gt;" in reviewer.get("/").text
    (tmp_path / "data/reports/batches.csv").write_text(table(decision="reject"), encoding="utf-8")
    assert "seen" not in reviewer.get("/").text


def test_without_pages_the_server_does_not_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match=r"index\.html: not found"):
        serve.serve(0, print)
