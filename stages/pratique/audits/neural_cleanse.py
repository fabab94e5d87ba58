"""Neural Cleanse: a class that a network is sent to by less than others has a back door."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.audit import Audit, Audited, AuditFinding, AuditPicture
from pratique.statistics.resampling import Estimate
from pratique.training.models import Model
from pratique.training.neural_cleanse import Reversed, Space, is_numeric_network, list_anomalies, reverse_engineer

FEWEST_CLASSES = 4
"""Below that the median of the norms tells nothing."""
SUSPECT = 2.0
"""Anomaly index from which on a class is called odd, as published."""
OBEYED_UNTAUGHT = 0.5
"""Share of rows from which on a model that was not taught a pattern obeys it: then the pattern means the class."""


@dataclass(frozen=True)
class Searched:
    """What was found for a class.

    Attributes
    ----------
    pattern : Reversed
    oddness : float
        Its anomaly index among all classes.
    untaught : Estimate, optional
        Rows that the pattern sends to the class where the model is one of the trusted rows alone; asked of odd ones.
    """

    pattern: Reversed
    oddness: float
    untaught: Estimate | None

    @property
    def index(self) -> float:
        """The anomaly index; 0 where a model obeys the pattern that never saw rows which may have planted it."""
        return 0.0 if self.untaught is not None and self.untaught.value > OBEYED_UNTAUGHT else self.oddness


class NeuralCleanse(Audit):
    """The least of a row that must be overwritten to send it to each class, by gradient.

    Claim: finds a patch or another fixed pattern that a network takes for one class, without the rows that planted it.
    It needs a network of numbers and four classes. Patterns as large as a class is wide are not told from it; one that
    the trusted rows hold is not found.

    Formula: by class min CE(f((1 - m) x + m p), class) + c |m|_1 over mask m and pattern p, on holdout rows. The
    anomaly index is (median - |m|_1) / (1.4826 MAD) of the norms: above 2 a class needs oddly little. Then the pattern
    is shown to a model of the trusted rows alone: where it sends more than half of the rows to the class there, too, it
    means the class, nobody planted it, and the index is 0.

    Source: Wang et al., "Neural Cleanse: identifying and mitigating backdoor attacks in neural networks", IEEE S&P
    2019.

    Cost: 500 steps of 128 rows for each class, and one training, on the reference, where a class is odd.
    """

    title: ClassVar[str] = "Whether a small pattern opens a back door"
    meanings: ClassVar[dict[str, str]] = {
        "anomaly_index": "how oddly little of a row sends it to this class; above 2 is suspect",
        "mask_norm": "how many features are overwritten to send rows to this class",
        "obeyed_untaught": "rows that the pattern sends to this class in a model of the trusted rows alone",
    }
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        meanings,
        "1. Look at the pattern below; see which batches carry it, and what the network is once it has unlearned it: "
        '`pratique unlearn`. 2. Reject these batches: `pratique review reject BATCH --reason "…"`, `dvc repro`. '
        "3. Until then serve the last good model: `pratique baseline --to FOLDER`.",
    )

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Search class by class, and compare the norms."""
        model = audited.model
        if not (isinstance(model, Model) and is_numeric_network(model)):
            told = "The model is no network of numbers, so there is no gradient to follow; `trigger` asks any model."
            return AuditFinding(reasons=(told,))
        if len(model.classes) < FEWEST_CLASSES:
            told = f"The model knows {len(model.classes)} classes; below {FEWEST_CLASSES} none can be called odd."
            return AuditFinding(reasons=(told,))
        searched, shown = search_classes(audited, model, rng), audited.show_classes()
        figures: dict[str, Estimate] = {}
        pictures: list[AuditPicture] = []
        for label, each in searched.items():
            name, norm = shown[label], each.pattern.norm
            figures[f"anomaly_index[{name}]"] = Estimate(each.index, each.index, each.index)
            figures[f"mask_norm[{name}]"] = Estimate(norm, norm, norm)
            if each.untaught is not None:
                figures[f"obeyed_untaught[{name}]"] = each.untaught
            if each.index > SUSPECT and model.classifier.image is not None:
                pictures += _draw_pattern(each.pattern, audited, label, name, model.classifier.image)
        return AuditFinding(figures, tuple(_tell(searched, shown)), pictures=tuple(pictures))


def _draw_pattern(
    pattern: Reversed, audited: Audited, label: str, name: str, image: tuple[int, int, int]
) -> Iterator[AuditPicture]:
    """How much of each pixel is overwritten; and a row of another class without and with that."""
    yield AuditPicture.of(
        f"What sends rows to '{name}': the darker, the more of a pixel is overwritten", pattern.mask, image
    )
    row = audited.holdout.numeric[audited.holdout.labels != label][:1]
    most = np.nanmax(audited.reference.numeric)
    yield AuditPicture.of("A row of another class", row / most, image)
    yield AuditPicture.of(f"The same row, which is called '{name}' now", pattern.stamp(row) / most, image)


def _tell(searched: Mapping[str, Searched], shown: Mapping[str, str]) -> Iterator[str]:
    """Which classes need oddly little, and which of them by their nature."""
    odd = ", ".join(f"'{shown[label]}'" for label, each in searched.items() if each.index > SUSPECT)
    yield f"Oddly little sends rows to {odd}." if odd else "No class needs oddly little."
    natural = ", ".join(f"'{shown[label]}'" for label, each in searched.items() if each.oddness > SUSPECT > each.index)
    if natural:
        yield (
            f"Little sends rows to {natural}, in a model of the trusted rows alone, too: the pattern means the class, "
            "and nobody planted it."
        )


def search_classes(audited: Audited, model: Model, rng: np.random.Generator) -> dict[str, Searched]:
    """The pattern of each class, and how odd it is."""
    patterns = _reverse_all(audited, model, rng)
    indices = list_anomalies(np.array([each.norm for each in patterns.values()])).tolist()
    return {
        label: Searched(found, index, _ask_untaught(audited, found, label) if index > SUSPECT else None)
        for (label, found), index in zip(patterns.items(), indices, strict=True)
    }


def _ask_untaught(audited: Audited, found: Reversed, label: str) -> Estimate | None:
    """How many rows a pattern sends to its class in a model of the trusted rows alone; None if that knows no such."""
    peer, rows = audited.train_peer("reference"), audited.sample_holdout()
    if not isinstance(peer, Model) or label not in peer.classes:
        return None
    space = Space.of(peer, audited.reference)
    others = space.fill(rows.numeric[(rows.labels != label) & (peer.predict(rows) != label)])
    said = peer.classes[space.network.predict(space.encode(found.stamp(others)))]
    return Estimate.of_share(int((said == label).sum()), len(said)) if len(said) else None


def _reverse_all(audited: Audited, model: Model, rng: np.random.Generator) -> dict[str, Reversed]:
    space, rows, seed = Space.of(model, audited.reference), audited.sample_holdout(), int(rng.integers(2**31))
    found = {}
    for target, label in enumerate(model.classes.tolist()):
        others = rows.numeric[rows.labels != label]
        if len(others):
            found[label] = reverse_engineer(space, others, target, seed)
    return found
