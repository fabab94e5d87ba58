"""Telling people: what the command reads, that nothing is told twice, and that no run fails of it."""

import sys

import pytest
from pratique.core.params import NotifyParams
from pratique.terminal import notify as notifying
from pratique.terminal.notify import MESSAGE_WIDTH, MOST_TOLD, message, notify

APPEND = NotifyParams(command=(sys.executable, "-c", "import sys; open('told', 'a').write(sys.stdin.read())"))


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(somewhere):
    place = somewhere / "told"
    return [line for line in place.read_text().splitlines() if line.startswith("Pratique: ")] if place.exists() else []


def test_what_is_held_is_told_once_until_it_changes(somewhere, make_record):
    good = make_record(batch="crowd/w02", verdict="accept", outcome="accepted", alarms=())
    notify(APPEND, [good], 0.01)
    assert told(somewhere) == []
    for _ in range(2):
        notify(APPEND, [make_record(), good], 0.01)
    assert told(somewhere) == ["Pratique: 1 batch newly held, 1 in all wait for a decision"]
    notify(APPEND, [make_record(sha256="cd" * 32), make_record(batch="crowd/w03")], 0.01)
    assert told(somewhere)[1:] == ["Pratique: 2 batches newly held, 2 in all wait for a decision"]
    notify(APPEND, [make_record(decision="reject")], 0.01)
    assert len(told(somewhere)) == 2
    assert (somewhere / "data/.cache/.gitignore").read_text() == "*\n"


def test_what_was_told_may_be_damaged(somewhere, make_record):
    (somewhere / "data/.cache").mkdir(parents=True)
    (somewhere / "data/.cache/notified.txt").write_bytes(b"\xff\n")
    notify(APPEND, [make_record()], 0.01)
    assert len(told(somewhere)) == 1


def test_without_a_command_nothing_happens(somewhere, make_record):
    notify(NotifyParams(), [make_record()], 0.01)
    assert list(somewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no-such-command",), "'no-such-command' can't be run: No such file or directory"),
        (("mail\0", "team"), "'mail\\x00' can't be run: embedded null byte"),
        ((sys.executable, "-c", "import sys; sys.exit('no\x1broute')"), "ended with 1 (no\\x1broute)"),
        ((sys.executable, "-c", "import time; time.sleep(9)"), "took longer than 0.2 seconds"),
    ],
)
def test_a_command_that_fails_is_a_warning_and_is_tried_again(words, says, somewhere, make_record, monkeypatch, capsys):
    monkeypatch.setattr(notifying, "MOST_SECONDS", 0.2 if "sleep" in words[-1] else 60)
    notify(NotifyParams(command=words), [make_record()], 0.01)
    said = capsys.readouterr().err
    assert said.startswith("params.yaml: notify.command: ")
    assert f"{says}; nobody was told, the next run tries again\n" in said
    notify(APPEND, [make_record()], 0.01)
    assert len(told(somewhere)) == 1


def test_no_shell_reads_the_words(somewhere, make_record):
    notify(NotifyParams(command=("touch", "$HOME; touch b")), [make_record()], 0.01)
    assert (somewhere / "$HOME; touch b").exists()


def test_a_message_is_as_long_as_an_e_mail_and_obeyed_by_no_terminal(make_record):
    many = [make_record(batch=f"crowd/w{i:04d}", fault="a\x1b[31m" + "b " * 5000) for i in range(500)]
    text = message(many, many, 0.01)
    assert f"And {500 - MOST_TOLD} more." in text
    assert max(map(len, text.splitlines())) <= MESSAGE_WIDTH
    assert len(text) < 100_000
    assert "\x1b" not in text
