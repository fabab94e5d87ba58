"""Methods of training on flipped labels and on clean ones: which beat plain training, and what they cost.

    python tests/benchmarks/robust_training.py WORK [DATA.parquet ...] [--label label] [--seeds 20] [--rate 0.1]

Each seed cuts a data set anew into trusted rows, rows that came in, and a holdout; a share of the labels that came in
are flipped, by an attack of the drill. A run that was stopped goes on where it was: each result is a line in
WORK/robust_training.csv. The tables give differences to plain training on the same rows in points, with 95 % intervals
over seeds (Student's t).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.contract.discovery import load_attack
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import TrainParams
from pratique.scaffold.samples.spambase import read_spambase
from pratique.training.discovery import load_method, method_names
from pratique.training.metrics import score
from pratique.training.models import learn
from scipy import stats

TRUSTED, SENT, HOLDOUT = 500, 2000, 2000
KEYS = ["data", "model", "method", "attack", "rate", "seed"]


def main() -> None:
    """Measure what is missing, and print a table for each data set and model."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("data", type=Path, nargs="*")
    words.add_argument("--label", default="label")
    words.add_argument("--seeds", type=int, default=20)
    words.add_argument("--first", type=int, default=0, help="The first of the seeds.")
    words.add_argument("--rate", type=float, default=0.1)
    words.add_argument("--attacks", nargs="+", default=["label_flip", "one_way_flip"])
    words.add_argument("--trees", type=int, default=50)
    words.add_argument("--models", nargs="+", default=["logistic_regression", "gradient_boosting", "random_forest"])
    words.add_argument("--methods", nargs="+", default=method_names())
    given = words.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    place = given.work / "robust_training.csv"
    for source in (None, *given.data):
        whole = read(source, given.label)
        for model in given.models:
            methods = [name for name in given.methods if model in load_method(name).goes_with]
            for seed in range(given.first, given.first + given.seeds):
                for attack in ("none", *given.attacks):
                    measure(place, whole, model, methods, attack, seed, given)
            print(f"### {whole.name}, {model}\n\n{table(pd.read_csv(place), whole.name, model, given)}\n", flush=True)


def read(source: Path | None, label: str) -> Batch:
    """A data set, the mails of the sample where none is named."""
    if source is None:
        frame, label, name = read_spambase().to_pandas(), "class", "spambase"
    else:
        frame, name = pd.read_parquet(source), source.stem
    kinds = {c: "real" if pd.api.types.is_numeric_dtype(frame[c]) else "category" for c in frame if c != label}
    types = {label: str} | {c: float if kind == "real" else str for c, kind in kinds.items()}
    return Batch.from_frame(name, frame.astype(types), Layout(label, kinds))


def measure(
    place: Path, whole: Batch, model: str, methods: list[str], attack: str, seed: int, given: argparse.Namespace
) -> None:
    """Append a line for each method that has none yet."""
    done = set() if not place.is_file() else set(pd.read_csv(place)[KEYS].itertuples(index=False, name=None))
    rate = 0.0 if attack == "none" else given.rate
    missing = [name for name in methods if (whole.name, model, name, attack, rate, seed) not in done]
    if not missing:
        return
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(whole))
    trusted, sent, holdout = (whole.take(part) for part in np.split(order, [TRUSTED, TRUSTED + SENT])[:3])
    holdout = holdout.take(np.arange(min(HOLDOUT, len(holdout))))
    poisoned = load_attack("label_flip" if attack == "none" else attack)().poison(sent, rate, rng)
    bad = TRUSTED + poisoned.rows
    rows = trusted.append(poisoned.batch)
    for name in missing:
        sizes = {} if model == "logistic_regression" else {"trees": given.trees}
        start = time.perf_counter()
        found, weights = learn(rows, TrainParams(method=name, model=model, **sizes), seed, trusted=trusted)
        spent = time.perf_counter() - start
        scores, _ = score(found, holdout)
        line = [whole.name, model, name, attack, rate, seed, scores.accuracy, spent, separate(weights, bad)]
        columns = [*KEYS, "accuracy", "seconds", "auroc"]
        pd.DataFrame([line], columns=columns).to_csv(place, mode="a", header=not place.is_file(), index=False)


def separate(weights: np.ndarray, bad: np.ndarray) -> float:
    """The chance that a flipped row weighs less than one that came in as it is; a tie counts half."""
    if not len(bad):
        return np.nan
    flipped = np.isin(np.arange(len(weights)), bad)[TRUSTED:]
    ranks = stats.rankdata(-weights[TRUSTED:])
    count = flipped.sum()
    return float((ranks[flipped].sum() - count * (count + 1) / 2) / (count * (~flipped).sum()))


def table(lines: pd.DataFrame, data: str, model: str, given: argparse.Namespace) -> str:
    """Plain accuracy, and what each method gains on clean rows and under each attack."""
    here = lines[
        (lines.data == data) & (lines.model == model) & lines.seed.between(given.first, given.first + given.seeds - 1)
    ]
    wide = here.pivot_table(index=["attack", "seed"], columns="method", values="accuracy") * 100
    attacks = ["none", *given.attacks]
    out = [
        f"| method | {' | '.join(attacks)} | AUROC of flipped rows | seconds |\n|---|{'--:|' * (len(attacks) + 2)}\n"
    ]
    for name in sorted(set(here.method), key=lambda name: (name != "plain", name)):
        own, cells = here[here.method == name], []
        for attack in attacks:
            gain = (wide.loc[attack, name] - (0 if name == "plain" else wide.loc[attack, "plain"])).dropna()
            half = stats.t.ppf(0.975, len(gain) - 1) * gain.std() / np.sqrt(len(gain))
            cells.append(f"{gain.mean():{'.2f' if name == 'plain' else '+.2f'}} ± {half:.2f}")
        told = "" if name == "plain" else f"{own[own.rate > 0].auroc.mean():.2f}"
        out.append(f"| `{name}` | {' | '.join(cells)} | {told} | {own.seconds.median():.1f} |\n")
    return "".join(out)


if __name__ == "__main__":
    main()
