"""The server: one visit for the link, one origin for forms, what is bound shown before decisions are written."""

import json
import re
from urllib.parse import urlencode

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams, Params
from pratique.core.review_params import ReviewParams
from pratique.decisions.binding import Binding
from pratique.decisions.decision import file_name, parse_decision
from pratique.provenance.parts import DecisionRecord
from pratique.quarantine.tables import BATCH_COLUMNS
from pratique.review import proposal
from pratique.review import server as serve
from pratique.review.server import HEADERS, HOST, Site
from pratique.review.session import MOST_PROPOSALS, Session
from starlette.testclient import TestClient

pytestmark = pytest.mark.usefixtures("records_listed")

ORIGIN = f"http://{HOST}:8000"
BATCH = "crowd/w01"


def table(decision: str) -> str:
    """batches.csv with one batch."""
    line = dict.fromkeys(BATCH_COLUMNS, "") | {"batch": "crowd/w01", "decision": decision}
    return "\n".join(",".join(cells) for cells in (line, line.values())) + "\n"


class Views:
    """Pages without a run of the pipeline."""

    def queue(self, form):
        return f"queue guard={form.guard} {len(form.pending)} pending"

    def batch(self, name, form):
        return f"batch {name} guard={form.guard}" if name == BATCH else None

    def versions(self, form):
        return "versions"


@pytest.fixture
def session():
    return Session(f"{HOST}:8000")


@pytest.fixture
def identity():
    """Decisions count as they are claimed."""
    return "claims"


@pytest.fixture
def params(identity):
    review = ReviewParams(identity=identity)
    return Params(data=DataParams(label="y"), checks={"schema": {}}, review=review)


@pytest.fixture
def records(monkeypatch, make_record):
    """The records there are, by batch; a test may change them."""
    known = {name: make_record(batch=name) for name in (BATCH, "crowd/w02")}

    def read(batch):
        if batch not in known:
            raise PratiqueError(f"{batch}: no record")
        return known[batch]

    monkeypatch.setattr(proposal, "read_record", read)
    return known


@pytest.fixture
def decided(monkeypatch):
    """What the server asked the decisions to be, instead of writing them."""
    calls = []
    monkeypatch.setattr(proposal.deciding, "release", lambda batch, **said: calls.append(("release", batch, said)))
    monkeypatch.setattr(proposal.deciding, "reject", lambda batch, **said: calls.append(("reject", batch, said)))
    return calls


