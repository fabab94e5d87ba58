"""Whose decision counts: a key says so, an author line is a claim; and nobody releases what they submitted."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pratique.commands import review
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.decisions.deciding import reject, release, withdraw, would_count
from pratique.decisions.decision import file_name, load_decisions, parse_decision
from pratique.decisions.judging import Judge, Submission
from pratique.provenance import signing
from pratique.quarantine.rulings import Rulebook
from pratique.tables.arrival import Arrival
from typer.testing import CliRunner

BATCH, BINDS = "vendor/w01", "0" * 64
PEOPLE = ("rita", "tom")


def address(who):
    return f"{who}@example.org"


@pytest.fixture
def work_as(tmp_path, monkeypatch):
    """Become somebody, with a key of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(signing.KEY_VARIABLE, raising=False)

    def become(who, key=True):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "keys" / who))
        monkeypatch.setenv("GIT_COMMITTER_NAME", who.title())
        monkeypatch.setenv("GIT_COMMITTER_EMAIL", address(who))
        if key and not signing.reviewer_key_place().exists():
            signing.make_key(signing.reviewer_key_place())

    return become


@pytest.fixture
def params(work_as):
    """Rita and Tom are listed."""
    keys = {}
    for who in PEOPLE:
        work_as(who)
        keys[address(who)] = signing.public_line(signing.reviewer_key())
    return Params(data={"label": "y"}, checks={}, signing={"reviewers": keys})


@pytest.fixture(autouse=True)
def record(params, make_record, alarm, records_listed):
    held = make_record(batch=BATCH, rows=10, checks=(alarm("labels"),))
    held.write()
    return held


def actions(params):
    return {decision.content.action: decision.counts(params) for decision in load_decisions()}


def with_review(params, **review):
    return params.model_copy(update={"review": params.review.model_copy(update=review)})


@pytest.mark.parametrize("decide", [release, reject])
@pytest.mark.parametrize(("who", "key", "counts"), [("rita", True, True), ("rita", False, False), ("sam", True, False)])
def test_a_decision_counts_if_its_reviewer_signed_it_with_the_listed_key(
    params, work_as, monkeypatch, decide, who, key, counts
):
    work_as(who, key)
    if not key:
        monkeypatch.setenv(signing.KEY_VARIABLE, "")
    assert would_count(params) == counts
    decide(BATCH, reason="so")
    assert list(actions(params).values()) == [counts]
    claims = with_review(params, identity="claims")
    assert (list(actions(claims).values()), would_count(claims)) == ([True], True)


def test_another_listed_reviewer_can_not_sign_in_a_reviewer_s_name(params, work_as, monkeypatch, tmp_path):
    work_as("rita")
    monkeypatch.setenv(signing.KEY_VARIABLE, str(tmp_path / "keys/tom/pratique/reviewer_key"))
    assert not would_count(params)
    release(BATCH, reason="so")
    assert actions(params) == {"release": False}


@pytest.mark.parametrize("command", [["release"], ["reject"]])
@pytest.mark.parametrize(("who", "code", "said"), [("rita", 0, "Next: `dvc repro`"), ("sam", 1, "It is kept, but")])
def test_the_exit_code_says_whether_a_decision_counts(params, work_as, monkeypatch, command, who, code, said):
    monkeypatch.setattr("pratique.commands.review.load", lambda: params)
    monkeypatch.setattr("pratique.commands.placing.find_home", lambda files: Path.cwd())
    work_as(who)
    done = CliRunner().invoke(review.app, [*command, BATCH, "--reason", "so"])
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert len(load_decisions()) == 1


def test_what_counts_is_not_written_over_by_what_would_not(params, work_as, monkeypatch):
    monkeypatch.setattr("pratique.decisions.deciding.load", lambda: params)
    work_as("rita")
    reject(BATCH, reason="so")
    monkeypatch.setenv(signing.KEY_VARIABLE, "")
    with pytest.raises(PratiqueError, match="counts, and what you decide now would not"):
        release(BATCH, reason="lost my key")
    assert actions(params) == {"reject": True}


@pytest.mark.parametrize(("who", "action"), [("rita", "reject"), ("sam", "")])
def test_validate_holds_a_reject_to_the_same_rule_as_a_release(params, work_as, record, who, action):
    work_as(who)
    reject(BATCH, reason="so")
    (decision,) = load_decisions()
    law = Rulebook([decision], {}, params)
    assert law.rule(Arrival(BATCH, "w01.csv", "ab" * 32, 10, 2), decision.content.binds, None).action == action


def test_a_withdrawal_takes_the_place_of_what_was_decided_and_is_one_s_own(params, work_as, monkeypatch):
    monkeypatch.setattr("pratique.decisions.deciding.load", lambda: params)
    work_as("rita")
    with pytest.raises(PratiqueError, match="nothing to take back"):
        withdraw(BATCH, reason="so")
    rejected = reject(BATCH, reason="so")
    work_as("tom")
    with pytest.raises(PratiqueError, match="nothing to take back"):
        withdraw(BATCH, reason="so")
    work_as("rita")
    assert withdraw(BATCH, reason="I was wrong") == rejected
    assert actions(params) == {"withdraw": True}
    with pytest.raises(PratiqueError, match="nothing to take back"):
        withdraw(BATCH, reason="so")
    law = Rulebook(load_decisions(), {}, params)
    (decision,) = law.counted
    assert law.rule(Arrival(BATCH, "w01.csv", "ab" * 32, 10, 2), decision.content.binds, None).action == ""


