"""Stage evaluate: what the gate was worth, on trusted rows that no other stage learns from.

Three models of one kind are compared on the holdout: trained on the accepted rows, on everything that came in
(what would have happened without the gate), and on the reference alone.
"""

import csv
import io
from collections import Counter

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import Params, load
from pratique.core.writing import write_json, write_text
from pratique.quarantine.tables import read_batches
from pratique.results.tracking import Run, is_tracking, track_runs
from pratique.tables.trusted import read_reference
from pratique.training.metrics import score
from pratique.training.models import Model, train
from pratique.training.rows import read_everything, read_holdout


def main() -> None:
    """Write data/reports/metrics.json and a confusion matrix for each model."""
    params = load()
    reference = read_reference(params.data)
    trusted = read_holdout(reference.layout)
    metrics: dict[str, dict[str, float]] = {}
    for name, model in _models(reference, params).items():
        scores, predicted = score(model, trusted)
        metrics[name] = scores.as_metrics()
        _write_confusion(name, trusted, predicted.tolist())
    write_json(paths.METRICS_JSON, metrics | _counts())
    if is_tracking():
        _track(params, metrics)


def _track(params: Params, metrics: dict[str, dict[str, float]]) -> None:
    run = Run(
        name="accepted",
        params=params.model_dump(mode="json", exclude={"drill"}),
        metrics={f"{model}.{name}": value for model, scores in metrics.items() for name, value in scores.items()},
        files=[paths.METRICS_JSON, *sorted(paths.CONFUSION.glob("*.csv"))],
        model=paths.MODEL / "model.skops",
    )
    track_runs("pratique/evaluate", [run])


def _models(reference: Batch, params: Params) -> dict[str, Model]:
    return {
        "accepted": Model.load(paths.MODEL / "model.skops"),
        "everything": train(read_everything(reference.layout), params.train, params.seed),
        "reference": train(reference, params.train, params.seed),
    }


def _write_confusion(name: str, trusted: Batch, predicted: list[str]) -> None:
    """One line for each holdout row, as DVC's confusion template reads it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("actual", "predicted"), *zip(trusted.labels.tolist(), predicted, strict=True)])
    write_text(paths.CONFUSION / f"{name}.csv", out.getvalue())


def _counts() -> dict[str, dict[str, float]]:
    """Batches and rows, accepted and quarantined."""
    import pyarrow.parquet as pq

    batches = Counter(line["outcome"] for line in read_batches())
    if not paths.ROWS_PARQUET.is_file():
        raise PratiqueError(f"{paths.ROWS_PARQUET}: not found; run `pratique validate` (or `dvc repro`) first")
    held = pq.read_table(paths.ROWS_PARQUET, columns=["quarantined"])["quarantined"].to_pylist()
    return {
        "batches": {"accepted": batches["accepted"], "quarantined": batches["quarantined"]},
        "rows": {"accepted": held.count(False), "quarantined": held.count(True)},
    }
