"""Why a batch, or one of its rows, was judged as it was: the record in words."""

from collections import defaultdict

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pratique.contract.check import measure, show_label
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import load
from pratique.decisions.deciding import read_record
from pratique.detector import profile
from pratique.detector.hypotheses import describe
from pratique.detector.profile import Profile
from pratique.provenance.record import Record
from pratique.tables.ingested import place_rows, read_rows
from pratique.words import verdicts
from pratique.words.counts import RESULT_NOTE, suggestions, tell_result
from pratique.words.history import describe_standing
from pratique.words.numbers import chance, join_list, number


def explain(batch: str) -> RenderableType:
    """Each measurement of a batch against its limit, what alarmed, and which rows are suspect.

    Raises
    ------
    PratiqueError
        If the batch has no record.
    """
    record = read_record(batch)
    words = [Text(f"{batch}: {record.verdict}, {record.outcome}", style="bold"), *_list_reasons(record)]
    if not record.checks or not record.rows:  # nothing was measured, or nothing was there to be
        todo = [] if record.plain else [Text(verdicts.advice(record, planted=False, repeated=False))]
        return Group(*words, *todo)
    suggested = [Text(printable(f"suggested, not applied: {line}")) for line in suggestions(record)]
    return Group(*words, _tabulate(record), Text(RESULT_NOTE), *_list_suspects(record), *suggested)


def _tabulate(record: Record) -> Table:
    """A line for each measurement, in the words of the batch's page."""
    table = Table("check", "says", "result", "observed", "limit", "as high in clean batches")
    for check in record.checks:
        chance_of = "" if check.fault or check.breaches else chance(check.p_value)
        style = "bold red" if check.alarm else ""
        numbers = number(check.observed), number(check.limit)
        table.add_row(check.name, describe(check.name).alarm, tell_result(check), *numbers, chance_of, style=style)
    return table


def _list_suspects(record: Record) -> list[Text]:
    """The suspect rows, those of one reason together, and how many more there are."""
    rows: dict[str, list[str]] = defaultdict(list)
    for suspect in record.suspects:
        rows[suspect.reason].append(str(suspect.row))
    lines = [f"row{'s' * (len(mine) > 1)} {join_list(mine, most=len(mine))}: {reason}" for reason, mine in rows.items()]
    more = [f"and {record.suspects_left_out:,} more suspect rows"] if record.suspects_left_out else []
    return [Text(printable(line)) for line in [*lines, *more]]


def explain_row(batch: str, row: int) -> RenderableType:
    """What each check saw in one row, and how many trusted rows in a hundred look as odd to it.

    Raises
    ------
    PratiqueError
        If the batch can't be read or has no such row.
    """
    path = place_rows(batch)
    if not path.is_file():
        raise PratiqueError(f"{path}: not found; name a batch as <source>/<batch>, as `pratique status` shows it")
    params = load()
    normal = profile.load(params)
    whole = Batch(batch, read_rows(batch), normal.layout)
    if not 0 <= row < len(whole):
        raise PratiqueError(f"{batch}: no row {row}; it has rows 0 to {len(whole) - 1}")
    table = Table("check", "score", "of 100 trusted rows as odd", "column or rule")
    for name, score, share, rule in _of_row(whole, row, normal):
        table.add_row(name, score, share, rule)
    return Group(Text(printable(f"{batch}, row {row}, label {show_label(whole, row)}"), style="bold"), table)


def _of_row(batch: Batch, row: int, normal: Profile) -> list[tuple[str, str, str, str]]:
    lines = []
    for name, calibrated in normal.checks.items():
        findings = [measure(fitted, batch) for fitted in calibrated.folds]
        rule = printable(findings[0].forbidden.get(row, ""))
        scores = [f.row_scores[row] for f in findings if f.row_scores is not None]
        if not scores:
            continue
        share = ""
        if calibrated.conformal is not None:
            share = number(100 * float(np.mean(calibrated.conformal.p_values(np.array(scores)))))
        flagged = [f.flagged[row] for f in findings if f.flagged is not None]
        says = findings[0].unit if not flagged else "flagged" if np.mean(flagged) >= 0.5 else "not flagged"
        lines.append((name, f"{number(float(np.mean(scores)))} {says}", share, rule))
    return lines


def _list_reasons(record: Record) -> list[Text]:
    """Why the batch is held, what was read otherwise, more rules that are broken, the share of poisoned rows."""
    lines = describe_standing(record) if record.plain else verdicts.reasons(record)
    lines += [f"read: {reading.text}" for reading in record.readings]
    for check in record.checks if record.rows else ():
        lines += [f"{check.name}: {rule}" for rule in check.breaches[1:]]
    share = record.poisoned_share
    if share is not None and record.rows:
        low, high = (f"{100 * end:.3g}" for end in (share.lowest, share.highest))
        lines.append(f"poisoned rows: about {100 * share.estimate:.3g} % (from {low} to {high} %)")
    if record.budget is not None and record.budget.warning:
        lines.append(record.budget.warning)
    return [Text(printable(line)) for line in lines]
