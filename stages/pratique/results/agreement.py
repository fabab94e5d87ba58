"""Whether two files of results say the same: equal but for numbers, which differ in their last digits by processor.

Computed numbers agree where they are equal to six digits. Everything else agrees where it is equal: counts, the rows
and the bytes that people sent, and models.
"""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, break_seal
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.writing import SIGNIFICANT_DIGITS
from pratique.decisions.ledger import strip_machine
from pratique.provenance.record import Record

ROW_PLACES = (paths.BATCHES, paths.ACCEPTED, paths.QUARANTINE, paths.REFERENCE)
"""Where rows lie as people sent them: no number there is computed."""
UNLIKE = (
    PratiqueError, pa.ArrowException, ValueError, OSError, EOFError, csv.Error, zipfile.BadZipFile, KeyError, TypeError,
)  # fmt: skip
"""What reading raises where bytes are not of their kind."""
SAME_DIGITS = 10.0 ** (1 - SIGNIFICANT_DIGITS)
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")


def agrees(computed: Path, claimed: bytes) -> bool:
    """Whether a file that was claimed says what a computed one says; bytes that can't be read as its kind do not.

    Parameters
    ----------
    computed : Path
        By its place in the project, which tells a record from other JSON.
    claimed : bytes
    """
    data = computed.read_bytes()
    if data == claimed:
        return True
    if computed.is_relative_to(paths.MODEL) or _came_in(computed):  # the manifest, the record give their digests
        return False
    try:
        if computed.name == CHECKSUMS:  # of files that agree, each of which is compared by itself
            mine, theirs = (break_seal(parse_json(each, "")) for each in (data, claimed))
            return mine is not None and theirs is not None and _without_digests(mine) == _without_digests(theirs)
        if computed.is_relative_to(paths.RECORDS):
            mine, theirs = (strip_machine(Record.parse(each, str(computed))) for each in (data, claimed))
            return _same(mine, theirs)
        if computed.suffix == ".json":
            return _same(parse_json(data, ""), parse_json(claimed, ""))
        if computed.suffix == ".csv":
            return _same(*(list(csv.reader(io.StringIO(each.decode()))) for each in (data, claimed)))
        if computed.suffix == ".parquet":
            return _same_tables(computed, *(pq.read_table(pa.BufferReader(each)) for each in (data, claimed)))
        if computed.suffix == ".html":
            return _same_text(data.decode(), claimed.decode())
        if computed.suffix in (".skops", ".npz"):
            return _same_archives(data, claimed)
    except UNLIKE:
        return False
    return False


def _without_digests(listed: dict[str, Any]) -> dict[str, Any]:
    return listed | {"files": set(listed["files"])}


def _came_in(place: Path) -> bool:
    """Whether a file is kept as it came in: the original of a promoted batch, or what can't be read as a table."""
    if place.is_relative_to(paths.BATCHES):
        return len(place.relative_to(paths.BATCHES).parts) > 2  # a part of one
    return place.is_relative_to(paths.PROMOTED) or (
        place.is_relative_to(paths.QUARANTINE) and place.name != "rows.parquet"
    )


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values agree; numbers inside text are numbers, too."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _same_text(one, other)
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=SAME_DIGITS, atol=0))
    return False


def _same_text(one: str, other: str) -> bool:
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(a == b or ("." in a + b and _same(float(a), float(b))) for a, b in pairs)


def _same_tables(place: Path, one: pa.Table, other: pa.Table) -> bool:
    if not one.schema.equals(other.schema, check_metadata=True) or one.num_rows != other.num_rows:
        return False
    computed = set(one.column_names)
    if any(place.is_relative_to(folder) for folder in ROW_PLACES):  # all but the reason why a row is held, the last one
        computed = set(one.column_names[-1:]) if place.is_relative_to(paths.QUARANTINE) else set()
    return all(_same_columns(one[name], other[name], name in computed) for name in one.column_names)


def _same_columns(one: pa.ChunkedArray, other: pa.ChunkedArray, computed: bool) -> bool:
    if one.equals(other):
        return True
    if pa.types.is_floating(one.type) and one.is_null().equals(other.is_null()):
        mine, theirs = (each.to_numpy(zero_copy_only=False) for each in (one, other))
        return bool(np.allclose(mine, theirs, rtol=computed * SAME_DIGITS, atol=0, equal_nan=True))
    return computed and pa.types.is_string(one.type) and _same(one.to_pylist(), other.to_pylist())


def _same_archives(one: bytes, other: bytes) -> bool:
    """Two archives of fitted objects, member by member, without loading what they hold."""
    with zipfile.ZipFile(io.BytesIO(one)) as mine, zipfile.ZipFile(io.BytesIO(other)) as theirs:
        names = mine.namelist()
        sizes = [[each.file_size for each in archive.infolist()] for archive in (mine, theirs)]
        if names != theirs.namelist() or sizes[0] != sizes[1]:
            return False
        return all(_same_members(name, mine.read(name), theirs.read(name)) for name in names)


def _same_members(name: str, one: bytes, other: bytes) -> bool:
    if one == other:
        return True
    if name.endswith(".npy"):
        mine, theirs = (np.load(io.BytesIO(each), allow_pickle=False) for each in (one, other))
        same_form = (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        numbers = same_form and np.issubdtype(mine.dtype, np.floating)
        return numbers and bool(np.allclose(mine, theirs, rtol=SAME_DIGITS, atol=0, equal_nan=True))
    return name.endswith(".json") and _same(json.loads(one), json.loads(other))
