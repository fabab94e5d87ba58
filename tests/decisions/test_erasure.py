"""Lines about what was erased: what they say, who signed them, and which lead from one state to another."""

from pathlib import Path

import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.decisions.erasure import add_erasure, erased_since, make_erasure, parse_erasures, read_erasures
from pratique.provenance import signing

FILE = Path("data/incoming/east/a.csv")
A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pratique.provenance.git.read_identity", lambda: "Rita <Rita@example.org>")
    monkeypatch.setenv(signing.KEY_VARIABLE, "")
    monkeypatch.setattr(signing, "reviewer_key", lambda: None)
    return tmp_path


def erase(before, after, rows=1):
    add_erasure(FILE, before, make_erasure("east/a", after, rows, "asked for"))


def params(**signed):
    return Params.model_validate({"data": {"label": "y"}, "checks": {"labels": {}}, **signed})


def test_a_line_says_what_who_and_why():
    erase(A, B, rows=2)
    (line,) = read_erasures()
    assert (line.before, line.content.after, line.content.batch) == (A, B, "east/a")
    assert line.text.startswith("erased on 20")
    assert line.text.endswith(", 2 rows, by Rita <Rita@example.org>: asked for")


def test_an_erasure_that_is_made_again_has_one_line():
    erase(A, B)
    erase(A, B)
    erase(B, None)
    assert [line.content.after for line in read_erasures()] == [B, None]


def test_a_signed_line_counts_with_the_key_of_its_reviewer_only(here, monkeypatch):
    erase(A, B)
    for who in ("rita", "sam"):
        signing.make_key(here / who)
    monkeypatch.setattr(signing, "reviewer_key", lambda: here / "rita")
    erase(B, C)
    unsigned, signed = read_erasures()
    ritas, sams = (
        params(signing={"reviewers": {"rita@example.org": signing.public_line(here / who)}}) for who in ("rita", "sam")
    )
    assert [line.counts(ritas) for line in (unsigned, signed)] == [False, True]
    assert not signed.counts(sams)
    data = paths.ERASURES.read_bytes()
    torn = data[:-60] + b"\n"
    with pytest.raises(PratiqueError, match="line 2"):
        parse_erasures(torn, "data/erasures.jsonl")


def test_erasures_follow_one_another():
    for before, after in ((A, B), (B, C), (C, None)):
        erase(before, after)
    lines = read_erasures()
    assert erased_since(lines, "east/a", B) == lines[1:]
    assert erased_since(lines, "east/b", B) == []
    assert erased_since(lines, "east/a", "d" * 64) == []


def test_an_empty_reason_is_refused():
    with pytest.raises(PratiqueError, match="reason"):
        make_erasure("east/a", None, 1, " ")
