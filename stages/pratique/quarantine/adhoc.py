"""Examining files that are not in the pipeline, for `pratique check`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.budget import NotExamined, limit_memory
from pratique.core.errors import UnreadableBatch, printable
from pratique.core.params import load
from pratique.core.progress import show_progress
from pratique.core.snapshot import Snapshot
from pratique.core.writing import round_floats
from pratique.detector.detector import Detector
from pratique.detector.verdict import judge_unreadable
from pratique.quarantine.clear import ClearedBatch, ClearedSummary, clear_batch
from pratique.quarantine.standing import NO_STANDING, UNMEASURED, Standing
from pratique.quarantine.tables import rows_table
from pratique.tables.arrival import Arrival, batch_name
from pratique.tables.labels import copy_labelled, labels_place, read_labelled
from pratique.tables.parts import require_batch


def check_files(files: Sequence[Path]) -> tuple[dict[str, ClearedSummary], dict[str, str]]:
    """Clear each file, or folder of parts, by the profile in data/profile; the results by path, in the order given.

    The second result says why others were not examined to their end, by path. A part of a batch in data/incoming stands
    for the whole batch, as a hook names what is staged.

    Raises
    ------
    PratiqueError
        If a file is not there, or there is no profile.
    """
    for path in files:
        require_batch(path)
    detector, batches = Detector.load(load()), list(dict.fromkeys(map(_find_whole, files)))
    cleared, late = {}, {}
    for path in show_progress(batches, "checking"):
        try:
            cleared[str(path)] = clear_file(path, detector).summary()
        except NotExamined as error:
            late[str(path)] = str(error)
    return cleared, late


def _find_whole(path: Path) -> Path:
    """The folder of a batch in data/incoming, given a part of it; any other path as it is."""
    folders = path.resolve().parents
    return path.parent if len(folders) > 2 and folders[2] == paths.INCOMING.resolve() else path


def clear_file(path: Path, detector: Detector) -> ClearedBatch:
    """Clear one file, or folder of parts, as it lies there, whatever earlier runs kept."""
    with TemporaryDirectory(prefix="pratique-") as folder:
        snapshot = copy_labelled(path.resolve(), Path(folder) / path.name, detector.params.data)
        return clear_snapshot(snapshot, batch_name(path.resolve()), detector)


def clear_snapshot(snapshot: Snapshot, name: str, detector: Detector, standing: Standing = NO_STANDING) -> ClearedBatch:
    """Clear the bytes of one batch, which were hashed as they were copied."""
    file, digest = snapshot.path.name, snapshot.sha256
    try:
        with limit_memory(detector.params.examination.memory_gib):
            found = read_labelled(snapshot, detector.params.data, detector.layout.names)
        batch = Batch(name, found.table, detector.layout)
    except UnreadableBatch as error:
        return ClearedBatch(Arrival(name, file, digest, fault=str(error)), None, None, judge_unreadable())
    table = found.table
    arrival = Arrival(name, file, digest, table.num_rows, table.num_columns, readings=found.readings)
    if found.waits:
        return ClearedBatch(replace(arrival, waits=True), None, None, UNMEASURED)
    return clear_batch(arrival, batch, detector, standing)


def verdicts_of(cleared: dict[str, ClearedSummary]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "batches": [
            {
                "path": path,
                "sha256": summary.arrival.sha256,
                "rows": summary.arrival.rows,
                "verdict": summary.said,
                "p_value": round_floats(summary.verdict.p_value, 4),
                "alarms": list(summary.verdict.alarms),
                "suspects": len(summary.verdict.suspects),
                "fault": summary.arrival.fault,
                "readings": list(summary.readings),
                "too_few_trusted_rows": summary.verdict.adequacy.warning if summary.verdict.adequacy else "",
            }
            for path, summary in cleared.items()
        ]
    }


def rows_of(cleared: dict[str, ClearedSummary]) -> pa.Table:
    """What `--rows` writes."""
    return rows_table(list(cleared.values()), "path", list(cleared))


def summary_lines(path: str, summary: ClearedSummary) -> list[str]:
    """One line for a person or a log, and one for each thing that was read otherwise than it is written."""
    verdict = summary.verdict
    words = f"{summary.said:<10}  {path}"
    if summary.arrival.waits:
        return [f"{words}  its labels are still to come, as {labels_place(summary.arrival.batch)}"]
    if summary.arrival.fault is not None:
        return [f"{words}  {summary.arrival.fault}"]
    broken = [breach for one in verdict.judged for breach in one.measurement.finding.breaches]
    if not summary.arrival.rows:
        return [f"{words}  no rows"]
    if broken:
        words = f"{words}  {'; '.join(map(printable, dict.fromkeys(broken)))}"
    elif verdict.verdict != "accept":
        why = f"{', '.join(verdict.alarms)}, p = {verdict.p_value:.1g}; " if verdict.alarms else ""
        words = f"{words}  {why}{len(verdict.suspects)} of {summary.arrival.rows} rows suspect"
    return [words, *(f"{'':<10}  read: {said}" for said in summary.readings)]
