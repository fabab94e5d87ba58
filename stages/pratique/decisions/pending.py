"""What was decided since the last run: it waits for the next one."""

from pratique.core.params import Params
from pratique.decisions.binding import Binding
from pratique.decisions.deciding import read_record
from pratique.decisions.decision import UNSIGNED, DecisionFile, load_decisions
from pratique.provenance.parts import DecisionRecord, UncountedRecord
from pratique.provenance.record import Record
from pratique.provenance.written import has_record


def list_pending() -> list[tuple[DecisionFile, Record]]:
    """The decisions that the last run has not seen, each with the record of its batch, sorted by file."""
    found = []
    for decision in load_decisions():
        if has_record(decision.content.batch):
            record = read_record(decision.content.batch)
            found += [(decision, record)] if _is_pending(decision, record) else []
    return found


def describe_pending(decision: DecisionFile, record: Record, params: Params) -> str:
    """What will become of a decision with the next run, in one line."""
    changes = decision.content.binds.describe_changes(Binding.of(record))
    if not decision.counts(params):
        said = f"is {UNSIGNED}"
    elif decision.content.action == "release" and changes:
        said = f"no longer counts: {changes}"
    else:
        said = "waits for the next `dvc repro`"
    return f"{decision.name} {said}"


def tell_effect(decision: DecisionFile, record: Record, params: Params) -> str:
    """What the next run makes of a decision, in a cell of a table."""
    void = decision.content.action == "release" and decision.content.binds.describe_changes(Binding.of(record))
    counts = decision.counts(params) and not void
    return f"{decision.content.action}, {'with the next dvc repro' if counts else 'which does not count'}"


def _is_pending(decision: DecisionFile, record: Record) -> bool:
    """Whether a record does not name a decision; a withdrawal while it still names what is taken back."""
    named: list[DecisionRecord | UncountedRecord] = [*record.decisions, *record.uncounted]
    if decision.content.action == "withdraw":
        return decision.path.as_posix() in {each.path for each in named}
    return decision.sha256 not in {each.sha256 for each in named}
