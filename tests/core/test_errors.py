import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.errors import PratiqueError, UnreadableBatch, printable, run


@given(st.text())
def test_printable_text_has_no_character_that_a_terminal_or_a_log_obeys(text):
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é €", "plain é €"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\n::error::b", "a\\n::error::b"),
        ("\u202eabc", "\\u202eabc"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, shown):
    assert printable(text) == shown


def test_an_error_is_one_line_and_exit_code_2(capsys):
    def fail():
        raise UnreadableBatch("a\nb")

    with pytest.raises(SystemExit) as stop:
        run(fail)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "pratique: a\\nb\n"


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 / 0)
    assert issubclass(UnreadableBatch, PratiqueError)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "data/x"),
            2,
            "data/x: No space left on device; make room, and",
        ),
        (OSError(errno.EROFS, "Read-only file system", "data/x"), 2, "data/x: Read-only file system; run this where"),
        (PermissionError(errno.EACCES, "Permission denied", "data/x"), 2, "data/x: Permission denied; give yourself"),
        (MemoryError(), 2, "not enough memory; free some"),
        (KeyboardInterrupt(), 130, "interrupted; nothing is lost"),
        (SystemExit(130), 130, "interrupted; nothing is lost"),
    ],
)
def test_what_ends_a_command_early_is_one_line(error, code, said, capsys):
    def fail():
        raise error

    with pytest.raises(SystemExit) as stop:
        run(fail)
    assert stop.value.code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"pratique: {said}")
