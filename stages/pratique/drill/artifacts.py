"""All there is in one flat folder: poisoned models and rows, pictures, feature statistics, scores, their hashes."""

import io
from collections.abc import Sequence
from pathlib import Path

from pratique.core import paths
from pratique.core.hashing import sha256_file
from pratique.core.writing import keep_only, round_floats, write_bytes, write_csv, write_json, write_text
from pratique.drill.outcome import Detail
from pratique.drill.plan import Cell
from pratique.drill.tables import Group

FOLDER = paths.DRILL_ARTIFACTS
COPIED = (paths.DRILL_CELLS, paths.DRILL_SUMMARY, paths.DRILL_RANKING, paths.DRILL_METRICS)
SCORES = ("accuracy", "precision_macro", "recall_macro", "f1_macro")


def write_artifacts(grouped: Sequence[Group]) -> None:
    """Bring the folder to exactly the first run of each exercise and rate, the drill's tables, and `SHA256SUMS`."""
    written: list[Path] = []
    scores: list[list[str | float]] = []
    for group in grouped:
        cell, outcome = group.runs[0]
        if outcome.detail is not None:
            written += _write_detail(group.name, cell, outcome.detail, outcome.without)
        scores.append([group.attack, group.rate, *(outcome.without[name] for name in SCORES)])
    written.append(FOLDER / "scores.csv")
    write_csv(written[-1], [["attack", "rate", *SCORES], *scores])
    for path in COPIED:
        written.append(FOLDER / path.name)
        write_bytes(written[-1], path.read_bytes())
    sums = FOLDER / "SHA256SUMS"
    write_text(sums, "".join(f"{sha256_file(path)}  {path.name}\n" for path in sorted(written)))
    keep_only(FOLDER, [*written, sums])


def detail_files(name: str) -> list[Path]:
    """The files about an exercise at one rate: details, confusion matrix, and its picture."""
    return [FOLDER / f"{name}.{suffix}" for suffix in ("json", "csv", "png")]


def model_file(name: str) -> Path:
    """The poisoned model of an exercise at one rate."""
    return FOLDER / f"{name}.skops"


def _write_detail(name: str, cell: Cell, detail: Detail, scores: dict[str, float]) -> list[Path]:
    """The details as JSON, the confusion matrix as a table and as a picture, and the model."""
    files = detail_files(name)
    value = {
        "attack": cell.exercise.kind,
        "fields": cell.exercise.attack.model_dump(mode="json"),
        "rate": cell.rate,
        "rows": detail.rows,
        "reference_rows": detail.reference_rows,
        "features": {
            feature: {"before": before, "after": detail.after[feature], "kl_divergence": detail.kl_divergence[feature]}
            for feature, before in detail.before.items()
        },
        "scores": scores,
    }
    write_json(files[0], round_floats(value))
    counts = [[actual, *line] for actual, line in zip(detail.classes, detail.confusion, strict=True)]
    write_csv(files[1], [["actual", *detail.classes], *counts])
    write_bytes(files[2], _picture(name, detail))
    write_bytes(model_file(name), detail.model)
    return [*files, model_file(name)]


def _picture(name: str, detail: Detail) -> bytes:
    """The confusion matrix as PNG; without anyone's settings and the program's name, equal ones are equal bytes."""
    import numpy as np
    from matplotlib import style
    from matplotlib.figure import Figure
    from sklearn.metrics import ConfusionMatrixDisplay

    out = io.BytesIO()
    with style.context("default"):
        figure = Figure(layout="constrained")
        display = ConfusionMatrixDisplay(np.array(detail.confusion), display_labels=detail.classes)
        display.plot(ax=figure.subplots(), cmap="Blues", colorbar=False)
        display.ax_.set_title(name)
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
