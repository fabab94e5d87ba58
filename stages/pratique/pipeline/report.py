"""Stage report: the pages that people decide on, and a table of what was quarantined, at the end of a run."""

from pratique.core import paths
from pratique.core.params import load
from pratique.core.progress import show_progress
from pratique.core.screen import display
from pratique.core.writing import keep_only, write_text
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.batch_page import batch_page
from pratique.pages.queue_page import queue_page, waiting
from pratique.pages.reference_page import reference_page
from pratique.pages.worth import read_worth
from pratique.results.records import read_records
from pratique.scaffold.audit import audit_beside
from pratique.terminal.notify import notify
from pratique.terminal.summary import summary
from pratique.words.alarm_rate import tell_alarm_rate
from pratique.words.identity import identity_note


def main() -> None:
    """Write the pages, show what was quarantined and why, and tell whom params.yaml names."""
    write_pages()
    params, facts = load(), read_records()
    display(summary(facts, [tell_alarm_rate(facts, params.alarms.alpha), identity_note(params)]))
    notify(params.notify, facts, params.alarms.alpha)


def write_pages() -> None:
    """Write the pages of the queue and of the reference, and one for each batch that is not plainly accepted."""
    params, facts = load(), read_records()
    identity = identity_note(params)
    desk = DossierBuilder(params, facts)
    queue = [one.batch for one in waiting(facts)]
    prices = {}
    pages = {one.batch: paths.PAGES / f"{one.batch}.html" for one in facts if not one.plain}
    for one in show_progress([one for one in facts if one.batch in pages], "reporting"):
        dossier = desk.dossier(one)
        prices[one.batch] = dossier.price
        write_text(pages[one.batch], batch_page(dossier, desk, params, queue))
    keep_only(paths.PAGES, pages.values())
    write_text(paths.INDEX, queue_page(facts, prices, read_worth(params.train), identity))
    trusted = desk.reference
    write_text(paths.REFERENCE_PAGE, reference_page(trusted, audit_beside(trusted, paths.HOLDOUT), identity))
