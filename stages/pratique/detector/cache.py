"""Examinations kept from earlier runs, so that the cost of a run follows what is new.

What is kept is no output: it may be deleted at any time, and a file that can't be read is computed anew.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from pratique.contract.discovery import digest_code
from pratique.contract.evidence import Evidence
from pratique.contract.finding import Finding
from pratique.core.cached import read_cached
from pratique.core.hashing import sha256_json
from pratique.core.sketch import RowSketch
from pratique.detector.examine import Examination, Measurement
from pratique.statistics.mixture import PoisonedShare
from pratique.statistics.nulls import BetaBinomial, Pearson3

LIBRARIES = ("great-expectations", "numpy", "pandas", "pandera", "pyarrow", "pyod", "scikit-learn", "scipy")
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile)
EVIDENCE = TypeAdapter(Evidence)
NULLS = {null.__name__: null for null in (BetaBinomial, Pearson3)}


def key_of(*inputs: str) -> str:
    """Everything that a result depends on: what is told of its inputs, this code and the libraries under it."""
    return sha256_json([*inputs, digest_code(), _list_versions()])


@cache
def _list_versions() -> list[str]:
    """Of the libraries; a look-up each time would cost more than reading what is kept."""
    return [version(name) for name in LIBRARIES]


def pack_examination(examination: Examination) -> bytes:
    """An examination as bytes: its arrays, and all the rest as one JSON text."""
    arrays = {"row_scores": examination.row_scores, "row_p_values": examination.row_p_values}
    measurements = [asdict(m) | {"kind": type(m.null).__name__} for m in examination.measurements]
    checks, codes = np.unique(np.array(examination.row_checks, dtype=str), return_inverse=True)
    arrays["row_checks"] = codes
    words = {"checks": checks.tolist(), "measurements": measurements, "unreadable": examination.unreadable}
    words |= {"share": asdict(examination.share), "bets": examination.bets, "trusted": examination.trusted}
    arrays |= write_sketch(examination.sketch)
    arrays["words"] = np.frombuffer(json.dumps(words).encode(), np.uint8)
    out = BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack_examination(content: bytes) -> Examination:
    """The examination that was packed; raises one of `UNREADABLE` where it is none."""
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    words = json.loads(arrays["words"].tobytes())
    return Examination(
        tuple(map(_measurement, words["measurements"])),
        arrays["row_scores"],
        arrays["row_p_values"],
        tuple(words["checks"][code] for code in arrays["row_checks"]),
        _by_row(words["unreadable"]),
        PoisonedShare(**words["share"]),
        tuple(words["bets"]),
        words["trusted"],
        sketch_of(arrays),
    )


def read_examination(path: Path) -> Examination | None:
    """The examination in a file; None where there is none that can be read."""
    content = read_cached(path)
    if content is None:
        return None
    try:
        return unpack_examination(content)
    except UNREADABLE:
        return None


def write_sketch(sketch: RowSketch) -> dict[str, np.ndarray]:
    """A sketch as arrays, by name."""
    rest = [sketch.rows, sketch.distinct, sketch.sha256]
    return {"hashes": sketch.hashes, "sketch": np.frombuffer(json.dumps(rest).encode(), np.uint8)}


def sketch_of(arrays: Mapping[str, np.ndarray]) -> RowSketch:
    """The sketch in arrays."""
    return RowSketch(arrays["hashes"], *json.loads(arrays["sketch"].tobytes()))


def read_sketch(path: Path) -> RowSketch | None:
    """The sketch of a kept examination, and nothing else of it; None where there is none that can be read."""
    content = read_cached(path)
    if content is None:
        return None
    try:
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            return sketch_of(stored)
    except UNREADABLE:
        return None


def _measurement(words: dict[str, Any]) -> Measurement:
    finding = words["finding"] | {
        "breaches": tuple(words["finding"]["breaches"]),
        "forbidden": _by_row(words["finding"]["forbidden"]),
        "evidence": EVIDENCE.validate_python(words["finding"]["evidence"]),
        "suspects": {int(row): odds for row, odds in words["finding"]["suspects"].items()},
        "share": words["finding"]["share"] and PoisonedShare(**words["finding"]["share"]),
    }
    null = NULLS[words["kind"]](**words["null"])
    rest = {name: words[name] for name in ("p_value", "judged", "scores_rows", "pieces")}
    return Measurement(words["check"], Finding(**finding), null, **rest)


def _by_row(words: dict[str, str]) -> dict[int, str]:
    """Positions as numbers again: JSON has no other keys than text."""
    return {int(row): text for row, text in words.items()}
