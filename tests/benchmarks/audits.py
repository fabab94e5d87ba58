"""What audits and mitigations show on data whose truth is known.

    python tests/benchmarks/audits.py WORK fairness ADULT.parquet [--seeds 10]
    python tests/benchmarks/audits.py WORK trigger [DATA.parquet ...] [--seeds 10]
    python tests/benchmarks/audits.py WORK network [--seeds 10]    (needs torch)

A run that was stopped goes on where it was: each result is a line in WORK/<figure>.csv. Intervals are Student's, over
seeds.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.audits.fairness import Fairness
from pratique.audits.neural_cleanse import SUSPECT, search_classes
from pratique.audits.trigger import find_backdoors
from pratique.contract.attack import PoisonedBatch
from pratique.contract.audit import Audited
from pratique.core.batch import Batch
from pratique.core.params import TrainParams
from pratique.scaffold.samples.digits import DIGIT_LAYOUT, PATCH, SIDE, read_digits
from pratique.training.models import Model, train
from pratique.training.neural_cleanse import Space, unlearn
from robust_training import read
from scipy import stats

TOLD = {"column": "sex", "group": "Female", "against": "Male", "favourable": "1"}
TRAINED, HELD = 6000, 4000
TRUSTED, SENT, ASKED, RATE = 600, 2000, 1000, 0.05
XGBOOST = {"estimator": "xgboost:XGBClassifier", "params": {"n_estimators": 100, "max_depth": 5}}
KINDS: dict[str, dict[str, Any]] = {
    "logistic_regression": {"model": "logistic_regression"},
    "random_forest": {"model": "random_forest"},
    "xgboost": XGBOOST,
}


def main() -> None:
    """Measure what is missing, and print a table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("figure", choices=["fairness", "trigger", "network"])
    words.add_argument("data", type=Path, nargs="*")
    words.add_argument("--label", default="label")
    words.add_argument("--seeds", type=int, default=10)
    given = words.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    place = given.work / f"{given.figure}.csv"
    wholes = [read(source, given.label) for source in given.data or [None]]
    figures = {"fairness": list_fairness, "trigger": list_triggers, "network": list_networks}
    lines = figures[given.figure](wholes, range(given.seeds), load_done(place))
    for line in lines:
        pd.DataFrame([line]).to_csv(place, mode="a", header=not place.is_file(), index=False)
    print(tabulate(pd.read_csv(place)))


def load_done(place: Path) -> set[tuple[Any, ...]]:
    """What an earlier run has measured: data, model, case, seed."""
    if not place.is_file():
        return set()
    return set(pd.read_csv(place)[["data", "model", "case", "seed"]].itertuples(index=False, name=None))


def deal(whole: Batch, seed: int, *sizes: int) -> list[Batch]:
    """Disjoint parts of a data set, drawn by a seed."""
    order = np.random.default_rng(seed).permutation(len(whole))
    return [whole.take(part) for part in np.split(order, np.cumsum(sizes))[: len(sizes)]]


