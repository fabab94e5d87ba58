"""Text that came from outside, as people may see it."""

import pytest
from pratique.core.text import one_line, shorten, show_cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (121, "121"),
        (True, "True"),
        (0.1 + 0.2, "0.3"),
        (1.0000001, "1.0000001"),
        (float("inf"), "inf"),
        ("plain", "'plain'"),
        ("\u0430dult", "'\u0430dult' (U+0430)"),
        ("αβγδ", "'αβγδ' (U+03B1 U+03B2 U+03B3 ...)"),
        ("\x1b[31m\u202e", r"'\x1b[31m\u202e' (U+202E)"),
        ("z" * 61, f"'{'z' * 60}...'"),
        ("z" * 60, f"'{'z' * 60}'"),
        ((1, None, "a"), "1, nothing, 'a'"),
        ({"missing": ["a"], "unexpected": []}, "missing 'a'"),
    ],
)
def test_values_are_shown_so_that_people_see_what_they_are(value, text):
    assert show_cell(value) == text


def test_text_is_escaped_before_it_is_cut():
    assert shorten("\x07" * 60) == r"\x07" * 15 + "..."
    assert one_line(ValueError("a\n b" + "c" * 300)) == "a b" + "c" * 197