def test_an_old_decision_can_not_stand_beside_a_newer_one_under_another_name(work_as):
    work_as("rita")
    path = release(BATCH, reason="so")
    copy = path.rename(path.with_name("copy.json"))
    with pytest.raises(PratiqueError, match=rf"copy\.json: a decision under another name.*{path.name}"):
        load_decisions()
    assert file_name(BATCH, "R <RITA@example.org>") == path.name
    assert copy.exists()


NOBODY = Submission((), frozenset())


@pytest.mark.parametrize(
    ("submission", "is_by"),
    [
        (NOBODY, None),
        (replace(NOBODY, authors=frozenset({"noreply@github.com"})), None),
        (replace(NOBODY, authors=frozenset({address("rita")})), True),
        (replace(NOBODY, account=address("Rita")), True),
        (replace(NOBODY, account=address("sam")), False),
        (replace(NOBODY, account="rita-codes"), True),
        (replace(NOBODY, account="sam-codes"), False),
        (replace(NOBODY, signers=frozenset({address("Tom")})), False),
        (replace(NOBODY, signers=frozenset({address("tom")}), account="Rita-Codes"), True),
        (replace(NOBODY, signers=frozenset({address("rita")}), account="sam-codes"), True),
    ],
)
def test_only_a_key_or_ci_says_that_somebody_else_submitted(params, submission, is_by):
    params = with_review(params, accounts={"Rita@example.org": "rita-codes"})
    assert submission.is_by(address("rita"), params) is is_by


def test_an_account_of_a_reviewer_who_has_none_listed_says_nothing(params):
    submission = replace(NOBODY, account="sam-codes")
    assert submission.is_by(address("rita"), params) is None
    claims = with_review(params, identity="claims")
    assert submission.is_by(address("rita"), claims) is False


@pytest.mark.parametrize(
    ("needed", "releases", "submission", "stand"),
    [
        (1, ["rita"], NOBODY, None),
        (1, ["rita", "tom"], NOBODY, 2),
        (2, ["rita", "tom"], NOBODY, None),
        (3, ["rita", "tom"], NOBODY, 2),  # too few whoever submitted: the rulebook asks for three
        (1, ["rita"], replace(NOBODY, account=address("sam")), 1),
        (1, ["rita"], replace(NOBODY, account=address("rita")), 0),
        (1, ["rita", "tom"], replace(NOBODY, account=address("rita")), 1),
        (1, ["sam"], NOBODY, 0),
    ],
)
def test_of_those_who_may_have_submitted_one_may_have(params, work_as, needed, releases, submission, stand):
    for who in releases:
        work_as(who)
        release(BATCH, reason="so")
    decisions = load_decisions()
    judge = Judge(decisions, with_review(params, reviewers=needed), datetime.now(UTC).date())
    binds = decisions[0].content.binds
    if stand is None:
        with pytest.raises(PratiqueError, match=f"{BATCH}: nothing vouches for who submitted it"):
            judge.of_batch(BATCH, binds, submission)
        return
    standing, objections = judge.of_batch(BATCH, binds, submission)
    assert (len(standing), len(objections)) == (stand, len(releases) - stand)


@pytest.mark.parametrize(
    ("settled", "needed", "stand"),
    [
        (["rita"], 1, 1),  # the gate asked when it came, so it was somebody else
        (["rita", "tom"], 1, None),  # one more than asked for: one of the two may have been the submitter's own
        (["rita", "tom"], 2, None),  # too few here: only Rita has renewed hers
        (["tom"], 1, 0),  # Rita's is new, and the author line speaks against her
    ],
)
def test_a_squash_merge_makes_nobody_the_submitter_of_what_they_released(params, work_as, settled, needed, stand):
    work_as("rita")
    release(BATCH, reason="so")
    decisions = load_decisions()
    judge = Judge(decisions, with_review(params, reviewers=needed), datetime.now(UTC).date())
    merged = replace(NOBODY, authors=frozenset({address("rita")}))
    words = BATCH, decisions[0].content.binds, merged, frozenset(map(address, settled))
    if stand is None and needed == 1:
        with pytest.raises(PratiqueError, match="nothing vouches"):
            judge.of_batch(*words)
        return
    standing, objections = judge.of_batch(*words)
    assert len(standing) == (1 if stand is None else stand)
    assert len(objections) == 1 - len(standing)


def test_two_addresses_of_one_key_are_one_reviewer(params):
    key = params.signing.reviewers[address("rita")]
    for twice in ({address("rita"): key, address("ann"): f" {key}"}, {address("rita"): key, address("Rita"): "other"}):
        with pytest.raises(ValueError, match="each reviewer needs their own"):
            Params(data={"label": "y"}, checks={}, signing={"reviewers": twice})


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    place = tmp_path / "new" / "key"
    signing.make_key(place)
    assert place.stat().st_mode & 0o077 == 0
    with pytest.raises(PratiqueError, match="can't be written"):
        signing.make_key(place)
    data = signing.seal({"a": 1}, place)
    assert signing.is_signed(data, signing.public_line(place), "it")


def test_what_is_dated_in_the_future_is_objected_to(params, work_as):
    work_as("rita")
    path = release(BATCH, reason="so")
    decision = parse_decision(path, path.read_bytes())
    judge = Judge([decision], params, date(2020, 1, 1))
    assert "is yet to come" in " ".join(judge.objections(decision, decision.content.binds))
    assert Path(path).exists()
