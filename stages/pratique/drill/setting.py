"""Running one cell: deal, poison, train, and pass the gate; a pure function of the cell and the pipeline's data."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from pratique.contract.discovery import digest_code
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.hashing import sha256_folder, sha256_json
from pratique.core.params import PLAIN_TRAINING, ModelKind, Params
from pratique.core.text import name_classes
from pratique.detector import profile
from pratique.detector.detector import Detector
from pratique.detector.verdict import Verdict
from pratique.drill.bystanders import Bystanders
from pratique.drill.deal import Cleared, Deal, PoisonedStream, describe_features, measure_divergence, planted_trigger
from pratique.drill.judges import FoldJudges
from pratique.drill.outcome import Detail, Gate, Metrics, Outcome, Plainly, Transfer
from pratique.drill.plan import Cell
from pratique.quarantine.stream import Streams
from pratique.tables.reading import read_trusted
from pratique.training.estimator import digest_estimator
from pratique.training.metrics import score
from pratique.training.models import Model, drop_unlabelled, train
from pratique.training.rows import join_labelled, read_holdout

DEALING, POISONING = 0, 1


@dataclass(frozen=True)
class Setting:
    """What every cell is run on.

    Attributes
    ----------
    params : Params
    reference : Batch
        What batches are dealt out of.
    folds : sequence of ndarray of int
        Positions of the rows of each fold of calibration; where no run passes the gate, all rows are one.
    detectors : sequence of Detector
        For each fold the one that knows none of its rows; none where no run passes the gate.
    holdout : Batch
    digests : dict of str to str
        Of the data and code that a model depends on, and of what the gate depends on beside them.
    clean_scores : dict
        Of the models without poison that are known already, by run, number of batches and kind of model.
    clean_verdicts : dict
        The verdicts on batches without poison that are judged already, each with what bets win on the batch, by run,
        number of batches and number of the batch.
    """

    params: Params
    reference: Batch
    folds: Sequence[np.ndarray]
    detectors: Sequence[Detector]
    holdout: Batch
    bystanders: Bystanders
    digests: dict[str, str]
    clean_scores: dict[tuple[int, int, str], Metrics] = field(default_factory=dict)
    clean_verdicts: dict[tuple[int, int, int], tuple[Verdict, tuple[float, ...]]] = field(default_factory=dict)

    @classmethod
    def read(cls, params: Params) -> "Setting":
        """Read reference, holdout and profile.

        Raises
        ------
        PratiqueError
            If one of them is missing or has no rows.
        """
        layout = profile.read_layout(params)
        reference = Batch("reference", read_trusted(paths.REFERENCE, layout.ignored, layout.image), layout)
        holdout = read_holdout(layout)
        folds: Sequence[np.ndarray] = (np.arange(len(reference)),)
        detectors: Sequence[Detector] = ()
        if params.drill.repetitions:
            detectors = FoldJudges(params, reference, holdout)
            folds = detectors.folds.reference_rows
        trained = {
            "code": digest_code("training", "quarantine", "drill"),
            "estimator": digest_estimator(params.train),
            "params": _dump(params, {"seed", "data", "train", "limits"}),
            "layout": repr(layout),
            "by fold": bool(detectors),
            "rows": [sha256_folder(folder) for folder in (paths.REFERENCE, paths.HOLDOUT)],
        }
        gate = {"profile": profile.digest(), "judging": _dump(params, {"alarms", "shift", "checks"})}
        digests = {"models": sha256_json(trained), "gate": sha256_json(gate)}
        labelled, bystanders = join_labelled("reference", [reference], layout), Bystanders.of(reference)
        return cls(params, labelled, folds, detectors, holdout, bystanders, digests)

    def prepare(self) -> None:
        """Learn what judges the batches, once and before processes share the work."""
        if isinstance(self.detectors, FoldJudges):
            _ = self.detectors.profile

    def key(self, cell: Cell) -> str:
        """SHA-256 of everything that the cell's outcome depends on."""
        exercise = cell.exercise
        fields = exercise.attack.model_dump(mode="json")
        stream = [exercise.batches, exercise.poisoned_batches, self.params.drill.rows]
        poison = [exercise.kind, fields, *stream, cell.rate, cell.run, exercise.unseen]
        return sha256_json([self.digests["models"], self.digests["gate"] if cell.cleared else None, poison])

    def run(self, cell: Cell) -> Outcome:
        """Run one cell."""
        exercise, seed = cell.exercise, self.params.seed
        deal = self.deal(cell)
        stream = deal.poison(exercise.attack, cell.rate, [seed, cell.run, POISONING, *exercise.kind.encode()])
        poisoned, undealt = stream.poisoned, self._undealt(deal)
        trigger = planted_trigger(exercise.attack, deal.stream, poisoned)
        good = np.setdiff1d(np.arange(len(poisoned.batch)), poisoned.rows)
        model = self._model(poisoned.batch, undealt, cell.run)
        scores, predicted = score(model, self.holdout)
        oracle = self._trainable(poisoned.batch.take(good), undealt, cell.run)
        cleared = self._clear(deal, stream, cell) if cell.cleared else None
        return Outcome(
            rows=len(poisoned.batch),
            poisoned_rows=len(poisoned.rows),
            clean=self._clean(deal, undealt, cell),
            without=asdict(scores),
            oracle=self._scores(oracle),
            success=self._success(model, trigger),
            success_oracle=self._success(oracle, trigger),
            gate=self._gate(stream, undealt, trigger, cell, cleared) if cleared else None,
            plainly=self._train_plainly(deal, stream, undealt, cell, cleared) if cleared else None,
            transfer=self._transfer(deal, stream, undealt, cell) if exercise.unseen else None,
            detail=self._detail(deal, stream, predicted, model) if cell.run == 0 else None,
        )

    def deal(self, cell: Cell) -> Deal:
        """The batches of a cell; of one run and number of batches they are the same for every attack."""
        rng, exercise = np.random.default_rng([self.params.seed, cell.run, DEALING]), cell.exercise
        rows = self.params.drill.rows
        return Deal.of(self.reference, self.folds, exercise.batches, rows, exercise.poisoned_batches, rng)

    def describe_shortage(self, cells: Sequence[Cell]) -> str:
        """What can't be dealt as params.yaml asks; empty where all can."""
        most = max(cells, key=lambda cell: cell.exercise.batches)
        deal, asked, rows = self.deal(most), most.exercise.batches, self.params.drill.rows
        smallest = int(np.bincount(deal.owner).min())
        if (len(deal.folds), smallest) == (asked, rows):
            return ""
        return (
            f"params.yaml: drill: {len(deal.folds)} batches of {smallest} rows come in, not {asked} of {rows}: a batch "
            f"is of one fold of {paths.REFERENCE}, and the {len(self.folds)} folds have "
            f"{min(map(len, self.folds))} rows each; lower drill.rows or drill.batches, or add trusted rows"
        )

    def _undealt(self, deal: Deal) -> Batch:
        """Trusted rows that no batch was made of: models learn from them, too, unless `train.rows` says otherwise."""
        return self.reference.take(np.delete(np.arange(len(self.reference)), deal.positions))

    def _model(self, stream: Batch, undealt: Batch, run: int, kind: ModelKind | None = None) -> Model:
        """What the team would ship, or a model of another kind: trained on these rows of the stream."""
        rows = undealt.append(stream) if self._learns_trusted else stream
        trusted = undealt if len(undealt) else None
        return train(drop_unlabelled(rows), self.params.train, self.params.seed + run, kind, trusted)

    @property
    def _learns_trusted(self) -> bool:
        return self.params.train.rows != "accepted"

    def _scores(self, model: Model | None) -> Metrics | None:
        return None if model is None else asdict(score(model, self.holdout)[0])

    def _clean(self, deal: Deal, undealt: Batch, cell: Cell, kind: ModelKind | None = None) -> Metrics:
        key = cell.run, cell.exercise.batches, kind or self.params.train.name
        if key not in self.clean_scores:
            self.clean_scores[key] = asdict(score(self._model(deal.stream, undealt, cell.run, kind), self.holdout)[0])
        return self.clean_scores[key]

    def _success(self, model: Model | None, trigger: Trigger | None) -> float | None:
        """The share of trusted rows of other classes that the trigger turns into its own."""
        if model is None or trigger is None:
            return None
        stamped = trigger.stamp(self.holdout)
        return float(np.mean(model.predict(stamped) == trigger.target)) if len(stamped) else None

    def _clear(self, deal: Deal, stream: PoisonedStream, cell: Cell) -> Cleared:
        """Measure and judge the batches as if they came in, one after the other.

        Each is judged by what was learned without the fold of its rows. They are one source, whose stream is followed
        as in the pipeline; nobody decides about any of them.
        """
        poisoned = stream.poisoned
        bad = np.zeros(len(poisoned.batch), bool)
        bad[poisoned.rows] = True
        held, caught = np.zeros(len(bad), bool), []
        streams = Streams(self.params.alarms.alpha)
        for number, (fold, rows) in enumerate(zip(deal.folds, stream.batches, strict=True)):
            clean = None if number < deal.spoiled else (cell.run, cell.exercise.batches, number)
            alone, bets = self._judge(poisoned.batch.take(rows), self.detectors[fold], clean)
            verdict = streams.follow(cell.exercise.name, bets, alone)
            held[rows] = verdict.holds(len(rows))
            if bad[rows].any():
                caught.append(verdict.verdict == "quarantine")
        return Cleared(bad, held, caught)

    def _gate(
        self, stream: PoisonedStream, undealt: Batch, trigger: Trigger | None, cell: Cell, cleared: Cleared
    ) -> Gate:
        """What clearing the batches gave, and the model that is trained on what passes."""
        bad, held, caught = cleared.bad, cleared.held, cleared.caught
        model = self._trainable(cleared.take_passed(stream), undealt, cell.run)
        return Gate(
            batches=len(caught),
            batches_caught=sum(caught),
            rows_caught=int((held & bad).sum()),
            good_rows_lost=int((held & ~bad).sum()),
            delay=caught.index(True) + 1 if any(caught) else None,
            scores=self._scores(model),
            success=self._success(model, trigger),
        )

    def _train_plainly(
        self, deal: Deal, stream: PoisonedStream, undealt: Batch, cell: Cell, cleared: Cleared
    ) -> Plainly | None:
        """What a plain training would have given on the same rows; None where training is a plain one."""
        if self.params.train.method == PLAIN_TRAINING:
            return None
        plain = self.params.train.model_copy(update={"method": PLAIN_TRAINING})
        twin = replace(self, params=self.params.model_copy(update={"train": plain}))
        without, _ = score(twin._model(stream.poisoned.batch, undealt, cell.run), self.holdout)
        gated = twin._scores(twin._trainable(cleared.take_passed(stream), undealt, cell.run))
        return Plainly(twin._clean(deal, undealt, cell), asdict(without), gated)

    def _judge(
        self, batch: Batch, detector: Detector, clean: tuple[int, int, int] | None
    ) -> tuple[Verdict, tuple[float, ...]]:
        """The verdict on a batch by itself, and what bets win on it; `clean` is the key of one without poison."""
        if clean in self.clean_verdicts:
            return self.clean_verdicts[clean]
        found = detector.examine(self.bystanders.join(batch))
        judged = detector.judge(found), found.bets
        if clean is not None:
            self.clean_verdicts[clean] = judged
        return judged

    def _trainable(self, stream: Batch, undealt: Batch, run: int) -> Model | None:
        """A model, unless too little is left to train one."""
        labels = {*stream.labels, *(undealt.labels if self._learns_trusted else [])}
        return self._model(stream, undealt, run) if len(labels - {""}) > 1 else None

    def _transfer(self, deal: Deal, stream: PoisonedStream, undealt: Batch, cell: Cell) -> Transfer:
        """What the poison costs the kind of model that it is optimised against, and others."""

        def damage(kind: ModelKind | None) -> float:
            dirty, _ = score(self._model(stream.poisoned.batch, undealt, cell.run, kind), self.holdout)
            return self._clean(deal, undealt, cell, kind)["accuracy"] - dirty.accuracy

        exercise = cell.exercise
        return Transfer(damage(exercise.attack.proxy), {kind: damage(kind) for kind in exercise.unseen})

    def _detail(self, deal: Deal, stream: PoisonedStream, predicted: np.ndarray, model: Model) -> Detail:
        poisoned = stream.poisoned
        classes = np.unique([*self.holdout.labels, *predicted])
        actual, guess = np.searchsorted(classes, self.holdout.labels), np.searchsorted(classes, predicted)
        confusion = np.zeros((len(classes), len(classes)), int)
        np.add.at(confusion, (actual, guess), 1)
        origin = poisoned.origin[poisoned.rows]
        before = deal.target
        after = poisoned.batch.take(np.concatenate(stream.batches[: deal.spoiled]))
        return Detail(
            rows=poisoned.rows.tolist(),
            reference_rows=[int(deal.positions[row]) if row >= 0 else None for row in origin],
            before=describe_features(before),
            after=describe_features(after),
            kl_divergence=measure_divergence(before, after),
            classes=name_classes(classes.tolist(), self.holdout.layout.label in self.holdout.layout.personal),
            confusion=confusion.tolist(),
            model=model.to_bytes(),
        )


def _dump(params: Params, sections: set[str]) -> Any:
    return params.model_dump(mode="json", include=sections)
