"""What a run found, on one screen of a terminal."""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.screen import display, make_console
from pratique.core.writing import write_text
from pratique.provenance.record import Record
from pratique.results.comparison import Comparison, read_comparison
from pratique.results.records import read_records
from pratique.words.counts import count_batches, count_suspects
from pratique.words.history import list_decisions
from pratique.words.verdicts import reasons
from pratique.words.worth import MODELS, worth_sentences

PICTURE_COLUMNS = 100
STYLE = {"quarantine": "bold red", "partial": "yellow", "accept": "green"}


def summary(batches: list[Record], notes: Sequence[str], pending: Sequence[str] = ()) -> RenderableType:
    """The batches that were not plainly accepted, why, and what the gate was worth.

    `notes` are said about all of it, such as who decides; `pending` is what was decided since the run.
    """
    parts: list[RenderableType] = [_counts(batches)]
    notable = [facts for facts in batches if not facts.plain]
    if notable:
        parts.insert(0, _table(notable))
    parts += [Text(f"{printable(line)}\n") for line in pending]
    found = read_comparison()
    if found is not None:
        parts.append(_worth(found))
    parts += [Text(f"\n{note}") for note in notes if note]
    return Group(*parts)


def clauses(facts: Record) -> list[str]:
    """Who decided about a batch, and why it is not plainly accepted, the strongest reason first."""
    return [printable(clause) for clause in [*list_decisions(facts), *reasons(facts)]]


def _table(batches: list[Record]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("batch", "verdict", "outcome", "p-value", "suspects", "why"):
        table.add_column(heading, justify="right" if heading in ("p-value", "suspects") else "left")
    for facts in batches:
        table.add_row(
            facts.batch,
            Text(facts.verdict, STYLE[facts.verdict]),
            facts.outcome,
            f"{facts.p_value:.1g}",
            count_suspects(facts),
            Text("\n".join(clauses(facts))),
        )
    return table


def _counts(batches: list[Record]) -> Text:
    held = sum(facts.outcome == "quarantined" for facts in batches)
    partial = sum(facts.verdict == "partial" for facts in batches)
    in_part = f" ({partial} of them in part)" if partial else ""
    pages = str(paths.INDEX) if paths.INDEX.is_file() else "none yet, `pratique report` writes them"
    return Text(
        f"\n{count_batches(len(batches))}: {len(batches) - held} accepted{in_part}, {held} quarantined.\n"
        f"Pages to decide on: {pages}; quarantined rows: {paths.QUARANTINE}/.\n"
    )


def _worth(found: Comparison) -> Text:
    accuracy = {model: found.models[model]["accuracy"] for model in MODELS}
    lines = [
        f"  {each.value:.3f} ({each.low:.3f} to {each.high:.3f})  {MODELS[model]}" for model, each in accuracy.items()
    ]
    return Text("\n".join(["Accuracy on the holdout:", *lines, *worth_sentences(found)]))


def picture(path: Path, notes: Sequence[str]) -> None:
    """Write the summary as an SVG picture that refers to nothing outside itself."""
    console = make_console(record=True, width=PICTURE_COLUMNS, file=StringIO(), force_terminal=True)
    display(summary(read_records(), notes), console)
    svg = console.export_svg(title="pratique status", unique_id="pratique")
    write_text(path, re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))
