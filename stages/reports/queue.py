"""The batches that wait for people, and everything known about one of them, for a terminal."""

import csv

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stages.core import paths
from stages.core.errors import PratiqueError, printable
from stages.quarantine.decisions import load_decisions, record_of
from stages.quarantine.recordfile import read_record
from stages.reports.summary import STYLE, reasons


def queue() -> RenderableType:
    """A line for each batch of which something is held or that people decided on.

    Raises
    ------
    PratiqueError
        If the pipeline has not run.
    """
    if not paths.BATCHES_CSV.is_file():
        raise PratiqueError(f"{paths.BATCHES_CSV}: not found; run `dvc repro` first")
    with paths.BATCHES_CSV.open(encoding="utf-8", newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if not _plain(line)]
    if not lines:
        return Text("Nothing is held, and nobody has decided anything.")
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "decision", "outcome", "why"):
        table.add_column(heading)
    for line in lines:
        verdict = Text(line["verdict"], STYLE[line["verdict"]])
        why = reasons(paths.RECORDS / f"{line['batch']}.json")
        table.add_row(line["batch"], verdict, line["decision"] or "pending", line["outcome"], Text("\n".join(why)))
    return Group(table, Text("\nNext: `pratique review show BATCH`, then release or reject it."))


def _plain(line: dict[str, str]) -> bool:
    """Whether a batch is accepted by its verdict, and nobody has said anything about it."""
    return (line["verdict"], line["decision"], line["outcome"]) == ("accept", "", "accepted")


def sheet(batch: str) -> RenderableType:
    """The record of one batch, and the decisions about it.

    Raises
    ------
    PratiqueError
        If it has no record.
    """
    path = record_of(batch)
    predicate = read_record(path)["predicate"]
    rows = predicate["rows"]
    head = Text.assemble(
        (f"{batch}: {predicate['verdict']}", STYLE[predicate["verdict"]]),
        f", {predicate['outcome']}; {rows['quarantined']} of {predicate['batch']['rows']} rows are held.\n",
        "".join(f"  {clause}\n" for clause in reasons(path)),
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
    own = [decision.said for decision in load_decisions() if decision.said.batch == batch]
    return [
        printable(
            f"  {said.action} by {said.reviewer}, {said.time:%Y-%m-%d}"
            f"{'' if said.expires is None else f', until {said.expires}'}: {said.reason}"
        )
        for said in own
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