@pytest.fixture
def stranger(session, params, tmp_path, monkeypatch, records):
    """A browser that has not opened the link."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/reports/batches/crowd").mkdir(parents=True)
    for name in ("index.html", "secret.html", "batches/crowd/w01.html", "batches/crowd/w03.html"):
        (tmp_path / "data/reports" / name).write_text("secret", encoding="utf-8")
    (tmp_path / "data/reports/batches.csv").write_text(table(decision=""), encoding="utf-8")
    monkeypatch.setattr(serve.git, "read_identity", lambda: "Ann <ann@example.org>")
    return TestClient(Site(session, params, Views()).application(), base_url=ORIGIN, follow_redirects=False)


@pytest.fixture
def reviewer(stranger, session):
    """A browser that has."""
    answer = stranger.get("/enter", params={"token": session.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return stranger


def post(client, path, headers=None, **fields):
    body = urlencode({name: value for name, value in fields.items() if value is not None}, doseq=True)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.post(path, content=body, headers={"origin": ORIGIN, **kind, **(headers or {})})


def propose(client, session, headers=None, **fields):
    form = {"guard": session.guard, "batch": BATCH, "reason": "seen", "action": "reject"} | fields
    return post(client, "/propose", headers, **form)


def write(client, shown, headers=None):
    """Press the button of the page that shows what a decision binds."""
    (secret,) = re.findall('name="secret" value="([^"]+)"', shown.text)
    return post(client, "/decide", headers, secret=secret)


def send(client, session, headers=None, **fields):
    shown = propose(client, session, headers, **fields)
    return write(client, shown, headers) if shown.status_code == 200 else shown


@pytest.mark.parametrize("path", ["/", "/index.html", "/batches/crowd/w01.html", "/reference.html", "/versions.html"])
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


def test_pages_are_drawn_with_the_secret_of_the_session_and_sent_with_a_policy(reviewer, session):
    for path, word in (("/", "queue"), ("/index.html", "queue"), ("/batches/crowd/w01.html", "batch crowd/w01")):
        answer = reviewer.get(path)
        assert answer.status_code == 200
        assert answer.text.startswith(word)
        assert f"guard={session.guard}" in answer.text
        for name, value in HEADERS.items():
            assert answer.headers[name] == value


def test_the_policy_lets_one_script_run_and_nothing_load():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert re.fullmatch("'sha256-[A-Za-z0-9+/=]{44}'", policy["script-src"])
    assert re.fullmatch("'sha256-[A-Za-z0-9+/=]{44}'", policy["style-src"])
    assert (policy["frame-ancestors"], policy["form-action"], policy["base-uri"]) == ("'none'", "'self'", "'none'")


@pytest.mark.parametrize(
    "path",
    [
        *("/secret.html", "/batches/crowd/w02.html", "/batches/crowd/w03.html", "/batches/../secret.html"),
        *("/batches/..%2f..%2fsecret/x.html", "/x", "/data/reports/secret.html"),
    ],
)
def test_no_file_is_sent(reviewer, path):
    answer = reviewer.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_what_a_decision_binds_is_shown_and_nothing_is_written_before(reviewer, session, decided, records):
    said = {"reason": "<b>seen</b>", "until": "2099-12-31"}
    shown = propose(reviewer, session, action="release", batch=[BATCH, "crowd/w02"], **said)
    assert shown.status_code == 200
    assert decided == []
    for record in records.values():
        for text in (record.file, record.sha256, Binding.of(record).sha256, "40 held rows of 40"):
            assert text in shown.text
    for text in ("&lt;b&gt;seen&lt;/b&gt;", "2099-12-31", "Ann &lt;ann@example.org&gt;", "not signed"):
        assert text in shown.text
    assert write(reviewer, shown).status_code == 303
    assert [call[:2] for call in decided] == [("release", BATCH), ("release", "crowd/w02")]


@pytest.mark.parametrize("identity", ["claims", "signature"])
def test_a_decision_that_would_not_count_says_so_before_it_is_written(reviewer, session, params, identity):
    pages = [propose(reviewer, session).text, propose(reviewer, session, reason="").text]
    said = {"claims": "identities are claims", "signature": "No reviewer&#39;s key is listed"}
    assert [said[identity] in page for page in pages] == [True, True]
    assert ("It will not count" in pages[0]) == (identity == "signature")


def test_what_was_shown_is_written_once(reviewer, session, decided):
    shown = propose(reviewer, session)
    assert write(reviewer, shown).status_code == 303
    assert write(reviewer, shown).status_code == 403
    assert len(decided) == 1


def test_only_the_last_proposals_are_kept(reviewer, session, decided):
    first, *_, last = [propose(reviewer, session) for _ in range(MOST_PROPOSALS + 1)]
    assert write(reviewer, first).status_code == 403
    assert write(reviewer, last).status_code == 303


def test_a_record_that_changes_after_it_was_shown_is_not_decided_on(reviewer, session, decided, records, make_record):
    shown = propose(reviewer, session, action="release")
    records[BATCH] = make_record(sha256="cd" * 32)
    answer = write(reviewer, shown)
    assert answer.status_code == 400
    assert "its record has changed since this was shown" in answer.text
    assert decided == []


def test_a_secret_of_another_session_writes_nothing(reviewer, session, decided):
    other = Session(session.host)
    assert propose(reviewer, other).status_code == 403
    secret = other.keep(proposal.Proposal("reject", "seen", None, ()))
    assert post(reviewer, "/decide", secret=secret).status_code == 403
    assert decided == []


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
        ({"origin": ""}, {}),
        ({"origin": "http://127.0.0.1:8001"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"sec-fetch-site": "same-site"}, {}),
    ],
)
def test_forms_of_other_sites_decide_nothing(reviewer, session, decided, headers, fields):
    assert propose(reviewer, session, headers, **fields).status_code == 403
    assert decided == []
    if headers:
        assert write(reviewer, propose(reviewer, session), headers).status_code == 403
        assert decided == []


def test_strangers_decide_nothing(stranger, session, decided):
    assert send(stranger, session).status_code == 403
    assert decided == []


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000", "127.0.0.1", "127.0.0.1:8001", ""])
def test_other_names_of_this_machine_are_refused(reviewer, stranger, session, host):
    assert reviewer.get("/", headers={"host": host}).status_code == 403
    assert stranger.get("/enter", params={"token": session.token}, headers={"host": host}).status_code == 403


def test_reading_decides_nothing(reviewer, session, decided):
    for path in ("/propose", "/decide"):
        assert reviewer.get(path, params={"batch": BATCH, "guard": session.guard}).status_code == 405
    assert decided == []


@pytest.mark.parametrize(
    "fields", [{"reason": " "}, {"reason": None}, {"batch": None}, {"action": "burn"}, {"action": None}]
)
def test_a_form_that_lacks_something_is_told_so(reviewer, session, decided, fields):
    answer = send(reviewer, session, **fields)
    assert answer.status_code == 400
    assert "Pick a batch, write a reason" in answer.text
    assert decided == []


@pytest.mark.parametrize("reason", ["x" * 2001, "seen\r\nby me", "\u202eseen"])
def test_a_reason_is_taken_as_it_was_written_or_refused(reviewer, session, decided, reason):
    answer = send(reviewer, session, reason=reason)
    if len(reason) > 2000:
        assert answer.status_code == 400
        assert decided == []
    else:
        assert decided == [("reject", BATCH, {"reason": reason})]


def test_what_is_no_batch_is_told_in_escapes(reviewer, session, decided):
    answer = send(reviewer, session, batch=["<script>x</script>", BATCH])
    assert answer.status_code == 400
    assert "&lt;script&gt;x&lt;/script&gt;: no record" in answer.text
    assert "<script>x" not in answer.text
    assert decided == []


def test_what_goes_wrong_while_writing_is_told_and_the_rest_is_done(reviewer, session, monkeypatch):
    def refuse(batch, **_):
        if batch != BATCH:
            raise PratiqueError(f"{batch}: <no> disk")

    monkeypatch.setattr(proposal.deciding, "reject", refuse)
    answer = send(reviewer, session, batch=["crowd/w02", BATCH])
    assert answer.status_code == 400
    assert "crowd/w02: &lt;no&gt; disk" in answer.text
    assert f"Decided all the same: {BATCH}" in answer.text


def test_an_impossible_day_is_told(reviewer, session, decided):
    assert send(reviewer, session, action="release", until="tomorrow").status_code == 400
    assert decided == []


def test_a_giant_form_is_dropped(reviewer, session, decided):
    assert send(reviewer, session, reason="x" * 200_000).status_code == 403
    assert send(reviewer, session, batch=["crowd/w01"] * 2_001).status_code == 403
    assert decided == []


def test_what_was_decided_since_the_run_is_shown(reviewer, tmp_path, make_record):
    bound = {"batch": "0" * 64, "policy": {}, "checks": {}}
    said = {"action": "reject", "batch": BATCH, "reviewer": "Ann <a@b>", "reason": "<b>seen</b>", "rows": None}
    said |= {"time": "2026-01-01T00:00:00+00:00", "expires": None, "binds": bound, "rowSet": None}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "w01.csv", "digest": {"sha256": "0" * 64}}],
    }
    statement |= {"predicateType": "urn:pratique:decision:v1", "predicate": said}
    (tmp_path / "data/decisions").mkdir()
    path = tmp_path / "data/decisions" / file_name(BATCH, "Ann <a@b>")
    path.write_text(json.dumps(statement), encoding="utf-8")
    assert " 0 pending" in reviewer.get("/").text  # of a batch that is not here
    make_record(batch=BATCH).write()
    assert " 1 pending" in reviewer.get("/").text
    seen = parse_decision(path, path.read_bytes()).sha256
    named = DecisionRecord(action="reject", reviewer="Ann <a@b>", reason="seen", path=str(path), sha256=seen)
    make_record(batch=BATCH, decisions=(named,)).write()
    assert " 0 pending" in reviewer.get("/").text


def test_where_nothing_ran_the_server_does_not_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match="not found"):
        serve.serve(0, print)
