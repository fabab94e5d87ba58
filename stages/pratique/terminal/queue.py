"""The batches that wait for people, and everything known about one of them, for a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pratique.core.errors import printable
from pratique.core.params import Params, load
from pratique.core.text import say_count
from pratique.decisions.deciding import read_record
from pratique.decisions.decision import UNSIGNED, DecisionFile, load_decisions
from pratique.decisions.pending import describe_pending, list_pending, tell_effect
from pratique.results.records import read_records
from pratique.terminal.summary import STYLE, clauses


def queue() -> RenderableType:
    """A line for each batch of which something is held or that people decided on.

    Raises
    ------
    PratiqueError
        If the pipeline has not run.
    """
    params, waiting = load(), list_pending()
    pending = "".join(f"\n{printable(line)}" for line in list_pending_lines(params))
    decided = {record.batch: tell_effect(decision, record, params) for decision, record in waiting}
    batches = [
        facts
        for facts in read_records()
        if facts.state not in ("accepted", "warned") or facts.uncounted or facts.batch in decided
    ]
    if not batches:
        return Text("Nothing is held, and nobody has decided anything.")
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "decision", "outcome", "why"):
        table.add_column(heading)
    for facts in batches:
        verdict, why = Text(facts.verdict, STYLE[facts.verdict]), [] if facts.plain else clauses(facts)
        table.add_row(
            facts.batch,
            verdict,
            decided.get(facts.batch) or facts.decision or "none yet",
            facts.outcome,
            Text("\n".join(why)),
        )
    return Group(table, Text(f"{pending}\nNext: `pratique review show BATCH`, then release or reject it."))


def sheet(batch: str) -> RenderableType:
    """The record of one batch, and the decisions about it.

    Raises
    ------
    PratiqueError
        If it has no record.
    """
    record = read_record(batch)
    head = Text.assemble(
        (f"{batch}: {record.verdict}", STYLE[record.verdict]),
        f", {record.outcome}; {record.held_rows:,} of {say_count(record.rows, 'row')} held.\n",
        "".join(f"  {clause}\n" for clause in clauses(record)),
    )
    measured = Table(box=None, pad_edge=False)
    for heading in ("check", "observed", "limit", "p-value", "alarm"):
        measured.add_column(heading, justify="left" if heading == "check" else "right")
    for check in record.checks:
        numbers = [_number(value) for value in (check.observed, check.limit, check.p_value)]
        measured.add_row(check.name, *numbers, "alarm" if check.alarm else "")
    held = [f"  {printable(f'row {suspect.row}: {suspect.reason}')}" for suspect in record.suspects]
    if record.suspects_left_out:
        held.append(f"  and {record.suspects_left_out} more")
    lines = Text("\n".join(["", *held, *_list_decisions(batch)]))
    return Group(head, measured, lines, Text(f"\nRecord: {record.path}"))


def list_pending_lines(params: Params) -> list[str]:
    """A line for each decision since the last run: what will become of it."""
    return [describe_pending(decision, record, params) for decision, record in list_pending()]


def _list_decisions(batch: str) -> list[str]:
    """A line for each decision about a batch, whether it still counts or not."""
    return [_describe(each, load()) for each in load_decisions() if each.content.batch == batch]


def _describe(decision: DecisionFile, params: Params) -> str:
    said = decision.content
    until = "" if said.expires is None else f", until {said.expires}"
    fault = "" if decision.counts(params) else f" ({UNSIGNED})"
    return printable(f"  {said.action} by {said.reviewer}, {said.time:%Y-%m-%d}{until}: {said.reason}{fault}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
