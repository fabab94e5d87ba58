"""Neural Cleanse: a class that a network is sent to by less than others has a back door."""

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


class NeuralCleanse(Audit):
    """The least of a row that must be overwritten to send it to each class, by gradient.

    Claim: finds a patch or another fixed pattern that a network takes for one class, without the rows that planted it.
    It needs a network of numbers and four classes; patterns as large as a class is wide are not told from it.

    Formula: by class min CE(f((1 - m) x + m p), class) + c |m|_1 over mask m and pattern p, on holdout rows. The
    anomaly index is (median - |m|_1) / (1.4826 MAD) of the norms: above 2 a class needs oddly little.

    Source: Wang et al., "Neural Cleanse: identifying and mitigating backdoor attacks in neural networks", IEEE S&P
    2019.

    Cost: 500 steps of 128 rows for each class.
    """

    title: ClassVar[str] = "Whether a small pattern opens a back door"
    meanings: ClassVar[dict[str, str]] = {
        "anomaly_index": "how oddly little of a row sends it to this class; above 2 is suspect",
        "mask_norm": "how many features are overwritten to send rows to this class",
    }
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        meanings,
        "Look at the pattern, and at rows that carry it; reject their batches: `pratique review reject BATCH`, then "
        "`dvc repro`. `pratique unlearn` shows what the network is once it has unlearned the pattern.",
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
        patterns = reverse_all(audited, model, rng)
        indices = list_anomalies(np.array([each.norm for each in patterns.values()]))
        shown, figures, pictures = audited.show_classes(), {}, []
        for (label, found), index in zip(patterns.items(), indices.tolist(), strict=True):
            name = shown[label]
            figures[f"anomaly_index[{name}]"] = Estimate(index, index, index)
            figures[f"mask_norm[{name}]"] = Estimate(found.norm, found.norm, found.norm)
            if index > SUSPECT and model.classifier.image is not None:
                pictures.append(AuditPicture.of(f"What sends rows to '{name}'", found.mask, model.classifier.image))
        odd = [name for name, index in zip(patterns, indices, strict=True) if index > SUSPECT]
        names = ", ".join(f"'{shown[label]}'" for label in odd)
        told = f"Oddly little sends rows to {names}." if odd else "No class needs oddly little."
        return AuditFinding(figures, (told,), pictures=tuple(pictures))


def reverse_all(audited: Audited, model: Model, rng: np.random.Generator) -> dict[str, Reversed]:
    """The pattern of each class."""
    space, rows, seed = Space.of(model, audited.reference), audited.sample_holdout(), int(rng.integers(2**31))
    found = {}
    for target, label in enumerate(model.classes.tolist()):
        others = rows.numeric[rows.labels != label]
        if len(others):
            found[label] = reverse_engineer(space, others, target, seed)
    return found
