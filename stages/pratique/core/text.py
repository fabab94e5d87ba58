"""Text that came from outside, as people may see it: escaped, shortened, on one line."""

from collections.abc import Sequence
from typing import Any

from pratique.core.errors import printable

MAX_SHOWN_CHARACTERS = 60
"""Characters of a text that is shown to people."""
HIDDEN_MARK = "(hidden)"
"""What stands for a cell that no report may show: of a personal column, or any where `data.cells` says so."""
MAX_LISTED_ITEMS = 5
"""Items of a list that is shown to people."""


def show_cell(value: Any) -> str:
    """Write cells for people: escaped and shortened, with the code points of what is not ASCII.

    Examples
    --------
    >>> show_cell(["café", 0.1 + 0.2, None])
    "'café' (U+00E9), 0.3, nothing"
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "; ".join(f"{shorten(str(key))} {show_cell(item)}" for key, item in value.items() if item)
    if isinstance(value, list | tuple):
        more = f" and {len(value) - MAX_LISTED_ITEMS} more" if len(value) > MAX_LISTED_ITEMS else ""
        return ", ".join(show_cell(item) for item in value[:MAX_LISTED_ITEMS]) + more
    if isinstance(value, float):
        return f"{value:.15g}"
    if not isinstance(value, str):
        return shorten(str(value))
    foreign = list(dict.fromkeys(c for c in value[:MAX_SHOWN_CHARACTERS] if not c.isascii()))
    points = " ".join(f"U+{ord(c):04X}" for c in foreign[:3]) + (" ..." if len(foreign) > 3 else "")
    return f"'{shorten(value)}'" + (f" ({points})" if foreign else "")


def shorten(text: str) -> str:
    """Escape a text, and cut what is longer than `MAX_SHOWN_CHARACTERS`."""
    escaped = printable(text[: MAX_SHOWN_CHARACTERS + 1])
    return escaped if len(escaped) <= MAX_SHOWN_CHARACTERS else f"{escaped[:MAX_SHOWN_CHARACTERS]}..."


def say_count(count: int, one: str, more: str = "") -> str:
    """So many of something; `more` is how several are called, where that is not `one` with an s.

    Examples
    --------
    >>> say_count(1, "row"), say_count(1200, "row"), say_count(2, "batch", "batches")
    ('1 row', '1,200 rows', '2 batches')
    """
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def name_classes(classes: Sequence[str], personal: bool) -> list[str]:
    """Names of classes as reports show them: numbers where the label is personal.

    Examples
    --------
    >>> name_classes(["ill", "well"], personal=True)
    ['class 1', 'class 2']
    """
    return [f"class {number}" for number in range(1, len(classes) + 1)] if personal else list(classes)


def one_line(error: BaseException) -> str:
    """Say in one line, of 200 characters at most, what went wrong."""
    return " ".join(str(error).split())[:200]
