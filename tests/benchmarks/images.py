"""What the checks of images show on scikit-learn's digits.

    python tests/benchmarks/images.py drift OUT.csv [--references 10] [--batches 20] [--rows 60]
    python tests/benchmarks/images.py adversarial OUT.csv [--references 10]    (needs torch)

`drift`: for each reference of 1,000 digits, drawn by its seed, batches of the others, as they are and spoiled, and
their p-values by each check of images; without torch those that need it are left out. `adversarial`: the autoencoder
learns from 1,000 digits, its threshold is the 95 % quantile of the scores of 250 others, and the rest is changed by the
fast gradient sign method against the check's own network, and against another one that learned from all 1,250. Lines
go to OUT.csv; a reference that stands there is not run again. Intervals are of a share (Clopper-Pearson), or Student's
over references.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pratique.checks.image_autoencoder import FittedImageAutoencoder, ImageAutoencoder
from pratique.contract.discovery import check_names, load_check
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.hypotheses import HYPOTHESES
from pratique.scaffold.samples.digits import DIGIT_LAYOUT, SIDE, read_digits
from pratique.statistics.network import Network, fit_network
from scipy import ndimage, stats
from threadpoolctl import threadpool_limits

INK = 16
LEARNED, KEPT = 1000, 250
LEVEL = 0.01
STEPS = (1, 2, 3, 4)
EPOCHS = 30


def read_images() -> Batch:
    """Every digit, as a picture of 8 x 8."""
    return replace(read_digits(), layout=replace(DIGIT_LAYOUT, image=(SIDE, SIDE, 1)))


def with_pixels(batch: Batch, pixels: np.ndarray) -> Batch:
    """The rows with other pixels, which are whole numbers from 0 to 16 again."""
    whole = np.clip(np.round(pixels), 0, INK).astype(int).reshape(len(batch), -1)
    columns = [*map(pa.array, whole.T), batch.table[batch.layout.label]]
    return Batch(batch.name, pa.table(columns, names=batch.table.column_names), batch.layout)


def pictures_of(batch: Batch) -> np.ndarray:
    """Shape (rows, height, width)."""
    return batch.numeric.reshape(len(batch), SIDE, SIDE)


SPOILED: dict[str, Callable[[Batch, np.random.Generator], Batch]] = {
    "as they are": lambda batch, _: batch,
    "blur, .6 pixels": lambda batch, _: with_pixels(batch, ndimage.gaussian_filter(pictures_of(batch), (0, 0.6, 0.6))),
    "noise, 2 of 16": lambda batch, rng: with_pixels(batch, batch.numeric + rng.normal(0, 2, batch.numeric.shape)),
    "rotation, 20°": lambda batch, _: with_pixels(
        batch, ndimage.rotate(pictures_of(batch), 20, axes=(2, 1), reshape=False, order=1)
    ),
}


def measure_drift(seed: int, batches: int, rows: int) -> Iterator[dict[str, Any]]:
    """The p-value of each batch by each check of images, and by `shift`."""
    names = [name for name in check_names() if load_check(name).needs == "images"]
    able = [name for name in names if find_spec("torch") or not load_check(name).needs_torch]
    image = {"height": SIDE, "width": SIDE}
    checks: dict[str, Any] = {name: {} for name in ("shift", *able)}
    params = Params.model_validate({"seed": seed, "data": {"label": "digit", "image": image}, "checks": checks})
    digits, rng = read_images(), np.random.default_rng([seed, 11])
    order = rng.permutation(len(digits))
    profile = calibrate(digits.take(order[:LEARNED]), params)
    for number in range(batches):
        batch = digits.take(rng.choice(order[LEARNED:], rows, replace=False))
        for case, spoil in SPOILED.items():
            for found in examine(spoil(batch, rng), profile).measurements:
                if found.check not in HYPOTHESES:
                    yield {"seed": seed, "case": case, "batch": number, "check": found.check, "p_value": found.p_value}


def measure_adversarial(seed: int) -> Iterator[dict[str, Any]]:
    """What is found of examples that were made against a network, and what it says before and after correction."""
    digits = read_images()
    parts = np.split(np.random.default_rng([seed, 12]).permutation(len(digits)), [LEARNED, LEARNED + KEPT])
    trusted, kept, rest = map(digits.take, parts)
    fitted = ImageAutoencoder().fit(trusted, np.random.default_rng(seed))
    threshold = float(np.quantile(fitted.measure(kept).scores, 0.95))
    both = trusted.append(kept)
    codes = np.searchsorted(fitted.classes, both.labels)
    other = fit_network(fitted.scale.transform(both), codes, None, seed + 100, EPOCHS, image=fitted.scale.image)
    for victim, network in (("its own", fitted.network), ("another", other)):
        for step in (0, *STEPS):
            changed = with_pixels(rest, rest.numeric + step * ascend(network, fitted, rest))
            yield {"seed": seed, "victim": victim, "step": step, **tell(network, fitted, changed, threshold)}


def ascend(network: Network, fitted: FittedImageAutoencoder, rows: Batch) -> np.ndarray:
    """The sign of the gradient of the loss of the true label, for each pixel (Goodfellow, Shlens and Szegedy, 2015)."""
    import torch
    from pratique.statistics.network import score_torch
    from torch.nn.functional import cross_entropy

    layers = [torch.tensor(np.array(layer)) for layer in network.layers]
    points = torch.tensor(fitted.scale.transform(rows).copy(), dtype=torch.float32, requires_grad=True)
    codes = torch.tensor(np.searchsorted(fitted.classes, rows.labels))
    cross_entropy(score_torch(layers, points, network.image), codes).backward()
    return np.sign(points.grad.numpy())


def tell(network: Network, fitted: FittedImageAutoencoder, rows: Batch, threshold: float) -> dict[str, float]:
    """Shares of rows: found, found of those that mislead the network, and right before and after correction."""
    points = fitted.scale.transform(rows)
    found = fitted.measure(rows).scores > threshold
    right, mended = (
        fitted.classes[network.predict_proba(each).argmax(axis=1)] == rows.labels
        for each in (points, fitted.correct(points))
    )
    misled = found[~right].mean() if (~right).any() else np.nan
    return {"found": found.mean(), "found of misleading": misled, "right": right.mean(), "corrected": mended.mean()}


def tabulate_drift(lines: pd.DataFrame) -> str:
    """For each check, the share of clean batches below .01, and of spoiled ones below it."""
    out = [f"| check | {' | '.join(SPOILED)} |\n|---|{'--:|' * len(SPOILED)}\n"]
    for check, group in lines.groupby("check"):
        cells = []
        for case in SPOILED:
            rare = group.loc[group["case"] == case, "p_value"] <= LEVEL
            interval = stats.binomtest(int(rare.sum()), len(rare)).proportion_ci()
            cells.append(f"{rare.mean():.3f} ({interval.low:.3f} to {interval.high:.3f})")
        out.append(f"| `{check}` | {' | '.join(cells)} |\n")
    return "".join(out)


def tabulate_adversarial(lines: pd.DataFrame) -> str:
    """The mean of each share over references, with its interval."""
    shares = [name for name in lines if name not in ("seed", "victim", "step")]
    out = [f"| against | grey levels of 16 | {' | '.join(shares)} |\n|---|--:|{'--:|' * len(shares)}\n"]
    for (victim, step), group in lines.groupby(["victim", "step"]):
        half = stats.t.ppf(0.975, len(group) - 1) * group[shares].std() / np.sqrt(len(group))
        cells = [f"{group[name].mean():.2f} ± {half[name]:.2f}" for name in shares]
        out.append(f"| {victim} | {step} | {' | '.join(cells)} |\n")
    return "".join(out)


def main() -> None:
    """Measure what is missing, and print a table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("figure", choices=["drift", "adversarial"])
    words.add_argument("out", type=Path)
    words.add_argument("--references", type=int, default=10)
    words.add_argument("--batches", type=int, default=20)
    words.add_argument("--rows", type=int, default=60)
    given = words.parse_args()
    done = set(pd.read_csv(given.out)["seed"]) if given.out.exists() else set()
    for seed in (seed for seed in range(given.references) if seed not in done):
        with threadpool_limits(limits=1):
            drift = given.figure == "drift"
            lines = measure_drift(seed, given.batches, given.rows) if drift else measure_adversarial(seed)
            pd.DataFrame(list(lines)).to_csv(given.out, mode="a", header=not given.out.exists(), index=False)
    tabulate = tabulate_drift if given.figure == "drift" else tabulate_adversarial
    print(tabulate(pd.read_csv(given.out)))


if __name__ == "__main__":
    main()
