"""What is declared of a column: its kind, and how its cells are written."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.sections import Section, parse

Kind = Literal["integer", "real", "boolean", "category", "code", "time", "text", "identifier", "target"]
"""Amounts; levels (`code`: digits that are no amounts); when, words of people and names of rows; the label."""
NUMERIC: frozenset[Kind] = frozenset({"integer", "real"})
FEATURES: frozenset[Kind] = frozenset({"integer", "real", "boolean", "category", "code"})
"""Kinds that models learn from and checks examine."""

UNITS = ("$", "€", "£", "¥", "%")


class NumberFormat(Section):
    """How the numbers of a column are written: `1.234,50 €` has a decimal comma, grouping points and a unit."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    unit: Literal["", "$", "€", "£", "¥", "%"] = ""

    @field_validator("thousands")
    @classmethod
    def _is_not_the_decimal(cls, mark: str, info: "object") -> str:
        if mark and mark == getattr(info, "data", {}).get("decimal"):
            raise ValueError("thousands and decimal must differ")
        return mark

    def __str__(self) -> str:
        whole = f"1{self.thousands}234"
        return f"{whole}{self.decimal}5{self.unit and f' {self.unit}'}"


PLAIN = NumberFormat()
"""Numbers as programs write them."""


class Writing(Section):
    """How the cells of a column are written.

    Attributes
    ----------
    levels : tuple of str
        The spellings of its values; empty where they are too many to list, or personal.
    missing : tuple of str
        What stands where a cell has no value, beside nothing at all.
    format : NumberFormat
    """

    levels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    format: NumberFormat = PLAIN


AS_IT_IS = Writing()


class ColumnSpec(Writing):
    """One entry of expectations/columns.yaml."""

    kind: Kind

    @property
    def writing(self) -> Writing:
        """How its cells are written."""
        return Writing(levels=self.levels, missing=self.missing, format=self.format)


class DeclaredColumns(Section):
    """All of expectations/columns.yaml."""

    columns: dict[str, ColumnSpec] = Field(min_length=1)


def read_declared(path: Path = paths.COLUMNS) -> dict[str, ColumnSpec] | None:
    """What people declared of each column, by name; None where there is no such file.

    Raises
    ------
    PratiqueError
        If the file is not YAML, repeats a key, or holds an unknown key or a wrong value; the message names the key.
    """
    if not path.exists():
        return None
    if not path.is_file():
        raise PratiqueError(f"{path}: not a file; write it with `pratique init`")
    return parse(DeclaredColumns, read_yaml(path), str(path)).columns
