"""Forging one file of a project and making all else match, as whoever has the whole folder can.

Everything works on the current folder.
"""

import contextlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dvc.repo import Repo
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.params import load
from pratique.core.writing import write_json, write_table
from pratique.decisions import ledger
from pratique.provenance.record import Record
from pratique.quarantine.recording import Configuration
from pratique.tables.trusted import digest_trusted
from pratique.training.manifest import MANIFEST

STAGES = ("calibrate", "ingest", "validate", "train", "evaluate", "report")
KINDS = {
    "incoming": "data/incoming/*/*",
    "reference": "data/reference/*",
    "holdout": "data/holdout/*",
    "sources": "data/sources.yaml",
    "decisions": "data/decisions/*.json",
    "profile": "data/profile/**/*",
    "batches": "data/batches/*/*",
    "accepted": "data/accepted/*/*",
    "quarantine": "data/quarantine/*/*/*",
    "records": "data/records/*/*",
    "ledger": "data/ledger.jsonl",
    "model": "data/model/*",
    "tables": "data/reports/[br]*.*[vt]",
    "metrics": "data/reports/**/[mact]*.[jc]s*[nv]",
    "pages": "data/reports/**/*.html",
    "lock": "dvc.lock",
}
FIGURE = re.compile(rb"[1-9][0-9]*")
WORD = re.compile(rb"(?<=[ \",>])[a-z]{3,}")


def forge(kind: str, rng: np.random.Generator) -> tuple[str, str]:
    """Forge a file of this kind here and make all else match; the file, and what was done to it."""
    files = sorted(path for path in Path().glob(KINDS[kind]) if path.is_file() and not path.name.startswith("."))
    path = files[rng.integers(len(files))]
    before = path.read_bytes()
    ways = (
        [delete, replace] if kind not in ("ledger", "lock") and rng.random() < 0.1 else EDITS.get(path.suffix, [edit])
    )
    how = ways[rng.integers(len(ways))]
    while path.is_file() and path.read_bytes() == before:
        how(path, rng)
    match(path)
    return path.as_posix(), how.__name__


def delete(path: Path, rng: np.random.Generator) -> None:
    """Take the file away."""
    path.unlink()


def replace(path: Path, rng: np.random.Generator) -> None:
    """Put another file of the project in its place."""
    others = sorted(other for other in Path("data").rglob(f"*{path.suffix}") if other != path)
    if others:
        shutil.copyfile(others[rng.integers(len(others))], path)
    else:
        delete(path, rng)


def edit(path: Path, rng: np.random.Generator) -> None:
    """Replace one figure by another, or one word."""
    path.write_bytes(edit_text(path.read_bytes(), rng))


def edit_text(data: bytes, rng: np.random.Generator) -> bytes:
    """The same bytes but for one figure or one word; an empty list gets a word."""
    places = [found.start() for found in (FIGURE if rng.random() < 0.8 else WORD).finditer(data)]
    if not places:
        return b'["x"]\n'
    at = places[rng.integers(len(places))]
    new = b"%d" % rng.integers(1, 10) if data[at : at + 1].isdigit() else b"x"
    return data[:at] + new + data[at + 1 :]


