"""Running one cell: deal, poison, train, and pass the gate; a pure function of the cell and the pipeline's data."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pratique.contract.attack import PoisonedBatch
from pratique.contract.discovery import digest_code
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_folder, sha256_json
from pratique.core.params import Params
from pratique.detector import profile
from pratique.detector.detector import Detector
from pratique.drill.deal import Deal, planted_trigger, statistics
from pratique.drill.outcome import Detail, Gate, Metrics, Outcome
from pratique.drill.plan import Cell
from pratique.training.metrics import score
from pratique.training.models import Model, drop_unlabelled, train
from pratique.training.rows import read_accepted, read_holdout

DEALING, POISONING = 0, 1


@dataclass(frozen=True)
class Setting:
    """What every cell is run on.

    Attributes
    ----------
    params : Params
    accepted, holdout : Batch
    detector : Detector
    digests : dict of str to str
        Of the data and code that a model depends on, and of what the gate depends on beside them.
    clean : dict
        Scores of the models without poison that are known already, by run and number of batches.
    """

    params: Params
    accepted: Batch
    holdout: Batch
    detector: Detector
    digests: dict[str, str]
    clean: dict[tuple[int, int], Metrics] = field(default_factory=dict)

    @classmethod
    def read(cls, params: Params) -> "Setting":
        """Read accepted rows, holdout and profile.

        Raises
        ------
        PratiqueError
            If one of them is missing or has no rows.
        """
        detector = Detector.load(params)
        accepted = read_accepted(detector.layout)
        if not len(accepted):
            raise PratiqueError(f"{paths.ACCEPTED}: no row was accepted, so there is nothing to poison")
        trained = {
            "code": digest_code("training", "drill"),
            "params": _dump(params, {"seed", "data", "train"}),
        }
        trained |= {"accepted": sha256_folder(paths.ACCEPTED), "holdout": sha256_folder(paths.HOLDOUT)}
        gate = {"profile": profile.digest(), "judging": _dump(params, {"alarms", "shift", "checks"})}
        digests = {"models": sha256_json(trained), "gate": sha256_json(gate)}
        return cls(params, accepted, read_holdout(detector.layout), detector, digests)

    def key(self, cell: Cell) -> str:
        """SHA-256 of everything that the cell's outcome depends on."""
        exercise = cell.exercise
        fields = exercise.attack.model_dump(mode="json")
        poison = [exercise.kind, fields, exercise.batches, self.params.drill.rows, cell.rate, cell.run]
        return sha256_json([self.digests["models"], self.digests["gate"] if cell.cleared else None, poison])

    def run(self, cell: Cell) -> Outcome:
        """Run one cell."""
        exercise = cell.exercise
        deal, poisoned = self._poison(cell)
        trigger = planted_trigger(exercise.attack, deal.stream, poisoned)
        good = np.setdiff1d(np.arange(len(poisoned.batch)), poisoned.rows)
        model = self._model(deal, poisoned.batch, cell.run)
        scores, predicted = score(model, self.holdout)
        return Outcome(
            rows=len(poisoned.batch),
            poisoned_rows=len(poisoned.rows),
            clean=self._clean(deal, cell),
            poisoned=asdict(scores),
            oracle=self._scores(self._model(deal, poisoned.batch.take(good), cell.run)),
            success=self._success(model, trigger),
            gate=self._gate(deal, poisoned, trigger, cell.run) if cell.cleared else None,
            detail=self._detail(deal, poisoned, predicted) if cell.run == 0 else None,
        )

    def poisoned_model(self, cell: Cell) -> Model:
        """The model that the cell's poison gives."""
        deal, poisoned = self._poison(cell)
        return self._model(deal, poisoned.batch, cell.run)

    def _poison(self, cell: Cell) -> tuple[Deal, PoisonedBatch]:
        exercise, seed = cell.exercise, self.params.seed
        rng = np.random.default_rng([seed, cell.run, DEALING])
        deal = Deal.of(self.accepted, exercise.batches, self.params.drill.rows, rng)
        rng = np.random.default_rng([seed, cell.run, POISONING, *exercise.kind.encode()])
        return deal, exercise.attack.poison(deal.stream, cell.rate, rng)

    def _model(self, deal: Deal, stream: Batch, run: int) -> Model:
        """What the team would ship: trained on what was accepted before and on these rows of the stream."""
        return train(drop_unlabelled(deal.history.append(stream)), self.params.train, self.params.seed + run)

    def _scores(self, model: Model) -> Metrics:
        return asdict(score(model, self.holdout)[0])

    def _clean(self, deal: Deal, cell: Cell) -> Metrics:
        key = cell.run, cell.exercise.batches
        if key not in self.clean:
            self.clean[key] = self._scores(self._model(deal, deal.stream, cell.run))
        return self.clean[key]

    def _success(self, model: Model, trigger: Trigger | None) -> float | None:
        """The share of trusted rows of other classes that the trigger turns into its own."""
        if trigger is None:
            return None
        stamped = trigger.stamp(self.holdout)
        return float(np.mean(model.predict(stamped) == trigger.target)) if len(stamped) else None

    def _gate(self, deal: Deal, poisoned: PoisonedBatch, trigger: Trigger | None, run: int) -> Gate:
        """Measure and judge each batch of the stream as it would be if it came in, and train on what passes."""
        bad = np.zeros(len(poisoned.batch), bool)
        bad[poisoned.rows] = True
        held, caught = np.zeros(len(bad), bool), []
        for rows in deal.batches(poisoned):
            batch = poisoned.batch.take(rows)
            verdict = self.detector.judge(self.detector.examine(batch))
            held[rows] = verdict.holds(len(rows))
            caught.append((bool(bad[rows].any()), verdict.verdict == "quarantine"))
        model = self._trainable(deal, poisoned.batch.take(np.flatnonzero(~held)), run)
        return Gate(
            batches=sum(spoiled for spoiled, _ in caught),
            batches_caught=sum(spoiled and stopped for spoiled, stopped in caught),
            rows_caught=int((held & bad).sum()),
            good_rows_lost=int((held & ~bad).sum()),
            delay=next((n for n, (spoiled, stopped) in enumerate(caught, 1) if spoiled and stopped), None),
            gated=None if model is None else self._scores(model),
            success=None if model is None else self._success(model, trigger),
        )

    def _trainable(self, deal: Deal, stream: Batch, run: int) -> Model | None:
        """A model, unless too little passed the gate to train one."""
        labels = set(deal.history.labels) | set(stream.labels)
        return self._model(deal, stream, run) if len(labels - {""}) > 1 else None

    def _detail(self, deal: Deal, poisoned: PoisonedBatch, predicted: np.ndarray) -> Detail:
        classes = np.unique([*self.holdout.labels, *predicted])
        actual, guess = np.searchsorted(classes, self.holdout.labels), np.searchsorted(classes, predicted)
        confusion = np.zeros((len(classes), len(classes)), int)
        np.add.at(confusion, (actual, guess), 1)
        origin = poisoned.origin[poisoned.rows]
        return Detail(
            rows=poisoned.rows.tolist(),
            accepted_rows=[int(deal.positions[row]) if row >= 0 else None for row in origin],
            before=statistics(deal.stream),
            after=statistics(poisoned.batch),
            classes=classes.tolist(),
            confusion=confusion.tolist(),
        )


def _dump(params: Params, sections: set[str]) -> Any:
    return params.model_dump(mode="json", include=sections)
