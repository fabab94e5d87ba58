"""Verdicts in plain words: what is wrong with a batch, how sure that is, and what to do."""

from collections.abc import Mapping, Sequence

from pratique.contract.evidence import OTHER_UNIT
from pratique.contract.subject import ADVICE, Subject
from pratique.core.errors import printable
from pratique.detector.hypotheses import ROWS, describe, may_be_honest
from pratique.provenance.parts import CheckRecord
from pratique.provenance.record import Record
from pratique.words.counts import count_alarm
from pratique.words.history import MEASURED_THEN, advise_on_history, describe_history, stands_unmeasured
from pratique.words.numbers import chance, join_list, once_in, percent
from pratique.words.units import UNIT_ADVICE, tell_units

ACCOUNTED = 0.8
"""Share of the suspects that one rule must hold for the statistics to step behind it."""

REPEATED = (
    "Many rows repeat one another, which trusted rows do not: a few examples are made to count many times. "
    "Reject the batch, unless the source can explain the copies."
)
PLANTED = (
    "The suspects carry the same values, which trusted rows hardly ever have: that is how a backdoor is "
    "planted. Reject the batch, and ask the source where these rows come from."
)
STATES = {
    "waits": "Waits for a decision",
    "barred": "Held by policy",
    "released": "Released",
    "unread": "Released, but no row can be read",
    "rejected": "Rejected",
    "partial": "Accepted in part",
    "warned": "Accepted with a warning",
    "accepted": "Accepted",
}


def reasons(facts: Record) -> list[str]:
    """Why a batch is not plainly accepted, the strongest reason first: a clause for all alarms that say the same."""
    if facts.fault is not None:
        return [f"unreadable: {facts.fault}"]
    unread = ["released, but none of its rows can be read"] if facts.state == "unread" else []
    clauses = [*unread, *(hold.reason for hold in facts.holds), *_list_reasons(facts), *describe_history(facts)]
    return clauses or ["some rows are held one by one, the others are accepted"]


def tell_release(facts: Record) -> str:
    """Who let held rows of a batch in, and against what; nothing where nobody had to."""
    who = [f"{said.reviewer} ({said.reason})" for said in facts.decisions if said.action == "release"]
    return printable(f"released by {join_list(who)} against: {'; '.join(reasons(facts))}") if who else ""


def ranked_alarms(facts: Record) -> list[CheckRecord]:
    """The checks that alarm: declared rules first, then the strongest."""
    return sorted(
        (c for c in facts.checks if c.alarm), key=lambda check: (not _is_rule(check), check.p_value, check.name)
    )


def explaining_rule(facts: Record) -> CheckRecord | None:
    """The declared rules that account for the batch: they break it as a whole, or hold nearly all of its suspects.

    What statistics make of such a batch follows from that: a column that is missing or empty moves everything.
    """
    rules = [check for check in facts.checks if _is_rule(check) and check.fault is None]
    rules.sort(key=lambda check: (not check.breaches, -check.n_failed))
    for check in rules[:1]:
        if check.breaches or check.n_failed >= max(1.0, ACCOUNTED * facts.suspect_count):
            return check
    return None


def _is_rule(check: CheckRecord) -> bool:
    return describe(check.name).about == "rules"


def _list_reasons(facts: Record) -> list[str]:
    """A clause for alarms that say the same; where a rule accounts for the batch, one for all others."""
    alarms, rule = ranked_alarms(facts), explaining_rule(facts)
    if rule is None or not alarms:
        return _fold(facts, alarms)
    if not facts.rows:
        return ["the file has no rows"]
    others = [check.name for check in alarms if not _is_rule(check)]
    said = [reason_of(check, facts.rows) for check in [rule, *(c for c in alarms if _is_rule(c) and c != rule)]]
    said += tell_units(facts).values()
    return [*said, f"what {join_list(others)} say{'s' * (len(others) == 1)} may follow from that"] if others else said


def _fold(facts: Record, alarms: Sequence[CheckRecord]) -> list[str]:
    """A clause for each thing that alarms are about: what the strongest says, the others by name.

    Alarms are about the same if they have one subject and point at the same column first, or at none, or if they point
    at cells of another unit. That the rows look poisoned by all checks together adds nothing to what names a reason.
    """
    units = tell_units(facts)
    groups: dict[tuple[str, str], list[CheckRecord]] = {}
    for check in sorted(alarms, key=lambda check: check.name == ROWS.name):  # stable: the strongest stays first
        key = next(iter(groups)) if check.name == ROWS.name and groups else _find_subject(check, units)
        groups.setdefault(key, []).append(check)
    clauses = []
    for key, (first, *others) in groups.items():
        unit = units.get(key[1]) if key[0] == OTHER_UNIT else None
        names = join_list([check.name for check in ([first, *others] if unit else others)])
        said = unit or reason_of(first, facts.rows)
        clauses.append(f"{said} ({'seen by' if unit else 'also'} {names})" if names else said)
    return clauses


def _find_subject(check: CheckRecord, units: Mapping[str, str]) -> tuple[str, str]:
    """What an alarm is about: another unit and the column, or a subject and its first column; or itself alone."""
    about = describe(check.name).about
    columns = [name for each in check.evidence.columns if each.stands_out for name in each.columns]
    if check.fault is not None or check.breaches or about in (None, "rules"):
        return check.name, ""
    if columns and set(columns) <= units.keys():
        return OTHER_UNIT, columns[0]
    return str(about), "".join(columns[:1])


def reason_of(check: CheckRecord, rows: int) -> str:
    """What one alarm means, with the first column or rows that it points at."""
    if check.fault is not None:
        return f"{check.name} failed: {check.fault}"
    if check.breaches:
        return f"{check.name}: {check.breaches[0]}"
    said, named = count_alarm(check, rows), what_stands_out(check)
    return f"{said}: {named}" if named else said


