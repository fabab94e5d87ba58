"""Cells that look like another unit's, in words."""

from pratique.contract.evidence import OTHER_UNIT
from pratique.core.errors import printable
from pratique.provenance.record import Record
from pratique.words.numbers import number

UNIT_ADVICE = (
    "Some cells look like another unit's, or have lost a decimal point. Ask the source in which unit it reports; have "
    "it send the batch again, and reject this one."
)


def tell_units(facts: Record) -> dict[str, str]:
    """A clause for each column, some of whose cells look like another unit's, by its name.

    Only of columns in which an alarm stands out: elsewhere it says nothing against the batch.
    """
    alarmed = {
        name
        for check in facts.checks
        if check.alarm
        for each in check.evidence.columns
        if each.stands_out
        for name in each.columns
    }
    return {
        each.columns[0]: _clause(each.columns[0], **{key.replace(" ", "_"): n for key, n in found.items()})
        for check in facts.checks
        for each in check.evidence.columns
        if each.columns[0] in alarmed and (found := each.facts.get(OTHER_UNIT))
    }


def _clause(column: str, cells: int, times_the_usual: float) -> str:
    ratio = f"{number(times_the_usual)} times" if times_the_usual > 1 else f"1/{number(1 / times_the_usual)} of"
    return printable(f"{cells:,} cells of {column} are about {ratio} the usual: another unit?")
