"""Everything that the page of one batch shows, put together."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.dossier.charts import Chart, charts
from pratique.dossier.suspects import Ranking, rank
from pratique.dossier.traits import MOST_ROWS, Trait, repeats, traits
from pratique.dossier.trusted import Trusted
from pratique.provenance.record import Record
from pratique.results.price import Price, Pricing
from pratique.results.records import read_scores, read_suspects
from pratique.tables.ingested import read_rows
from pratique.tables.trusted import read_reference

PAIRS = 6


@dataclass(frozen=True)
class Averages:
    """Two pictures: the average suspect, and the average of trusted rows that carry the suspects' labels."""

    suspects: str
    trusted: str


@dataclass(frozen=True)
class Dossier:
    """One batch, ready to be drawn.

    Attributes
    ----------
    price : Price, optional
        None where there is nothing to release, or no model to measure it on.
    pairs : tuple of (str, str, int)
        Label of a suspect, the label that most of its neighbours carry, and how many suspects that is true of.
    charts_left_out : int
    earlier : tuple of Record
        The batches of the same source.
    """

    facts: Record
    price: Price | None
    ranking: Ranking
    traits: tuple[Trait, ...]
    repeats: Trait | None
    pairs: tuple[tuple[str, str, int], ...]
    averages: Averages | None
    charts: tuple[Chart, ...]
    charts_left_out: int
    earlier: tuple[Record, ...]

    @property
    def planted(self) -> bool:
        """Whether the suspects share exact values that trusted rows hardly ever have."""
        return any(trait.planted for trait in self.traits)


class DossierBuilder:
    """What dossiers are put together from; read once a run.

    Parameters
    ----------
    params : Params
    facts : list of Record
    priced : collection of str, optional
        The batches that get a price; all that it is asked of if None.
    """

    def __init__(self, params: Params, facts: list[Record], priced: Collection[str] | None = None) -> None:
        self._all = facts
        self._id_column = params.data.id
        self._scores = read_scores()
        self.reference = read_reference(params.data)
        self._trusted = Trusted.index_of(self.reference)
        self._priced = priced
        asked = params.trains and (priced is None or len(priced) > 0)
        self._pricing = Pricing(params, self.reference) if asked else None

    @property
    def trusted_rows(self) -> tuple[int, int]:
        """How many trusted rows pages are drawn from, and how many there are."""
        return len(self._trusted.rows), self._trusted.of

    def prices(self, facts: Record) -> bool:
        """Whether the price of a batch is asked for, and there is a model for it."""
        return self._pricing is not None and (self._priced is None or facts.batch in self._priced)

    def price(self, facts: Record) -> Price | None:
        """What a release of a batch would cost; None where nothing can be released, or the price is not asked for."""
        return self._pricing.of(facts) if self._pricing is not None and self.prices(facts) else None

    def dossier(self, facts: Record) -> Dossier:
        """Put together what there is to show about one batch."""
        mine = tuple(other for other in self._all if other.source == facts.source)
        if facts.fault is not None or not facts.rows:
            return Dossier(facts, None, Ranking((), (), 0), (), None, (), None, (), 0, mine)
        table = read_rows(facts.batch)
        batch = Batch(facts.batch, table, self._trusted.rows.layout)
        reasons = read_suspects(facts)
        ranking = rank(batch, reasons, self._scores[facts.batch], self._trusted, self._id_column)
        rows = sorted(reasons)[:MOST_ROWS]
        suspects = batch.take(np.array(rows, int))
        drawn, left_out = charts(facts, batch, self._trusted.rows)
        return Dossier(
            facts,
            self.price(facts),
            ranking,
            tuple(traits(suspects, rows, len(batch), self._trusted)),
            repeats(batch, self._trusted.rows),
            _pairs(ranking),
            self._averages(suspects),
            tuple(drawn),
            left_out,
            mine,
        )

    def _averages(self, suspects: Batch) -> Averages | None:
        pictures, trusted = self._trusted.pictures, self._trusted.rows
        if pictures is None or not len(suspects):
            return None
        alike = np.isin(trusted.labels, np.unique(suspects.labels))
        theirs = trusted.numeric[alike] if alike.any() else trusted.numeric
        means = [np.nan_to_num(rows).mean(axis=0) for rows in (suspects.numeric, theirs)]
        return Averages(*(pictures.draw(mean) for mean in means))


def _pairs(ranking: Ranking) -> tuple[tuple[str, str, int], ...]:
    pairs = Counter((card.shown.label, card.votes[0]) for card in ranking.cards if card.contradicted)
    return tuple((mine, theirs, count) for (mine, theirs), count in pairs.most_common(PAIRS))
