"""The rows of every batch at the head, so that the gate sees what a change brings that was there before.

What was read of a file is kept under the name that git or DVC gives its bytes, beside the profiles, so that a gate asks
for old batches once.
"""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pratique.core.batch import Batch
from pratique.core.cached import read_cached, write_cached
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.hashing import sha256_json
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.sketch import NO_SKETCH, RowSketch
from pratique.core.text import say_count
from pratique.detector.cache import key_of
from pratique.detector.detector import Detector
from pratique.gate.base import BasePolicy, isolate_policy, own_folder, require_policy
from pratique.gate.changes import Change
from pratique.provenance import git
from pratique.quarantine.clearing import read_trusted_rows
from pratique.quarantine.repeats import History
from pratique.tables.arrival import batch_name, name_order
from pratique.tables.labels import read_labelled

Sketches = dict[str, RowSketch]


def learn_ahead(base: str) -> None:
    """Learn what a commit teaches and read its batches, so that a gate by its policy finds both in git's own folder.

    Raises
    ------
    PratiqueError
        If there is no such commit, or no policy or reference in it.
    """
    commit = git.resolve_commit(base)
    change = Change.between(commit, commit)
    require_policy(change.base)
    with isolate_policy(change.base, change.store) as room:
        read_history(change, [], room)


def read_history(change: Change, chosen: Sequence[Path], room: BasePolicy) -> History:
    """The rows of all batches at the head: of those that the change brings any may repeat what was there before.

    An old batch whose bytes can't be had is left out, and named; one that is examined is not.
    """
    layout = room.detector.layout
    read_as = [repr(layout), room.params.data.labels_from]
    place = own_folder(change.base.folder) / "sketches" / f"{key_of(sha256_json(read_as), 'sketches')}.npz"
    kept = _read(place)
    found: dict[Path, RowSketch] = {}
    missing: list[str] = []
    for path in show_progress(list(change.after.files), "reading batches"):
        if path not in chosen and _key_of(change, path) in kept:
            found[path] = kept[_key_of(change, path)]
            continue
        try:
            found[path] = _sketch(change, path, room.detector)
        except PratiqueError as error:
            missing += [str(error)] if path not in chosen else []  # of one that is examined its examination says so
    if missing:
        count = say_count(len(missing), "batch", "batches")
        say(f"not searched for rows that come again: {count}; the first: {missing[0]}", error=True)
    _write(place, {_key_of(change, path): sketch for path, sketch in found.items()})
    brought = set(change.files)
    order = sorted(found, key=lambda path: (path in brought, name_order(batch_name(path))))
    sketches = {batch_name(path): found[path] for path in order if found[path].rows}
    return History(sketches, read_trusted_rows(room.detector.layout), room.params.alarms.alpha)


def _key_of(change: Change, path: Path) -> str:
    """What a sketch is kept under: the name of the bytes, and the suffix, which says how they are read."""
    return f"{change.after.files[path].object}{path.suffix}"


def _sketch(change: Change, path: Path, detector: Detector) -> RowSketch:
    """Of a batch of the change, which is copied to a place of ours; of bytes that are no table there is none."""
    with TemporaryDirectory(prefix="pratique-") as folder:
        copy = change.after.copy(path, Path(folder) / path.name)
        try:
            found = read_labelled(copy, detector.params.data, detector.layout.names)
            batch = Batch(batch_name(path), found.table, detector.layout)
            return NO_SKETCH if found.waits else RowSketch.of(batch.content)
        except UnreadableBatch:
            return NO_SKETCH


def _read(place: Path) -> Sketches:
    """What is kept; nothing where it can't be read."""
    content = read_cached(place)
    if content is None:
        return {}
    try:
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            objects, rows, distinct, names = (stored[key].tolist() for key in ("objects", "rows", "distinct", "names"))
            hashes = np.split(stored["hashes"], np.cumsum(stored["lengths"])[:-1])
        pairs = zip(objects, hashes, rows, distinct, names, strict=True)
        return {name: RowSketch(mine, n, d, sha256 or None) for name, mine, n, d, sha256 in pairs}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _write(place: Path, sketches: Mapping[str, RowSketch]) -> None:
    each = list(sketches.values())
    out = BytesIO()
    np.savez_compressed(
        out,
        allow_pickle=False,
        objects=np.array(list(sketches), dtype=str),
        hashes=np.concatenate([NO_SKETCH.hashes, *(sketch.hashes for sketch in each)]),
        lengths=np.array([len(sketch.hashes) for sketch in each], np.int64),
        rows=np.array([sketch.rows for sketch in each], np.int64),
        distinct=np.array([sketch.distinct for sketch in each], np.int64),
        names=np.array([sketch.sha256 or "" for sketch in each], dtype=str),
    )
    write_cached(place, out.getvalue())
