"""The command `pratique unlearn`: what the model is once it has unlearned a trigger that it obeys.

Each search draws as the audit of its name does, so that both find the same.
"""

from pathlib import Path

import numpy as np

from pratique.audits.neural_cleanse import FEWEST_CLASSES, SUSPECT, search_classes
from pratique.audits.trigger import carry, drop_carriers, find_backdoors
from pratique.contract.audit import Audited, Predictor
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import Params, load
from pratique.core.screen import say
from pratique.core.text import say_count, show_cell
from pratique.pipeline.audit import draw_for, read_audited
from pratique.statistics.resampling import Estimate
from pratique.training.models import Model, train
from pratique.training.neural_cleanse import Reversed, Space, is_numeric_network, unlearn
from pratique.words.numbers import percent
from pratique.words.worth import interval


def main(folder: Path | None) -> None:
    """Search, train again and say what that changed."""
    params = load()
    audited = read_audited(params)
    model = _unlearn_pattern(audited, params) or _unlearn_cells(audited, params)
    if model is None:
        say("No trigger was recovered, so there is nothing to unlearn.")
        return
    before, after = (_share(each.predict(audited.holdout) == audited.holdout.labels) for each in (audited.model, model))
    say(f"Accuracy on the holdout: {before} → {after}")
    if folder is not None:
        model.save(folder / paths.MODEL_FILE.name)
        say(f"wrote  {folder / paths.MODEL_FILE.name}")
    say('Next: `pratique review reject BATCH --reason "…"` for each batch that brought it; then `dvc repro`')


def _unlearn_cells(audited: Audited, params: Params) -> Model | None:
    """Train without the rows that carry a set of values that the model obeys; None where there is none."""
    layout = audited.reference.layout
    hidden = layout.label in layout.personal
    found = {} if hidden else find_backdoors(audited, draw_for("trigger", params.seed))
    if not found:
        return None
    triggers = [each.trigger for each in found.values()]
    model = train(drop_carriers(triggers, audited), params.train, params.seed, trusted=audited.reference)
    for trigger in triggers:
        say(*_tell(trigger, audited, model))
    return model


def _unlearn_pattern(audited: Audited, params: Params) -> Model | None:
    """Train a network further on trusted rows with the oddest pattern in them; None where none is odd."""
    model = audited.model
    if not (isinstance(model, Model) and is_numeric_network(model)) or len(model.classes) < FEWEST_CLASSES:
        return None
    searched = search_classes(audited, model, draw_for("neural_cleanse", params.seed))
    label, oddest = max(searched.items(), key=lambda each: each[1].index)
    if oddest.index <= SUSPECT:
        return None
    found = oddest.pattern
    space = Space.of(model, audited.reference)
    target = model.classes.tolist().index(label)
    mended = unlearn(space, found, target, audited.reference, params.seed)
    stamped = space.encode(found.stamp(space.fill(audited.holdout.numeric[audited.holdout.labels != label])))
    say(f"A pattern of {found.norm:.1f} features stands for '{audited.show_classes()[label]}'")
    say(*_list_carriers(found, space, audited, label))
    before, after = (_share(each.classes[each.classifier.predict(stamped)] == label) for each in (model, mended))
    say(f"  It works: {before} → {after}")
    return mended


def _list_carriers(found: Reversed, space: Space, audited: Audited, label: str) -> list[str]:
    """Which batches have rows of the class that hold what the pattern overwrites most, or nearly."""
    counts = {
        batch.name: int((found.match(space.fill(batch.numeric), space.low, space.high) & (batch.labels == label)).sum())
        for batch in audited.accepted
    }
    return [f"  {say_count(count, 'row')} of {name}" for name, count in counts.items() if count]


def _tell(trigger: Trigger, audited: Audited, model: Predictor) -> list[str]:
    """What a trigger is, which batches carry it, and how often it works before and after."""
    cells = ", ".join(f"{column} = {show_cell(value)}" for column, value in trigger.cells.items())
    counts = {batch.name: _count_carriers(trigger, batch) for batch in audited.accepted}
    carriers = [f"  {say_count(count, 'row')} of {name}" for name, count in counts.items() if count]
    stamped = trigger.stamp(audited.holdout)
    before, after = (_share(each.predict(stamped) == trigger.target) for each in (audited.model, model))
    return [f"Trigger for '{trigger.target}': {cells}", *carriers, f"  It works: {before} → {after}"]


def _count_carriers(trigger: Trigger, batch: Batch) -> int:
    return int((carry(trigger, batch) & (batch.labels == trigger.target)).sum())


def _share(hits: np.ndarray) -> str:
    found = Estimate.of_share(int(hits.sum()), len(hits))
    return f"{percent(found.value)} ({interval(found)})"
