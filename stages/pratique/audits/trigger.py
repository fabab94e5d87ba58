"""Triggers of backdoors: values that send rows to a label, recovered from a model and the rows that it learned from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.audit import Audit, Audited, AuditFinding, AuditTable, Predictor
from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.core.text import show_cell
from pratique.results.shared_values import agree
from pratique.results.triggers import FEWEST_CARRIERS, ONE_LABEL, recover_trigger
from pratique.statistics.resampling import Estimate
from pratique.training.rows import join_labelled

MOST_SEEDS = 60
"""Values of single cells, the most striking ones of each label, from which a trigger is sought."""
OBEYED = 0.5
"""Share of stamped rows that a back door sends to the label, of those that no model without its carriers does."""
MOST_TRIED_ROWS = 400
MOST_CONFIRMED = 3
"""Sets of values, of each label, that are held to a model without their carriers."""
NOTHING = Estimate(0.0, 0.0, 0.0)
NO_ROWS = np.zeros(0, int)


@dataclass(frozen=True)
class Recovered:
    """A trigger that the model obeys: how often, and how often where no model without its carriers does."""

    trigger: Trigger
    success: Estimate
    beyond: Estimate


class TriggerSearch(Audit):
    """The cells that send rows of other classes to a label, and the accepted rows that carry them.

    Claim: recovers a backdoor of fixed values in two or more features which accepted rows carry, whatever the model.
    One of a single feature, and one whose values differ from row to row, it does not. Values that a model obeys which
    never saw the rows that carry them are no finding: they mean the label, and nobody planted that.

    Rule: for each label, single values that more of its accepted rows hold than trusted rows do, the most striking
    first; of those that hold one, the values which most of them share and trusted rows hardly ever have. Each set is
    stamped on holdout rows of other classes; by one half of them three sets are chosen, which the model obeys most more
    often than one of the trusted rows. On the other half, `backdoor` is the share that the model gives the label, of
    the rows which neither that one does nor a model without the carriers: surely more than half is a back door.

    Source: Wang et al., "Neural Cleanse: identifying and mitigating backdoor attacks in neural networks", IEEE S&P
    2019, for networks; here the legal values are those that rows hold.

    Cost: one training, and for each label at most 60 searches, 400 predictions of each set, and three trainings.
    """

    title: ClassVar[str] = "Whether some values open a back door"
    meanings: ClassVar[dict[str, str]] = {
        "backdoor": "rows that the recovered trigger sends to this label, where no model without its carriers does",
        "backdoor_success": "rows that the recovered trigger sends to this label",
        "carriers": "accepted rows that carry it",
    }
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        meanings,
        "1. See what the model is without the rows that carry it, and which batches these are: `pratique unlearn`. "
        '2. Reject these batches: `pratique review reject BATCH --reason "…"`, `dvc repro`. '
        "3. Until then serve the last good model: `pratique baseline --to FOLDER`.",
    )

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Search label by label."""
        layout = audited.reference.layout
        if layout.label in layout.personal:
            return AuditFinding(reasons=("The label is personal, so nothing is said of what stands for it.",))
        found = find_backdoors(audited, rng)
        figures, tables = {}, []
        for label, shown in audited.show_classes().items():
            backdoor = found.get(label)
            figures[f"backdoor[{shown}]"] = NOTHING if backdoor is None else backdoor.beyond
            if backdoor is not None:
                lines = list(_list_carriers(backdoor.trigger, audited.accepted))
                count = float(sum(len(rows) for _, rows in lines))
                figures[f"backdoor_success[{shown}]"] = backdoor.success
                figures[f"carriers[{shown}]"] = Estimate(count, count, count)
                tables += [_tell_cells(backdoor.trigger), _tell_rows(backdoor.trigger, lines)]
        reasons = [_tell(each) for each in found.values()] or ["No set of values was found that sends rows to a label."]
        return AuditFinding(figures, tuple(reasons), tables=tuple(tables))


def find_backdoors(audited: Audited, rng: np.random.Generator) -> dict[str, Recovered]:
    """The trigger of each label that the model obeys, and would not without the accepted rows that carry it."""
    clean, found = audited.train_peer("reference"), {}
    accepted = _join_accepted(audited)
    for label in sorted(set(accepted.labels) & set(audited.reference.labels)):
        tried = list(_list_triggers(accepted, audited.reference, label))
        others = rng.permutation(np.flatnonzero(audited.holdout.labels != label))[:MOST_TRIED_ROWS]
        if not tried or len(others) < 2:
            continue
        choosing, measuring = (audited.holdout.take(np.sort(half)) for half in np.array_split(others, 2))
        gains = [_turn(audited.model, each, choosing).mean() - _turn(clean, each, choosing).mean() for each in tried]
        for place in np.argsort(-np.array(gains), kind="stable")[:MOST_CONFIRMED]:
            recovered = _confirm(tried[place], audited, measuring)
            if recovered is not None:
                found[label] = recovered
                break
    return found


