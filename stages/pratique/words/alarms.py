"""One alarm by itself, in sentences for those who see nothing else of it: a line of a test report, a note at a file."""

from itertools import chain

from pratique.detector.hypotheses import describe
from pratique.provenance.parts import CheckRecord
from pratique.provenance.record import Record
from pratique.words.numbers import chance, join_list
from pratique.words.verdicts import advice, reason_of

TOLD_ROWS = 8
TOLD_COLUMNS = 4


def tell_alarm(check: CheckRecord, facts: Record) -> str:
    """What an alarm means, how rare it is, in which columns and rows it shows, and what to do about it."""
    said = reason_of(check, facts.rows)
    if check.fault is not None:
        return f"{_capital(said)}. Have the failure looked into before anybody releases the batch."
    odds = "" if check.breaches or check.n_failed else f" Of clean batches {chance(check.p_value)} would look so odd."
    what_to_do = describe(check.name).advice or advice(facts, planted=False, repeated=False)
    return f"{_capital(said)}.{odds}{_where(check, facts)} {what_to_do}"


def _where(check: CheckRecord, facts: Record) -> str:
    columns = [name for each in check.evidence.columns if each.stands_out for name in each.columns]
    rows = [suspect.row for suspect in facts.suspects if suspect.check == check.name]
    seen = [each.rows for each in check.evidence.rows] + [each.rows for each in check.evidence.columns]
    told = [str(row) for row in dict.fromkeys(rows or chain.from_iterable(seen))]
    where = [f"columns: {join_list(list(dict.fromkeys(columns)), TOLD_COLUMNS)}"] if columns else []
    more = len(told) > TOLD_ROWS or (rows and facts.suspects_left_out) or check.evidence.rows_left_out
    first = f"{join_list(told[:TOLD_ROWS], TOLD_ROWS)}{' first' if more else ''}"
    where += [f"rows, counted from 0: {first}"] if told else []
    return f" Look at {'; '.join(where)}." if where else ""


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
