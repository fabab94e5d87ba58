"""All pages together: the queue, the trusted rows, and one page for each batch that is not plainly accepted."""

from collections.abc import Sequence

from pratique.core import paths
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.core.writing import keep_only, write_text
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.batch_page import batch_page
from pratique.pages.queue_page import NO_NOTES, RunNotes, queue_page, waiting
from pratique.pages.reference_page import reference_page
from pratique.pages.worth import read_worth
from pratique.provenance.record import Record
from pratique.results.records import tell_waiting
from pratique.results.requirements import judge_run
from pratique.scaffold.remarks import list_remarks_beside
from pratique.words.alarm_rate import tell_alarm_rate
from pratique.words.identity import identity_note
from pratique.words.requirements import count_states


def write_site(params: Params, facts: Sequence[Record], desk: DossierBuilder, at_gate: bool = False) -> None:
    """Write the pages into the current folder.

    Parameters
    ----------
    params : Params
    facts : sequence of Record
        Sorted by batch.
    desk : DossierBuilder
    at_gate : bool
        Whether they are the gate's, which lie beside their records and know no model.
    """
    identity = identity_note(params)
    queue = [one.batch for one in waiting(facts)]
    prices = {}
    pages = {one.batch: paths.PAGES / f"{one.batch}.html" for one in facts if not one.plain}
    for one in show_progress([one for one in facts if one.batch in pages], "reporting"):
        dossier = desk.dossier(one)
        prices[one.batch] = dossier.price
        write_text(pages[one.batch], batch_page(dossier, desk, params, queue, at_gate=at_gate))
    keep_only(paths.PAGES, pages.values())
    notes = NO_NOTES if at_gate else tell_run(params, facts)
    index = queue_page(facts, prices, read_worth(params.train), identity, notes=notes)
    write_text(paths.INDEX, index)
    trusted = desk.reference
    write_text(paths.REFERENCE_PAGE, reference_page(trusted, list_remarks_beside(trusted, paths.HOLDOUT), identity))


def tell_run(params: Params, facts: Sequence[Record]) -> RunNotes:
    """What the page of all batches says of the run as a whole."""
    judged = judge_run(params)
    return RunNotes(tell_waiting(), tell_alarm_rate(facts, params.alarms.alpha), count_states(judged))
