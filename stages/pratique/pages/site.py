"""All pages together: the queue, the trusted rows, and one page for each batch that is not plainly accepted."""

from collections.abc import Sequence

from pratique.core import paths
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.core.writing import keep_only, write_text
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.batch_page import batch_page
from pratique.pages.queue_page import queue_page, waiting
from pratique.pages.reference_page import reference_page
from pratique.pages.worth import read_worth
from pratique.provenance.record import Record
from pratique.results.records import tell_waiting
from pratique.scaffold.audit import audit_beside
from pratique.words.alarm_rate import tell_alarm_rate
from pratique.words.identity import identity_note


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
    unlabelled, alarm_rate = ("", "") if at_gate else (tell_waiting(), tell_alarm_rate(facts, params.alarms.alpha))
    worth = read_worth(params.train)
    index = queue_page(facts, prices, worth, identity, unlabelled=unlabelled, alarm_rate=alarm_rate)
    write_text(paths.INDEX, index)
    trusted = desk.reference
    write_text(paths.REFERENCE_PAGE, reference_page(trusted, audit_beside(trusted, paths.HOLDOUT), identity))
