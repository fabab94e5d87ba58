"""Whether the policy of a change may be applied before it is merged: data may, what can make a library run code not.

Params, columns, schema and sources are parsed by models of our own, trusted rows are read as batches are. A suite of
Great Expectations is neither: its `row_condition` is evaluated as an expression of pandas, which can call anything, and
a `$PARAMETER` as one of its own, which can take for ever. A suite that the change brings is applied only where every
argument in it is a plain value that cells are compared with.
"""

from pathlib import PurePosixPath
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import Params
from pratique.provenance.tree import Tree

RULE_FILES = {"schema": paths.SCHEMA, "expectations": paths.SUITE}
"""The checks that read a file of rules, and where it is if params.yaml says nothing else."""
INERT_TYPES = ("expect_column_", "expect_table_", "expect_compound_columns_", "expect_multicolumn_")
INERT_ARGUMENTS = frozenset({
    "column", "column_A", "column_B", "column_list", "column_set", "value_set", "min_value", "max_value", "strict_min",
    "strict_max", "mostly", "value", "type_", "type_list", "column_index", "exact_match", "sum_total", "or_equal",
})  # fmt: skip


def require_inert(before: Tree, after: Tree, params: Params) -> None:
    """Refuse to apply the policy of a commit where its suite may run code, and is not the one that is merged already.

    Parameters
    ----------
    before, after : Tree
        The commit where the change branched off, and the change.
    params : Params
        Those of the change.

    Raises
    ------
    PratiqueError
        If a file of rules is none of `expectations/`, or the suite is another one and not inert.
    """
    for check, default in RULE_FILES.items():
        if check not in params.checks:
            continue
        name = str(params.checks[check].get("file", default))
        if PurePosixPath(name).parent != PurePosixPath(paths.SUITE.parent):
            raise PratiqueError(f"checks.{check}: file '{printable(name)}': not in {paths.SUITE.parent}")
        if check == "expectations" and after.entries.get(name) != before.entries.get(name) and name in after.entries:
            for entry in _list_expectations(parse_json(after.read(name), name)):
                if not _is_inert(entry):
                    raise PratiqueError(f"{name}: a rule that could run code, which is not applied before it is merged")


def _list_expectations(suite: Any) -> list[Any]:
    entries = suite.get("expectations") if isinstance(suite, dict) else None
    return entries if isinstance(entries, list) else [suite]


def _is_inert(entry: Any) -> bool:
    match entry:
        case {"type": str(kind), "kwargs": dict(arguments), **rest} if rest.keys() <= {"meta", "id"}:
            known = kind.startswith(INERT_TYPES) and arguments.keys() <= INERT_ARGUMENTS
            return known and all(map(_is_plain, arguments.values()))
    return False


def _is_plain(value: Any) -> bool:
    """Whether an argument is a value, or a list of values; an object may be an expression that is evaluated."""
    return all(isinstance(each, str | int | float | None) for each in (value if isinstance(value, list) else [value]))
