"""Stage report: the pages that people decide on, and a table of what was quarantined, at the end of a run."""

from pratique.core.params import Params, load
from pratique.core.screen import display
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.queue_page import list_priced
from pratique.pages.site import write_site
from pratique.provenance.record import Record
from pratique.results.records import read_records, tell_waiting
from pratique.terminal.notify import notify
from pratique.terminal.summary import summary
from pratique.words.alarm_rate import tell_alarm_rate


def main() -> None:
    """Write the pages, show what was quarantined and why, and tell whom params.yaml names."""
    params, facts = write_pages()
    display(summary(facts, [tell_waiting(), tell_alarm_rate(facts, params.alarms.alpha)]))
    notify(params.notify, facts, params.alarms.alpha)


def write_pages() -> tuple[Params, list[Record]]:
    """Write the pages of the queue and of the reference, and one for each batch that is not plainly accepted.

    Returns the params and the records that they were drawn from.
    """
    params, facts = load(), read_records()
    write_site(params, facts, DossierBuilder(params, facts, list_priced(facts)))
    return params, facts
