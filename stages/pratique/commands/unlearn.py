"""The command `pratique unlearn`: what the model is without the rows that carry a trigger which it obeys."""

from pathlib import Path

import numpy as np

from pratique.audits.trigger import carry, drop_carriers, find_backdoors
from pratique.contract.audit import Audited, Predictor
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import load
from pratique.core.screen import say
from pratique.core.text import say_count, show_cell
from pratique.pipeline.audit import draw_for, read_audited
from pratique.statistics.resampling import Estimate
from pratique.training.models import train
from pratique.words.numbers import percent
from pratique.words.worth import interval

TRIGGER_AUDIT = "trigger"
"""The audit whose draws are taken, so that both find the same."""


def main(folder: Path | None) -> None:
    """Search, train again and say what that changed."""
    params = load()
    audited = read_audited(params)
    layout = audited.reference.layout
    hidden = layout.label in layout.personal
    found = {} if hidden else find_backdoors(audited, draw_for(TRIGGER_AUDIT, params.seed))
    if not found:
        say("No trigger was recovered, so there is nothing to unlearn.")
        return
    triggers = [each.trigger for each in found.values()]
    model = train(drop_carriers(triggers, audited), params.train, params.seed, trusted=audited.reference)
    for trigger in triggers:
        say(*_tell(trigger, audited, model))
    before, after = (_share(each.predict(audited.holdout) == audited.holdout.labels) for each in (audited.model, model))
    say(f"Accuracy on the holdout: {before} → {after}")
    if folder is not None:
        model.save(folder / paths.MODEL_FILE.name)
        say(f"wrote  {folder / paths.MODEL_FILE.name}")
    say('Next: `pratique review reject BATCH --reason "…"` for each batch named above; then `dvc repro`')


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
