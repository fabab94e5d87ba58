"""What a run found, on one screen of a terminal."""

import csv
import json
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stages.core import paths
from stages.core.errors import PratiqueError, printable

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
    if any(line["verdict"] != "accept" for line in batches):
        parts.insert(0, _table([line for line in batches if line["verdict"] != "accept"]))
    if paths.METRICS_JSON.is_file():
        parts.append(_price(json.loads(paths.METRICS_JSON.read_text(encoding="utf-8"))))
    return Group(*parts)


def reasons(record: Path) -> list[str]:
    """One line for each alarm in a batch's record: what was observed, and the limit it passed."""
    predicate = json.loads(record.read_text(encoding="utf-8"))["predicate"]
    if predicate["fault"] is not None:
        return [f"unreadable: {printable(predicate['fault'])}"]
    return [_reason(check) for check in predicate["checks"] if not check["success"]]


def _reason(check: dict[str, Any]) -> str:
    if check["fault"] is not None:
        return f"{check['id']} failed: {printable(check['fault'])}"
    if check["breaches"]:
        return f"{check['id']}: {check['breaches'][0]}"
    return f"{check['id']}: {check['observed']:.3g} > {check['limit']:.3g} {check['unit']}"


def _table(batches: list[dict[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "p-value", "suspects", "why"):
        table.add_column(heading, justify="right" if heading in ("p-value", "suspects") else "left")
    for line in batches:
        why = reasons(paths.RECORDS / f"{line['batch']}.json") or ["rows held one by one, the rest accepted"]
        table.add_row(
            line["batch"],
            Text(line["verdict"], STYLE[line["verdict"]]),
            f"{float(line['p_value']):.1g}",
            f"{line['suspects']} of {line['rows']}",
            Text("\n".join(why)),
        )
    return table


def _counts(batches: list[dict[str, str]]) -> Text:
    held = [line for line in batches if line["outcome"] == "quarantined"]
    partial = sum(line["verdict"] == "partial" for line in batches)
    return Text(
        f"\n{len(batches)} batches: {len(batches) - len(held)} accepted ({partial} of them without some rows), "
        f"{len(held)} quarantined. Records: {paths.RECORDS}/, rows: {paths.QUARANTINE}/"
    )


def _price(metrics: dict[str, dict[str, float]]) -> Text:
    line = ", ".join(
        f"{metrics[name]['accuracy']:.3f} {words}"
        for name, words in (
            ("accepted", "trained on what was accepted"),
            ("everything", "on everything that came in"),
            ("reference", "on the reference alone"),
        )
    )
    return Text(f"Accuracy on the holdout: {line}.")
