"""What a notebook shows of a detector and of a result: a table, without a server or a script."""

from collections.abc import Iterable
from html import escape

from pratique.core.errors import printable
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.hypotheses import describe
from pratique.detector.profile import Profile
from pratique.detector.verdict import Judged, Verdict


def show_detector(profile: Profile, adequacy: BudgetAdequacy) -> str:
    """How many rows a detector knows, what it can promise, and which checks it has."""
    lines = [
        f"<b>Detector</b>: {profile.rows:,} trusted rows, label {_text(profile.layout.label)}, "
        f"{len(profile.layout.kinds):,} features.",
        adequacy.warning or f"It keeps {adequacy.budget:g} false alarms in 1,000 clean batches.",
    ]
    rows = [(name, describe(name).alarm) for name in profile.checks]
    return "".join(f"<p>{line}</p>" for line in lines) + _table(("check", "an alarm means"), rows)


def show_result(name: str, verdict: Verdict, rows: int, fault: str | None) -> str:
    """The verdict, and each measurement beside its limit, what alarmed first."""
    head = f"<p><b>{_text(name)}: {verdict.verdict}</b>, p = {verdict.p_value:.2g}; "
    head += f"{int(verdict.holds(rows).sum()):,} of {rows:,} rows are held.</p>"
    if fault is not None:
        return f"{head}<p>{_text(fault)}</p>"
    ordered = sorted(verdict.judged, key=lambda judged: (not judged.alarm, judged.measurement.p_value))
    return head + _table(("check", "result", "observed", "limit", "unit", "p-value"), map(_line, ordered))


def _line(judged: Judged) -> tuple[str, ...]:
    found = judged.measurement.finding
    said = describe(judged.measurement.check).alarm if judged.alarm else "quiet"
    result = found.fault or "; ".join(found.breaches) or said
    numbers = f"{found.statistic:.4g}", f"{judged.limit:.4g}"
    return (judged.measurement.check, result, *numbers, found.unit, f"{judged.measurement.p_value:.2g}")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return escape(printable(text))
