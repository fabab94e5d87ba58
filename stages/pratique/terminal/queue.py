"""The batches that wait for people, and everything known about one of them, for a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pratique.core.errors import printable
from pratique.decisions.decision import load_decisions, record_of
from pratique.provenance.recordfile import read_record
from pratique.results.facts import of_record, read_facts
from pratique.terminal.summary import STYLE, clauses


def queue() -> RenderableType:
    """A line for each batch of which something is held or that people decided on.

    Raises
    ------
    PratiqueError
        If the pipeline has not run.
    """
    batches = [facts for facts in read_facts() if facts.state not in ("accepted", "warned")]
    if not batches:
        return Text("Nothing is held, and nobody has decided anything.")
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "decision", "outcome", "why"):
        table.add_column(heading)
    for facts in batches:
        verdict = Text(facts.verdict, STYLE[facts.verdict])
        table.add_row(facts.batch, verdict, facts.decision or "pending", facts.outcome, Text("\n".join(clauses(facts))))
    return Group(table, Text("\nNext: `pratique review show BATCH`, then release or reject it."))


def sheet(batch: str) -> RenderableType:
    """The record of one batch, and the decisions about it.

    Raises
    ------
    PratiqueError
        If it has no record.
    """
    path = record_of(batch)
    record = read_record(path)
    predicate, facts = record["predicate"], of_record(record)
    rows = predicate["rows"]
    head = Text.assemble(
        (f"{batch}: {predicate['verdict']}", STYLE[predicate["verdict"]]),
        f", {predicate['outcome']}; {rows['quarantined']} of {predicate['batch']['rows']} rows are held.\n",
        "".join(f"  {clause}\n" for clause in clauses(facts)),
    )
    measured = Table(box=None, pad_edge=False)
    for heading in ("check", "observed", "limit", "p-value", "alarm"):
        measured.add_column(heading, justify="left" if heading == "check" else "right")
    for check in predicate["checks"]:
        numbers = [_number(check[key]) for key in ("observed", "limit", "pValue")]
        measured.add_row(check["id"], *numbers, "" if check["success"] else "alarm")
    held = [f"  row {suspect['row']}: {suspect['reason']}" for suspect in predicate["suspects"]["shown"]]
    if predicate["suspects"]["left_out"]:
        held.append(f"  and {predicate['suspects']['left_out']} more")
    return Group(head, measured, Text("\n".join(["", *held, *_decided(batch)])), Text(f"\nRecord: {path}"))


def _decided(batch: str) -> list[str]:
    """A line for each decision about a batch, whether it still counts or not."""
    own = [decision.content for decision in load_decisions() if decision.content.batch == batch]
    return [
        printable(
            f"  {said.action} by {said.reviewer}, {said.time:%Y-%m-%d}"
            f"{'' if said.expires is None else f', until {said.expires}'}: {said.reason}"
        )
        for said in own
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
