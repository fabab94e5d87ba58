"""What became of promoted batches: the bytes that came in, and their rows in the reference, are where they were put."""

from collections.abc import Iterator
from pathlib import Path

from pratique.core import paths
from pratique.core.text import say_count
from pratique.lineage.claim import Claim
from pratique.provenance.promotion import Promotion, read_promotions
from pratique.tables.parts import sha256_batch


def claim_promotions() -> list[Claim]:
    """Whether each promoted batch is whole; nothing where none was promoted."""
    return [Claim.of("promotions", "computed, by digest", _find_missing)] if paths.PROMOTED.is_dir() else []


def describe_promotion(promotion: Promotion) -> list[str]:
    """What `pratique trace` and `pratique recall` say of a promoted batch."""
    lines = [
        f"{promotion.batch}: promoted, {say_count(promotion.rows, 'row')} to {promotion.reference.name}, from which "
        "every limit and every model learns",
        f"the bytes that came in: {promotion.original.name}; {say_count(len(promotion.held), 'held row')} in no model",
    ]
    return [*lines, *(f"{said.action} by {said.reviewer}: {said.reason} ({said.path})" for said in promotion.decisions)]


def _find_missing() -> Iterator[str]:
    for promotion in read_promotions():
        for what in (promotion.original, promotion.reference):
            place = Path(what.name)
            if not place.exists():
                yield f"{place}: not here, {promotion.path} names it; take it from git or `dvc pull` it"
            elif sha256_batch(place) != what.sha256:
                yield f"{place}: not the file that {promotion.path} names; take it from git again"