def drop_carriers(triggers: Iterable[Trigger], audited: Audited) -> Batch:
    """What the model learned from, but for the accepted rows that carry a trigger under its label."""
    carries = np.zeros(len(audited.learned), bool)
    for trigger in triggers:
        carries |= carry(trigger, audited.learned) & (audited.learned.labels == trigger.target)
    carries[: len(carries) - len(_join_accepted(audited))] = False  # trusted rows stay
    return audited.learned.take(np.flatnonzero(~carries))


def carry(trigger: Trigger, batch: Batch) -> np.ndarray:
    """Which rows hold every cell of a trigger."""
    carries = np.full(len(batch), True)
    for column, value in trigger.cells.items():
        carries &= _cells(batch, column) == value
    return carries


def _confirm(trigger: Trigger, audited: Audited, victims: Batch) -> Recovered | None:
    """Hold a trigger to a model without its carriers and one of the trusted rows: what these obey was not planted."""
    rows = drop_carriers([trigger], audited)
    mine = _turn(audited.model, trigger, victims)
    if len(np.unique(rows.labels)) < 2 or mine.mean() <= OBEYED:
        return None
    others = (audited.train(rows), audited.train_peer("reference"))
    theirs = np.logical_or.reduce([_turn(other, trigger, victims) for other in others])
    if theirs.all():
        return None
    beyond = Estimate.of_share(int(mine[~theirs].sum()), int((~theirs).sum()))
    return Recovered(trigger, Estimate.of_share(int(mine.sum()), len(mine)), beyond) if beyond.low > OBEYED else None


def _join_accepted(audited: Audited) -> Batch:
    return join_labelled("accepted", [audited.reference.take(NO_ROWS), *audited.accepted], audited.reference.layout)


def _list_triggers(accepted: Batch, reference: Batch, label: str) -> Iterator[Trigger]:
    """The sets of values that rows of a label may have been given, each once."""
    own, seen = accepted.take(np.flatnonzero(accepted.labels == label)), []
    for column, value in _list_seeds(own, reference):
        carriers = own.take(np.flatnonzero(_cells(own, column) == value))
        trigger = recover_trigger(carriers, reference)
        if trigger is not None and trigger not in seen and _one_label(trigger, accepted):
            seen.append(trigger)
            yield trigger


def _one_label(trigger: Trigger, accepted: Batch) -> bool:
    """Whether enough rows carry it, and nearly all of them under its label."""
    labels = accepted.labels[carry(trigger, accepted)]
    return len(labels) >= FEWEST_CARRIERS and bool((labels == trigger.target).mean() >= ONE_LABEL)


def _list_seeds(own: Batch, reference: Batch) -> list[tuple[str, float | str]]:
    """Values of one column that more of the rows hold than trusted rows do, the least likely by chance first."""
    layout, found = own.layout, []
    for column in (name for name in layout.kinds if name not in layout.personal):
        here, there = _cells(own, column), _cells(reference, column)
        known = ~np.isnan(here) if here.dtype.kind == "f" else here != ""
        values, counts = np.unique(here[known], return_counts=True)
        for value in values[counts >= FEWEST_CARRIERS]:
            agreement = agree(here == value, there == value, most=0.0)
            if agreement is not None and agreement.mine > agreement.theirs:
                found.append((agreement.strength, column, value.item() if hasattr(value, "item") else value))
    return [(column, value) for _, column, value in sorted(found, key=lambda each: -each[0])[:MOST_SEEDS]]


def _cells(batch: Batch, column: str) -> np.ndarray:
    if column in batch.layout.numeric:
        return batch.numbers(column)
    return batch.texts(column).astype(str)


def _turn(model: Predictor, trigger: Trigger, victims: Batch) -> np.ndarray:
    """Which rows of other classes a model takes for the trigger's class once they carry it."""
    return np.asarray(model.predict(trigger.stamp(victims)) == trigger.target)


def _list_carriers(trigger: Trigger, accepted: Sequence[Batch]) -> Iterator[tuple[str, np.ndarray]]:
    """Each batch that has rows with the trigger, and which."""
    for batch in accepted:
        rows = np.flatnonzero(carry(trigger, batch) & (batch.labels == trigger.target))
        if len(rows):
            yield batch.name, rows


def _tell(found: Recovered) -> str:
    cells = ", ".join(f"{column} = {show_cell(value)}" for column, value in found.trigger.cells.items())
    share = f"{found.success.value:.0%}"
    return f"Rows with {cells} are called '{found.trigger.target}': {share} of those that are not."


def _tell_cells(trigger: Trigger) -> AuditTable:
    lines = tuple((column, show_cell(value)) for column, value in trigger.cells.items())
    return AuditTable(f"The trigger for '{trigger.target}'", ("column", "value"), lines)


def _tell_rows(trigger: Trigger, carriers: Sequence[tuple[str, np.ndarray]]) -> AuditTable:
    lines = tuple(
        (name, f"{len(rows):,}", show_cell(rows.tolist()), f"pratique trace {name}") for name, rows in carriers
    )
    head = ("batch", "rows that carry it", "in data/accepted", "by whose decision")
    return AuditTable(f"Where '{trigger.target}' comes with it", head, lines)