def list_fairness(wholes: Sequence[Batch], seeds: range, done: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Accuracy and the figures of fairness, plainly and by each mitigation."""
    figures = Fairness(columns={"sex": {"group": "Female", "against": "Male"}}, favourable="1")
    for whole in wholes:
        for kind, told in KINDS.items():
            cases = ["plain", "massaging", *([] if kind == "xgboost" else ["reweighing"])]
            for case, seed in ((case, seed) for seed in seeds for case in cases):
                if (whole.name, kind, case, seed) in done:
                    continue
                rows, holdout = deal(whole, seed, TRAINED, HELD)
                fairness = None if case == "plain" else {"method": case, **TOLD}
                model = train(rows, TrainParams(**told, fairness=fairness), seed)
                found = figures.measure(as_it_is(model, rows, holdout), np.random.default_rng(seed)).figures
                yield {
                    "data": whole.name, "model": kind, "case": case, "seed": seed,
                    "accuracy": (model.predict(holdout) == holdout.labels).mean(),
                    **{name.partition("[")[0]: each.value for name, each in found.items()},
                }  # fmt: skip


def list_triggers(wholes: Sequence[Batch], seeds: range, done: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Whether the trigger of the drill's backdoor is recovered as it is, and whether a clean model is accused."""
    for whole in wholes:
        kinds: tuple[Literal["random_forest", "logistic_regression"], ...] = ("random_forest", "logistic_regression")
        for kind in kinds:
            for case, seed in ((case, seed) for seed in seeds for case in ("backdoor", "clean")):
                if (whole.name, kind, case, seed) in done:
                    continue
                trusted, sent, holdout = deal(whole, seed, TRUSTED, SENT, ASKED)
                rng = np.random.default_rng(seed)
                poisoned = BackdoorTrigger().poison(sent, RATE if case == "backdoor" else 0.0, rng)
                audited = audit(trusted, poisoned.batch, holdout, TrainParams(model=kind), seed)
                start = time.perf_counter()
                found = find_backdoors(audited, np.random.default_rng(seed))
                planted = planted_cells(sent, poisoned)
                triggers = [each.trigger.cells for each in found.values()]
                beyond = [each.beyond.value for each in found.values()]
                yield {
                    "data": whole.name, "model": kind, "case": case, "seed": seed,
                    "exact": float(planted in triggers) if planted else np.nan, "accused": float(bool(found)),
                    "beyond": max(beyond, default=0.0), "seconds": time.perf_counter() - start,
                }  # fmt: skip


def list_networks(wholes: Sequence[Batch], seeds: range, done: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """A patch on 120 of 1,200 digits, none of them trusted: is its class accused, and what does unlearning leave?"""
    digits = replace(read_digits(), layout=replace(DIGIT_LAYOUT, image=(SIDE, SIDE, 1)))
    stamp = BackdoorTrigger(columns=PATCH, value=16, target="0")
    for case, seed in ((case, seed) for seed in seeds for case in ("backdoor", "clean")):
        if ("digits", "network", case, seed) in done:
            continue
        trusted, rows, holdout = deal(digits, seed, 400, 800, 597)
        sent = stamp.poison(rows, 0.15 if case == "backdoor" else 0.0, np.random.default_rng(seed)).batch
        audited = audit(trusted, sent, holdout, TrainParams(model="network"), seed)
        model = audited.model
        found = search_classes(audited, model, np.random.default_rng(seed))
        indices = np.array([each.index for each in found.values()])
        odd = float(max(each.oddness for each in found.values()))
        line = {"data": "digits", "model": "network", "case": case, "seed": seed, "accuracy": score(model, holdout)}
        line |= {
            "index": indices[0],
            "highest_other": indices[1:].max(),
            "flagged": float(indices.max() > SUSPECT),
            "odd": odd,
        }
        if case == "backdoor":
            pattern = found["0"].pattern
            mask = pattern.mask.reshape(SIDE, SIDE)
            mended = unlearn(Space.of(model, trusted), pattern, 0, trusted, seed)
            stamped = stamp.poison(holdout, 1.0, np.random.default_rng(0))
            victims = stamped.batch.take(stamped.rows)
            line |= {
                "overlap": mask[-2:, -2:].sum() / mask.sum(), "success": (model.predict(victims) == "0").mean(),
                "success_after": (mended.predict(victims) == "0").mean(), "accuracy_after": score(mended, holdout),
            }  # fmt: skip
        else:
            line |= dict.fromkeys(("overlap", "success", "success_after", "accuracy_after"), np.nan)
        yield line


def score(model: Model, holdout: Batch) -> float:
    """The share of rows that a model gets right."""
    return float((model.predict(holdout) == holdout.labels).mean())


def as_it_is(model: Model, rows: Batch, holdout: Batch) -> Audited:
    """A model that nothing is compared with."""
    return Audited(model, rows, holdout, (), rows, lambda _: model, lambda _: model)


def audit(trusted: Batch, sent: Batch, holdout: Batch, params: TrainParams, seed: int) -> Audited:
    """A model of trusted and sent rows, and how it is trained on others."""

    def train_on(rows: Batch) -> Model:
        return train(rows, params, seed)

    learned = trusted.append(sent)
    peers = {"reference": trusted, "everything": learned}
    return Audited(train_on(learned), trusted, holdout, (sent,), learned, train_on, lambda name: train_on(peers[name]))


def planted_cells(sent: Batch, poisoned: PoisonedBatch) -> dict[str, float]:
    """What the attack wrote into every poisoned row."""
    written = (sent.numeric != poisoned.batch.numeric).any(axis=0)
    columns, rows = sent.layout.numeric, poisoned.batch.take(poisoned.rows)
    return {columns[place]: float(rows.numeric[0, place]) for place in np.flatnonzero(written)}


def tabulate(lines: pd.DataFrame) -> str:
    """The mean of each figure over seeds, with its interval."""
    figures = [name for name in lines if name not in ("data", "model", "case", "seed")]
    out = [f"| data | model | case | seeds | {' | '.join(figures)} |\n|---|---|---|--:|{'--:|' * len(figures)}\n"]
    for keys, group in lines.groupby(["data", "model", "case"], sort=False):
        cells = []
        for name in figures:
            values = group[name].dropna()
            half = stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values)) if len(values) > 1 else 0.0
            cells.append(f"{values.mean():.3f} ± {half:.3f}")
        out.append(f"| {' | '.join(keys)} | {len(group)} | {' | '.join(cells)} |\n")
    return "".join(out)


if __name__ == "__main__":
    main()
