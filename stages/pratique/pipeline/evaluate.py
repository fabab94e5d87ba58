"""Stage evaluate: what the gate was worth, on trusted rows that no model learns from.

Three models of one kind are compared on the holdout: the pipeline's own, the one that would have learned from the
reference and everything that came in, and the one that knows the reference alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.checksums import write_checksums
from pratique.core.hashing import sha256_file
from pratique.core.params import PLAIN_TRAINING, Params, load
from pratique.core.progress import show_progress
from pratique.core.text import name_classes
from pratique.core.writing import write_csv, write_json
from pratique.quarantine.tables import read_batches, read_scored_rows
from pratique.results.answers import Answers
from pratique.results.certificates import certify
from pratique.results.comparison import Comparison, compare, slice_rows
from pratique.results.measures import Measures
from pratique.results.tracking import Run, is_tracking, track_runs
from pratique.results.triggers import find_triggers, write_triggers
from pratique.tables.trusted import read_reference
from pratique.training.manifest import read_manifest, require_model
from pratique.training.models import Model, count_trainings, train
from pratique.training.rows import read_everything, read_holdout, read_training
from pratique.training.weights import count_weights


def main() -> None:
    """Write data/reports/metrics.json, the triggers that were found, and a confusion matrix for each model."""
    found = evaluate()
    if is_tracking():
        _track(load(), found)


def evaluate() -> Comparison:
    """Compare the models and write what was found; nothing is tracked."""
    params = load()
    require_model(read_manifest())
    reference = read_reference(params.data)
    holdout = read_holdout(reference.layout)
    models = _models(reference, params)
    triggers = find_triggers(reference)
    slices = slice_rows(holdout, params.evaluate.slices)
    tried = [each.trigger for each in triggers]
    answers = {name: Answers.of(trainings, holdout, tried) for name, trainings in models.items()}
    found = compare(answers, holdout, slices, params.seed)
    write_triggers(triggers)
    _write_confusion(answers, holdout)
    weights = {} if params.train.method == PLAIN_TRAINING else {"weights": count_weights()}
    certified = _certify(params, reference, holdout)
    write_json(paths.METRICS_JSON, found.to_measures() | _counts() | weights | certified)
    written = [paths.METRICS_JSON, paths.TRIGGERS, *sorted(paths.CONFUSION.glob("*.csv"))]
    write_checksums(paths.CONFUSION, {path: sha256_file(path) for path in written})
    return found


def _certify(params: Params, reference: Batch, holdout: Batch) -> Measures:
    """The certified accuracy, where params.yaml asks for it; what holds for each row goes beside the confusion."""
    if params.evaluate.certificates is None:
        return {}
    found = certify(params, params.evaluate.certificates, reference, holdout)
    shown = _show_classes([*holdout.labels, *found.predicted], holdout)
    lines = zip(holdout.labels, found.predicted, found.radius.tolist(), strict=True)
    table = [(shown[actual], shown[predicted], radius) for actual, predicted, radius in lines]
    write_csv(paths.CONFUSION / "certified.csv", [("actual", "predicted", "radius"), *table])
    return found.to_measures()


def _write_confusion(answers: Mapping[str, Answers], holdout: Batch) -> None:
    """The class of each row of the holdout and what each model says, as people may see them."""
    said = {name: given.predicted[0] for name, given in answers.items()}
    shown = _show_classes(np.concatenate([holdout.labels, *said.values()]), holdout)
    for name, predicted in said.items():
        lines = [(shown[label], shown[other]) for label, other in zip(holdout.labels, predicted, strict=True)]
        write_csv(paths.CONFUSION / f"{name}.csv", [("actual", "predicted"), *lines])


def _show_classes(labels: Iterable[str], holdout: Batch) -> dict[str, str]:
    """Every class by what people may see of it."""
    classes = sorted({str(label) for label in labels})
    return dict(zip(classes, name_classes(classes, holdout.layout.label in holdout.layout.personal), strict=True))


def _models(reference: Batch, params: Params) -> dict[str, list[Model]]:
    """The trainings of each model; the first of the pipeline's own is the model that it ships."""
    rows = {
        "accepted": read_training(reference, params),
        "everything": read_everything(reference),
        "reference": reference,
    }
    seeds = range(params.seed, params.seed + count_trainings(params.train, params.evaluate.retrainings))
    planned = [(name, seed) for name in rows for seed in seeds]
    models: dict[str, list[Model]] = {name: [] for name in rows}
    for name, seed in show_progress(planned, "evaluating"):
        shipped = name == "accepted" and seed == params.seed
        models[name].append(
            Model.load(paths.MODEL_FILE, params.train.trusts)
            if shipped
            else train(rows[name], params.train, seed, trusted=reference)
        )
    return models


def _track(params: Params, found: Comparison) -> None:
    run = Run(
        name="accepted",
        params=params.model_dump(mode="json", exclude={"drill"}),
        metrics={
            f"{part}.{name}": value for part, values in found.to_measures().items() for name, value in values.items()
        },
        files=[paths.METRICS_JSON, *sorted(paths.CONFUSION.glob("*.csv"))],
        model=paths.MODEL_FILE,
    )
    track_runs("pratique/evaluate", [run])


def _counts() -> Measures:
    """Batches and rows, accepted and quarantined; and what people decided about batches that were quarantined."""
    lines = read_batches()
    batches = Counter(line["outcome"] for line in lines)
    decided = Counter(line["decision"] for line in lines if line["verdict"] == "quarantine")
    held = read_scored_rows(["quarantined"])["quarantined"].to_pylist()
    review: dict[str, float] = {name: decided[word] for name, word in DECIDED_BY_WORD.items()}
    if decided["release"] or decided["reject"]:
        review["false_quarantines"] = round(decided["release"] / (decided["release"] + decided["reject"]), 6)
    return {
        "batches": {"accepted": batches["accepted"], "quarantined": batches["quarantined"]},
        "rows": {"accepted": held.count(False), "quarantined": held.count(True)},
        "review": review,
    }


DECIDED_BY_WORD = {"released": "release", "rejected": "reject", "undecided": ""}
"""What became of quarantined batches, by the word in batches.csv."""