def what_stands_out(check: CheckRecord) -> str:
    """The columns, or the rows, that a check points at first; nothing where it points at none.

    Rules name the column, the rule and how many rows break it; repetition names the pair, a leak the copied rows.
    """
    about, evidence = describe(check.name).about, check.evidence
    columns = [each for each in evidence.columns if each.stands_out]
    if about == "rules" and columns:
        first = columns[0]
        rows = f" ({first.facts['rows']:,} rows)" if "rows" in first.facts else ""
        return printable(f"{', '.join(first.columns)}: {first.facts.get('rule', 'see its evidence')}{rows}")
    if about == "repetition" and evidence.rows:
        return f"rows {join_list([str(row) for row in evidence.rows[0].rows])} first"
    if about == "leak" and evidence.rows:
        pairs = [f"row {e.rows[0]} of row {e.facts.get('copy of holdout row')}" for e in evidence.rows]
        return join_list(pairs, most=3)
    named = dict.fromkeys(name for each in columns for name in each.columns)
    return printable(join_list(list(named), most=3))


def headline(facts: Record) -> str:
    """What is wrong, in one sentence."""
    if facts.fault is not None:
        return "The file can't be read as a table; its bytes are kept as they came."
    if not facts.holds and not ranked_alarms(facts) and not describe_history(facts):
        return f"The batch as a whole looks normal; {suspects(facts)} suspect, one by one."
    if stands_unmeasured(facts) or not facts.rows:
        return f"{sentence(reasons(facts))}."
    return f"{sentence(reasons(facts))}: {suspects(facts)} suspect."


def sentence(clauses: list[str]) -> str:
    """The first three clauses as the beginning of a sentence.

    Examples
    --------
    >>> sentence(["rows break the schema", "columns have moved"])
    'Rows break the schema and columns have moved'
    """
    text = join_list(clauses, most=3)
    return f"{text[0].upper()}{text[1:]}"


def suspects(facts: Record) -> str:
    """How many rows are suspect, with the verb."""
    return f"{facts.suspect_count:,} of {facts.rows:,} rows {'is' if facts.suspect_count == 1 else 'are'}"


def certainty(facts: Record, budget: float) -> str:
    """How sure that is, in one sentence.

    Parameters
    ----------
    facts : Record
    budget : float
        The share of clean batches that may be quarantined.
    """
    if facts.fault is not None:
        return f"The reader says: {facts.fault}."
    if stands_unmeasured(facts):
        return MEASURED_THEN
    broken = [c for c in facts.checks if c.alarm and (c.breaches or c.fault is not None)]
    if broken:
        return "A declared rule is broken or a check failed: no estimate is involved."
    if not ranked_alarms(facts):
        return "What was measured is within its limits for the batch as a whole."
    return (
        f"A clean batch looks this odd {once_in(facts.p_value)}. "
        f"We hold anything rarer than {chance(budget)}.{_share(facts)}"
    )


def _share(facts: Record) -> str:
    """How many rows look poisoned, with the ends of an interval; nothing where none does."""
    share = facts.poisoned_share
    if share is None or not share.estimate:
        return ""
    estimate, lowest, highest = (percent(value, 0) for value in (share.estimate, share.lowest, share.highest))
    return f" About {estimate} of its rows look poisoned, from {lowest} to {highest}."


def advice(facts: Record, planted: bool, repeated: bool) -> str:
    """What such a pattern of alarms often means, and what to do about it.

    Parameters
    ----------
    facts : Record
    planted : bool
        Whether the suspects share values that trusted rows hardly ever have.
    repeated : bool
        Whether too many rows repeat one another.
    """
    alarms = ranked_alarms(facts)
    if facts.fault is not None:
        return "Ask the source to send the file again in a form that can be read; reject this one."
    if facts.holds:
        return "No release lifts this: put right what is named above, or reject the batch."
    if any(check.fault is not None for check in facts.checks):
        return "A check could not measure this batch. Have the failure looked into before you release it."
    if not alarms:
        return advise_on_history(facts) or "Look at the suspect rows; the others are accepted."
    if not facts.rows:
        return "The file has no rows. Ask the source to send it again; reject this one."
    if tell_units(facts):
        return UNIT_ADVICE
    rule = explaining_rule(facts)
    if rule is not None:
        return describe(rule.name).advice
    about = {describe(check.name).about for check in alarms}
    if "leak" in about:
        return next(describe(check.name).advice for check in alarms if describe(check.name).about == "leak")
    if repeated:
        return REPEATED
    if is_about(facts, "distribution"):
        return describe(next((check for check in alarms if not may_be_honest(check.name)), alarms[0]).name).advice
    if planted:
        return PLANTED
    if describe(alarms[0].name).about == "rules":
        return describe(alarms[0].name).advice
    return _advice_on_rows(facts)


def is_about(facts: Record, subject: Subject) -> bool:
    """Whether there are alarms, and all of them are about one thing."""
    alarms = ranked_alarms(facts)
    return bool(alarms) and all(describe(c.name).about == subject and c.fault is None for c in alarms)


def is_honest_change(facts: Record) -> bool:
    """Whether nothing speaks against the batch but that its columns or class shares have moved, within their units."""
    return all(map(may_be_honest, facts.alarms)) and not tell_units(facts)


def _advice_on_rows(facts: Record) -> str:
    """The advice of what is the oddest: of labels, or of features; of features where nothing looks at either."""
    looks = [check for check in facts.checks if describe(check.name).about in ("labels", "features")]
    oddest = min(looks, key=lambda check: (check.p_value, check.name), default=None)
    return ADVICE["features"] if oddest is None else describe(oddest.name).advice
