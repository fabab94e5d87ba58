"""Certificates on a data set cut into batches: accuracy of the vote, what is certified, and real replacements.

    python tests/benchmarks/certificates.py DATA.parquet [--label label] [--batches 100] [--partitions 25]

Rows are cut into trusted rows, batches and a holdout. After the figures, batches are replaced by flipped ones, one to
three at a time, `--replacements` times; their partitions are trained anew, and every prediction that was certified for
so many must stay.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.writing import write_table
from pratique.results.certificates import certify, choose_partition, count_votes
from pratique.training.metrics import score
from pratique.training.models import train
from robust_training import read

TRUSTED, HOLDOUT = 500, 3000


def main() -> None:
    """Print the figures, and check the replacements."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("data", type=Path)
    words.add_argument("--label", default="label")
    words.add_argument("--batches", type=int, default=100)
    words.add_argument("--partitions", type=int, default=25)
    words.add_argument("--replacements", type=int, default=1000)
    words.add_argument("--rows", choices=["accepted", "reference + accepted"], default="accepted")
    given = words.parse_args()
    whole = read(given.data.resolve(), given.label)
    order = np.random.default_rng(0).permutation(len(whole))
    trusted, holdout, sent = (whole.take(part) for part in np.split(order, [TRUSTED, TRUSTED + HOLDOUT]))
    batches = [sent.take(part) for part in np.array_split(np.arange(len(sent)), given.batches)]
    os.chdir(tempfile.mkdtemp())
    for number, batch in enumerate(batches):
        write_table(paths.ACCEPTED / f"crowd/w{number:03}.parquet", batch.table)
    evaluate = {"certificates": "batch", "partitions": given.partitions}
    params = Params(
        data={"label": given.label}, checks={}, evaluate=evaluate,
        train={"model": "logistic_regression", "rows": given.rows},
    )  # fmt: skip
    rows = sent if given.rows == "accepted" else trusted.append(sent)
    single, _ = score(train(rows, params.train, 0), holdout)
    found = certify(params, "batch", trusted, holdout)
    print(f"single model {single.accuracy:.4f}")
    for replaced in range(given.partitions // 2 + 1):
        share = found.estimate_certified(replaced)
        print(f"CA({replaced}) {share.value:.4f} ({share.low:.4f} to {share.high:.4f})")
    print(replace_often(given, params, trusted, holdout, batches), "certified predictions turned by replacements")


def replace_often(
    given: argparse.Namespace, params: Params, trusted: Batch, holdout: Batch, batches: list[Batch]
) -> int:
    """How many certified predictions turned; each replaced batch trains its partition anew."""
    classes = np.unique(trusted.labels)
    owner = np.array([choose_partition(f"crowd/w{number:03}", given.partitions) for number in range(len(batches))])

    def vote(partition: int, replaced: dict[int, Batch]) -> np.ndarray:
        parts = [replaced.get(n, batches[n]) for n in np.flatnonzero(owner == partition)]
        parts = parts if given.rows == "accepted" else [trusted, *parts]
        rows = parts[0]
        for part in parts[1:]:
            rows = rows.append(part)
        return np.searchsorted(classes, train(rows, params.train, 0).predict(holdout))

    votes = np.array([vote(partition, {}) for partition in range(given.partitions)])
    said, radius = count_votes(votes, len(classes))
    rng, turned = np.random.default_rng(1), 0
    for _ in range(given.replacements):
        chosen = rng.choice(len(batches), rng.integers(1, 4), replace=False)
        poison = {int(n): flip(batches[n], classes) for n in chosen}
        after = votes.copy()
        for partition in np.unique(owner[chosen]):
            after[partition] = vote(partition, poison)
        turned += int(((count_votes(after, len(classes))[0] != said) & (radius >= len(chosen))).sum())
    return turned


def flip(batch: Batch, classes: np.ndarray) -> Batch:
    """The batch with every label another one."""
    label = batch.layout.label
    other = np.roll(classes, 1)[np.searchsorted(classes, batch.labels)]
    return Batch.from_frame(batch.name, batch.frame.assign(**{label: other}), batch.layout)


if __name__ == "__main__":
    main()
