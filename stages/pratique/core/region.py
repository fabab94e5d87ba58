"""A region of rows: conditions on columns, such as `age > 80`, that all hold for a row of it."""

import operator
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
CONDITION_PATTERN = re.compile(r"(.+?) (<=|>=|==|<|>) (.+)")

Region = tuple[str, ...]
"""The conditions, as people write them."""


def parse_condition(text: str) -> tuple[str, str, str]:
    """Column, comparison and value of a condition.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> parse_condition("hours per week >= 40")
    ('hours per week', '>=', '40')
    """
    found = CONDITION_PATTERN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}': expected COLUMN, one of {' '.join(COMPARISONS)}, and VALUE, such as 'age > 80'")
    return found[1].strip(), found[2], found[3].strip()


def check_region(region: Region) -> Region:
    """The region, if each of its conditions is one."""
    if not region:
        raise ValueError("a region takes at least one condition, such as 'age > 80'")
    for condition in region:
        parse_condition(condition)
    return region


KnownRegion = Annotated[Region, AfterValidator(check_region)]
"""A region in params.yaml."""


def tell_region(region: Region) -> str:
    """A region in one line.

    Examples
    --------
    >>> tell_region(("age > 80", "sex == Female"))
    'age > 80 and sex == Female'
    """
    return " and ".join(region)
