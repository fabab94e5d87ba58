"""Fairness: how differently a model treats two groups."""

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from pratique.contract.audit import Audit, Audited, AuditFinding, Peer, Predictor
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.fairness_params import GroupPair
from pratique.statistics.resampling import Estimate, resample
from pratique.training.fairness import find_level

FAIRNESS_PLACE = f"{paths.PARAMS}: audits.fairness"
PEERS: tuple[Peer, ...] = ("everything", "reference")
"""The models beside the shipped one: whether the poison, or the gate, hurts a group."""


class Fairness(Audit):
    """The good label's share among predictions, in a group and in the one that it is compared with.

    Claim: shows a model that gives one group the good label less often, in all and where it would be right, with what
    was accepted, with everything, and with the trusted rows alone. It does not say why.

    Formula, with P the share of the good label among predictions: Zemel's gap P(M) - P(F); disparate impact
    P(F) / P(M); the gap of equal opportunity P(M | good) - P(F | good). Intervals are paired bootstraps of the holdout.

    Source: Zemel et al., "Learning fair representations", ICML 2013; Hardt, Price and Srebro, "Equality of opportunity
    in supervised learning", NIPS 2016.

    Cost: two trainings, and 1,000 resamples for each column.
    """

    title: ClassVar[str] = "How groups fare"
    meanings: ClassVar[dict[str, str]] = {
        "zemel_gap": "how much more often the other group gets the good label",
        "disparate_impact": "the group's share of good labels, over the other group's",
        "opportunity_gap": "the same gap among rows whose true label is the good one",
    }
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        meanings,
        "Train with `train.fairness: {method: massaging, ...}` in params.yaml, then `dvc repro`; until then serve the "
        "baseline: `pratique baseline --to FOLDER`.",
    )

    columns: dict[str, GroupPair] = Field(default_factory=dict, description="Two levels of each column that is asked.")
    favourable: str | None = Field(None, description="The label that counts as good.")

    @model_validator(mode="after")
    def _a_good_label_is_named(self) -> "Fairness":
        if self.columns and self.favourable is None:
            raise ValueError("columns are named, and no favourable label")
        return self

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Measure every column that is named, of all three models."""
        if not self.columns:
            return AuditFinding(reasons=("No column is named, so no groups are compared.",))
        if self.favourable not in audited.reference.labels:
            raise PratiqueError(f"{FAIRNESS_PLACE}: favourable: no trusted row has this label; name one that they have")
        models: dict[str, Predictor] = {"accepted": audited.model}
        models |= {name: audited.train_peer(name) for name in PEERS}
        good = {name: model.predict(audited.holdout) == self.favourable for name, model in models.items()}
        seed = int(rng.integers(2**31))
        found: dict[str, dict[str, Estimate]] = {name: {} for name in models}
        reasons = []
        for column, pair in self.columns.items():
            place = f"{FAIRNESS_PLACE}.columns"
            for level in (pair.group, pair.against):
                find_level(audited.reference, column, level, place)  # a typing mistake is an error
            groups = [audited.holdout.texts(column).astype(str) == level for level in (pair.group, pair.against)]
            measured = {name: self._compare(audited.holdout, each, groups, seed) for name, each in good.items()}
            for name, figures in measured.items():
                found[name] |= {f"{figure}[{column}]": each for figure, each in figures.items()}
            counts = " and ".join(f"{group.sum():,} rows" for group in groups)
            reasons.append(f"{column}: '{pair.group}' beside '{pair.against}', {counts} of the holdout.")
            if len(measured["accepted"]) < len(self.meanings):
                reasons.append(f"{column}: a group without such rows, or without a good label, is not compared.")
        return AuditFinding(found.pop("accepted"), tuple(reasons), found)

    def _compare(self, holdout: Batch, said: np.ndarray, groups: list[np.ndarray], seed: int) -> dict[str, Estimate]:
        """The three figures of one model; one that divides by nothing is left out."""
        deserved = holdout.labels == self.favourable

        def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
            with np.errstate(invalid="ignore", divide="ignore"):
                mine, theirs, mine_right, theirs_right = (
                    (weights @ (rows & said)) / (weights @ rows.astype(float))
                    for rows in (*groups, *(group & deserved for group in groups))
                )
                figures = {
                    "zemel_gap": theirs - mine,
                    "disparate_impact": mine / theirs,
                    "opportunity_gap": theirs_right - mine_right,
                }
            return {name: values[None] for name, values in figures.items()}

        draws = resample(measure, len(holdout), 1, seed)
        whole = {name: values[np.isfinite(values)] for name, values in draws.items() if np.isfinite(values[0])}
        return {name: Estimate.of(values) for name, values in whole.items() if len(values) > 1}