def edit_entry(path: Path, rng: np.random.Generator) -> None:
    """Change one line of the ledger and chain those after it anew."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    line = lines[rng.integers(len(lines))]
    name = rng.choice(["verdict", "outcome", "record", "subject", "batch"])
    line[name] = sha256_json(line[name]) if name in ("record", "subject") else f"{line[name]}s"
    previous = ledger.GENESIS
    for each in lines:
        each["previous"] = previous
        previous = each["sha256"] = sha256_json({key: value for key, value in each.items() if key != "sha256"})
    path.write_text("".join(json.dumps(each, separators=(",", ":")) + "\n" for each in lines))


def edit_cell(path: Path, rng: np.random.Generator) -> None:
    """Change one cell of a table, a little where it is a number."""
    rows = pq.read_table(path)
    row, name = int(rng.integers(len(rows))), rows.column_names[rng.integers(rows.num_columns)]
    cells = rows[name].to_pylist()
    old = cells[row]
    if isinstance(old, bool):
        cells[row] = not old
    elif isinstance(old, float) and old:
        cells[row] = old * 1.001
    elif isinstance(old, int | float):
        cells[row] = old + 1
    else:
        cells[row] = str(rng.choice(sorted({*map(str, cells), "other"} - {str(old)})))
    new = pa.array(cells, rows.schema.field(name).type)
    write_table(path, rows.set_column(rows.column_names.index(name), name, new))


def edit_rows(path: Path, rng: np.random.Generator) -> None:
    """Drop a row, repeat one, or let two change places."""
    rows = pq.read_table(path)
    order = list(range(len(rows)))
    one, other = rng.integers(len(rows), size=2).tolist()
    order[one] = order[other]
    ways = (order, order[:one] + order[one + 1 :], [*order, one])
    write_table(path, rows.take(pa.array(ways[rng.integers(len(ways))], pa.int64())))


def edit_weight(path: Path, rng: np.random.Generator) -> None:
    """Change one number of one array in an archive, or a figure of its description where it has no such array."""
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    arrays = {info: np.load(io.BytesIO(data)) for info, data in members.items() if info.filename.endswith(".npy")}
    numbers = [info for info, array in arrays.items() if array.size and np.issubdtype(array.dtype, np.floating)]
    info = (numbers or list(members))[rng.integers(len(numbers or members))]
    if numbers:
        arrays[info].flat[rng.integers(arrays[info].size)] += 0.01
        stream = io.BytesIO()
        np.save(stream, arrays[info])
        members[info] = stream.getvalue()
    else:
        members[info] = edit_text(members[info], rng)
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in members.items():
            archive.writestr(each, data)


Edit = Callable[[Path, np.random.Generator], None]
EDITS: dict[str, list[Edit]] = {
    ".parquet": [edit_cell, edit_rows],
    ".skops": [edit_weight],
    ".npz": [edit_weight],
    ".jsonl": [edit_entry],
}


def match(forged: Path) -> None:
    """Make every digest that tells of other files match, in all files but the forged one."""
    steps = (match_notes, match_records, match_ledger, match_manifest, lock)
    for step in steps:
        with contextlib.suppress(PratiqueError, KeyError, TypeError, ValueError, FileNotFoundError):
            step(forged)


def match_notes(forged: Path) -> None:
    """What ingest says of the bytes that came in."""
    for note in sorted(paths.BATCHES.glob("*/*.json")):
        said = json.loads(note.read_text())
        said["sha256"] = sha256_file(paths.INCOMING / note.parent.name / said["file"])
        rewrite(note, said, forged)


def match_records(forged: Path) -> None:
    """What each record says of files and of what it depends on."""
    here = Configuration.of(load()).digests
    for path in sorted(paths.RECORDS.glob("*/*.json")):
        said = json.loads(path.read_text())
        predicate = said["predicate"]
        files = [*said["subject"], *predicate["outputs"], *filter(None, [predicate["predecessor"]])]
        for each in files:
            each["digest"]["sha256"] = sha256_file(Path(each["name"]))
        for each in predicate["decisions"]:
            each["sha256"] = sha256_file(Path(each["path"]))
        for each in predicate["configuration"]:
            each["digest"]["sha256"] = here[each["name"]]
        rewrite(path, said, forged)


def match_ledger(forged: Path) -> None:
    """The ledger of main, and what one run adds to it."""
    if forged != paths.LEDGER:
        ledger.append(Record.read(path) for path in sorted(paths.RECORDS.glob("*/*.json")))


def match_manifest(forged: Path) -> None:
    """What the manifest says of the model and of what it learned from."""
    said = json.loads(MANIFEST.read_text())
    said |= {"sha256": sha256_file(paths.MODEL_FILE), "reference": digest_trusted(paths.REFERENCE)}
    for each in said["batches"]:
        each["sha256"] = sha256_file(Path(each["path"]))
        each["subject"] = Record.read(paths.RECORDS / f"{each['batch']}.json").sha256
    rewrite(MANIFEST, said, forged)


def rewrite(path: Path, value: Any, forged: Path) -> None:
    """Write JSON, unless it is what was forged."""
    if path != forged:
        write_json(path, value)


def lock(forged: Path | None = None) -> None:
    """Let DVC take everything as it is here."""
    if forged != paths.LOCK:
        with Repo() as repo:
            for stage in STAGES:
                with contextlib.suppress(Exception):  # a stage whose files are gone stays as it was
                    repo.commit(stage, force=True)
