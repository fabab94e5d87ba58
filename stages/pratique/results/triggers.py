"""The triggers of backdoors that quarantined batches carry."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from pydantic import TypeAdapter, ValidationError

from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.checksums import Checksums
from pratique.core.errors import PratiqueError
from pratique.core.writing import round_floats, write_json
from pratique.quarantine.tables import read_batches, read_scored_rows
from pratique.results.shared_values import planted_values
from pratique.tables.ingested import read_rows

FEWEST_CARRIERS = 3
ONE_LABEL = 0.8
"""Share of the carriers that must have one label: what is planted under any label steers a model nowhere."""


@dataclass(frozen=True)
class FoundTrigger:
    """A trigger, and the batches whose suspects carry it."""

    trigger: Trigger
    batches: tuple[str, ...]


def find_triggers(reference: Batch) -> list[FoundTrigger]:
    """The triggers that the suspects of held batches carry, in the order of the batches."""
    found: list[FoundTrigger] = []
    for batch, suspects in _suspects(reference):
        trigger = recover_trigger(suspects, reference)
        known = next((i for i, each in enumerate(found) if each.trigger == trigger), None)
        if trigger is None:
            continue
        if known is None:
            found.append(FoundTrigger(trigger, (batch,)))
        else:
            found[known] = FoundTrigger(trigger, (*found[known].batches, batch))
    return found


def recover_trigger(suspects: Batch, trusted: Batch) -> Trigger | None:
    """The values that most suspects share and trusted rows hardly ever have, with the label of those that carry them.

    None where they share nothing of the kind, carry it under several labels, or the label is a person's.
    """
    layout = suspects.layout
    if len(suspects) < FEWEST_CARRIERS or layout.label in layout.personal:
        return None
    planted = planted_values(suspects, trusted)
    carries = np.full(len(suspects), True)
    for shared in planted:
        carries &= suspects.columns[shared.column].values.to_numpy(object) == shared.value
    labels, counts = np.unique(suspects.labels[carries], return_counts=True)
    if not planted or carries.sum() < FEWEST_CARRIERS or counts.max() < ONE_LABEL * carries.sum():
        return None
    return Trigger({shared.column: shared.value for shared in planted}, str(labels[np.argmax(counts)]))


def _suspects(reference: Batch) -> Iterator[tuple[str, Batch]]:
    """The suspects of each batch of which something is held."""
    rows = read_scored_rows(["batch", "row", "reason", "quarantined"])
    suspect = rows.filter(rows["quarantined"]).to_pandas().dropna(subset="reason")
    positions = {batch: group.to_numpy(int) for batch, group in suspect.groupby("batch")["row"]}
    for line in read_batches():
        name = line["batch"]
        if name in positions:
            yield name, Batch(name, read_rows(name), reference.layout).take(positions[name])


def write_triggers(found: Sequence[FoundTrigger]) -> None:
    """Write data/reports/triggers.json."""
    write_json(paths.TRIGGERS, [round_floats(asdict(each)) for each in found])


def read_triggers() -> list[FoundTrigger]:
    """The triggers of this run.

    Raises
    ------
    PratiqueError
        If the file is damaged.
    """
    data = Checksums.read(paths.CONFUSION).read_bytes(paths.TRIGGERS)
    try:
        return TypeAdapter(list[FoundTrigger]).validate_json(data, strict=True)
    except ValidationError as error:
        raise PratiqueError(f"{paths.TRIGGERS}: not as evaluate wrote it; run `dvc repro` again") from error
