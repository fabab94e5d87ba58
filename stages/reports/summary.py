"""What a run found, on one screen of a terminal."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stages.calibration.examine import ROWS
from stages.core import paths
from stages.core.discovery import load_check
from stages.core.errors import PratiqueError, printable
from stages.core.writing import write_text
from stages.quarantine.recordfile import read_record

SAYS_ROWS = "its oddest tenth is odder than chance"
PICTURE_COLUMNS = 100
STYLE = {"quarantine": "bold red", "partial": "yellow", "accept": "green"}


def summary() -> RenderableType:
    """The batches that were not plainly accepted, why, and what the gate was worth.

    Raises
    ------
    PratiqueError
        If the pipeline has not run.
    """
    if not paths.BATCHES_CSV.is_file():
        raise PratiqueError(f"{paths.BATCHES_CSV}: not found; run `dvc repro` first")
    with paths.BATCHES_CSV.open(encoding="utf-8", newline="") as stream:
        batches = list(csv.DictReader(stream))
    parts: list[RenderableType] = [_counts(batches)]
    notable = [line for line in batches if line["verdict"] != "accept" or line["outcome"] != "accepted"]
    if notable:
        parts.insert(0, _table(notable))
    if paths.METRICS_JSON.is_file():
        parts.append(_price(json.loads(paths.METRICS_JSON.read_text(encoding="utf-8"))))
    return Group(*parts)


def reasons(record: Path) -> list[str]:
    """Why a batch is not plainly accepted, the strongest reason first: a clause for each alarm in its record."""
    return clauses(read_record(record)["predicate"])


def clauses(predicate: dict[str, Any]) -> list[str]:
    """The same, of a record's predicate."""
    if predicate["fault"] is not None:
        return [f"unreadable: {printable(predicate['fault'])}"]
    alarms = [check for check in predicate["checks"] if not check["success"]]
    said = [f"{d['action']} by {printable(d['reviewer'])}: {printable(d['reason'])}" for d in predicate["decisions"]]
    said += [printable(hold["reason"]) for hold in predicate["holds"]]
    said += [_reason(check) for check in sorted(alarms, key=lambda check: (check["pValue"], check["id"]))]
    return said or ["some rows are held one by one, the others are accepted"]


def _reason(check: dict[str, Any]) -> str:
    if check["fault"] is not None:
        return f"{check['id']} failed: {printable(check['fault'])}"
    if check["breaches"]:
        return f"{check['id']}: {check['breaches'][0]}"
    return SAYS_ROWS if check["id"] == ROWS else load_check(check["id"]).says


def _table(batches: list[dict[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "p-value", "suspects", "why"):
        table.add_column(heading, justify="right" if heading in ("p-value", "suspects") else "left")
    for line in batches:
        table.add_row(
            line["batch"],
            Text(line["verdict"], STYLE[line["verdict"]]),
            f"{float(line['p_value']):.1g}",
            f"{line['suspects']} of {line['rows']}",
            Text("\n".join(reasons(paths.RECORDS / f"{line['batch']}.json"))),
        )
    return table


def _counts(batches: list[dict[str, str]]) -> Text:
    held = sum(line["outcome"] == "quarantined" for line in batches)
    partial = sum(line["verdict"] == "partial" for line in batches)
    in_part = f" ({partial} of them in part)" if partial else ""
    return Text(
        f"\n{len(batches)} batches: {len(batches) - held} accepted{in_part}, {held} quarantined.\n"
        f"Records are in {paths.RECORDS}/, quarantined rows in {paths.QUARANTINE}/.\n"
    )


def _price(metrics: dict[str, dict[str, float]]) -> Text:
    lines = [
        f"  {metrics[name]['accuracy']:.3f}  trained on {words}"
        for name, words in (
            ("accepted", "what was accepted"),
            ("everything", "everything that came in"),
            ("reference", "the reference alone"),
        )
    ]
    return Text("\n".join(["Accuracy on the holdout:", *lines]))


def picture(path: Path) -> None:
    """Write the summary as an SVG picture that refers to nothing outside itself."""
    console = Console(record=True, width=PICTURE_COLUMNS, file=StringIO(), force_terminal=True)
    console.print(summary())
    svg = console.export_svg(title="pratique status", unique_id="pratique")
    write_text(path, re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))
