"""The one way in for trusted rows: what their columns are, as people declared it, or as it is inferred."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.columns import FEATURES, NUMERIC, ColumnSpec, Kind, Writing, read_declared
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.layout import Layout
from pratique.core.params import DataParams
from pratique.tables.hints import looks_like_row
from pratique.tables.inference import infer_columns, refuse_amounts, specs_of
from pratique.tables.reading import FORMATS, read_trusted


def read_reference(data: DataParams) -> Batch:
    """The rows in data/reference, with what expectations/columns.yaml declares of them.

    Raises
    ------
    PratiqueError
        See `layout_of` and `read_trusted`.
    """
    table = read_trusted(paths.REFERENCE, data.ignore, data.image_size)
    return Batch("reference", table, layout_of(table, data, read_declared()))


def layout_of(table: pa.Table, data: DataParams, declared: Mapping[str, ColumnSpec] | None = None) -> Layout:
    """What the columns of trusted rows mean.

    Parameters
    ----------
    table : pyarrow.Table
        Trusted rows.
    data : DataParams
        The roles of columns.
    declared : mapping of str to ColumnSpec, optional
        What people declared; inferred from the rows if None.

    Raises
    ------
    PratiqueError
        If params.yaml names a column that is not there, the declared columns are not those of the rows or contradict
        params.yaml, the label is an amount, or no feature is left.
    """
    _require_named(table, data)
    if declared is None:
        refuse_amounts(table, data.label)
        specs = specs_of(infer_columns(table, data))
    else:
        reconcile(table, data, declared)
        specs = {name: declared[name] for name in table.column_names if name not in data.ignore}
    kinds = {name: spec.kind for name, spec in specs.items() if spec.kind in FEATURES}
    if not kinds:
        raise PratiqueError(
            "trusted rows: no feature column is left beside label, ids, times, text and ignored columns"
        )
    _require_pixels(kinds, data)
    writings = {name: spec.writing for name, spec in specs.items() if spec.writing != Writing()}
    return Layout.of(kinds, data, writings)


def _require_pixels(kinds: Mapping[str, Kind], data: DataParams) -> None:
    """Refuse rows that can't be the images that params.yaml says."""
    if data.image is None:
        return
    pixels = data.image.height * data.image.width * data.image.channels
    numbers = sum(kind in NUMERIC for kind in kinds.values())
    if not pixels == numbers == len(kinds):
        raise PratiqueError(
            f"{paths.PARAMS}: data.image: {pixels} pixels, but the trusted rows have {len(kinds)} features, {numbers} "
            "of them numbers; every feature is a pixel, or is named under data.ignore"
        )


def digest_trusted(folder: Path) -> str:
    """SHA-256 over a folder of trusted files; what git and DVC keep beside them is no part of it."""
    files = sorted(path for path in folder.glob("*") if path.suffix in FORMATS)
    return sha256_json([[path.name, sha256_file(path)] for path in files])


def reconcile(table: pa.Table, data: DataParams, declared: Mapping[str, ColumnSpec]) -> None:
    """Refuse declared columns that are not those of the trusted rows, or that params.yaml contradicts."""
    place: Path = paths.COLUMNS
    for name in declared:
        if name not in table.column_names and name not in data.ignore:
            raise PratiqueError(f"{place}: column '{name}' is not in the trusted rows; {list_columns(table)}")
    for name in table.column_names:
        if name not in declared and name not in data.ignore:
            raise PratiqueError(
                f"{place}: column '{name}' of the trusted rows is not declared; declare it, or name it in "
                "params.yaml under data.ignore"
            )
    roles = {"label": (data.label, "target"), "id": (data.id, "identifier"), "time": (data.time, "time")}
    for key, (named, kind) in roles.items():
        if named is not None and named in declared and declared[named].kind != kind:
            raise PratiqueError(
                f"params.yaml says that '{named}' is data.{key}, {place} says that its kind is "
                f"{declared[named].kind}; change one of them (the kind of data.{key} is {kind})"
            )
    for name, spec in declared.items():
        if spec.kind == "target" and name != data.label:
            raise PratiqueError(
                f"{place} says that '{name}' is the target, params.yaml says that data.label is '{data.label}'; "
                "change one of them"
            )


def _require_named(table: pa.Table, data: DataParams) -> None:
    """Refuse a role of a column that is not there; ignoring one is no role, batches alone may have it."""
    named = {"label": data.label, "id": data.id, "time": data.time}
    named |= {f"personal[{i}]": column for i, column in enumerate(data.personal)}
    for key, column in named.items():
        if column is not None and column not in table.column_names:
            raise PratiqueError(
                f"params.yaml: data.{key}: column '{column}' is not in the trusted rows; {list_columns(table)}"
            )


def list_columns(table: pa.Table) -> str:
    """Say which columns trusted rows have; not where cells may stand for names, because there is no header."""
    names = table.column_names
    if looks_like_row(names):
        return "their first line looks like a row; put the names of the columns there"
    return f"they have {', '.join(names[:12])}"
