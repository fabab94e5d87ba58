"""What a name or the look of a cell says about a column."""

import re
from collections.abc import Collection

KEY_NAMES = re.compile(r"(^|[\W_])(id|key|uuid|guid|serial|number|no|nr|index|idx)$|[a-z](Id|ID|Key|No|Nr)$", 0)
CODE_NAMES = re.compile(r"(^|[\W_])(zip|zipcode|plz|postcode|postal|phone|mobile|fax|iban|ssn)([\W_]|$)", re.IGNORECASE)
TIME_NAMES = re.compile(r"(^|[\W_])(time|timestamp|date|datetime|epoch|at|ts|created|updated)([\W_]|$)", re.IGNORECASE)
PERSONAL_NAMES = re.compile(
    r"(^|[\W_])(e-?mail|phone|mobile|ssn|national|passport|iban|birth\w*|dob|surname|firstname|lastname|fullname|name|"
    r"address|street)([\W_]|$)",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"\s*[-+]?[0-9.,]*[0-9][0-9.,]*([eE][-+]?[0-9]+)?\s*")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
CLOCK = r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|[AP]M|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
DATE = r"([0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\3([0-9]{4}|[0-9]{2}))"
TIME = re.compile(rf"{DATE}({CLOCK})?|[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?")
SECONDS = (6e8, 4.2e9)
"""Seconds since 1970 that are a date from 1989 to 2103."""


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date, a time, or both.

    Examples
    --------
    >>> [looks_like_time(cell) for cell in ("2024-01-26 00:13:00.000", "26.1.2024", "9:30", "1.2", "2024")]
    [True, True, True, False, False]
    """
    return TIME.fullmatch(cell.strip()) is not None


def is_key_name(name: str) -> bool:
    """Whether a name is one that rows' names have."""
    return KEY_NAMES.search(name) is not None or KEY_NAMES.search(name.lower()) is not None


def is_code_name(name: str) -> bool:
    """Whether a name is one that codes of digits have."""
    return CODE_NAMES.search(name) is not None


def is_time_name(name: str, lowest: float, highest: float) -> bool:
    """Whether whole numbers are seconds or milliseconds since 1970, by their column's name and their range."""
    return bool(TIME_NAMES.search(name)) and any(
        SECONDS[0] * scale <= lowest and highest <= SECONDS[1] * scale for scale in (1, 1000)
    )


def looks_like_row(names: Collection[str]) -> bool:
    """Whether what stands where names are expected is a row of cells, as in a file without a header.

    Examples
    --------
    >>> looks_like_row(["mail", "size", "2024"]), looks_like_row(["mail", "size"])
    (True, False)
    """
    return any(BARE_NUMBER.fullmatch(name) or EMAIL.fullmatch(name) or looks_like_time(name) for name in names)


def looks_personal(name: str, cells: list[str]) -> bool:
    """Whether a column is about persons, by its name or because half of its cells are addresses of e-mail."""
    emails = sum(EMAIL.fullmatch(cell.strip()) is not None for cell in cells)
    return PERSONAL_NAMES.search(name) is not None or (bool(cells) and 2 * emails >= len(cells))
