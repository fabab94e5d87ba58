"""What a region that no model learns from holds, and how the model does there."""

from dataclasses import dataclass

import numpy as np

from pratique.contract.audit import Audited
from pratique.core.region import Region
from pratique.statistics.resampling import Estimate
from pratique.training.exclusion import mark_region


@dataclass(frozen=True)
class ExcludedRegion:
    """A region of `train.exclude`.

    Attributes
    ----------
    region : tuple of str
    trusted, accepted, holdout : int
        Rows in it: trusted and accepted ones, from which the model does not learn, and those that measure it.
    inside, outside : Estimate, optional
        The model's accuracy on the holdout in the region, and in none of them; None where there is no row.
    """

    region: Region
    trusted: int
    accepted: int
    holdout: int
    inside: Estimate | None
    outside: Estimate | None


def measure_regions(audited: Audited, regions: tuple[Region, ...]) -> list[ExcludedRegion]:
    """Each region that params.yaml excludes."""
    if not regions:
        return []
    right = audited.model.predict(audited.holdout) == audited.holdout.labels
    held = [mark_region(audited.holdout, region) for region in regions]
    elsewhere = ~np.logical_or.reduce(held)
    return [
        ExcludedRegion(
            region,
            trusted=int(mark_region(audited.reference, region).sum()),
            accepted=sum(int(mark_region(batch, region).sum()) for batch in audited.accepted),
            holdout=int(inside.sum()),
            inside=_share(right[inside]),
            outside=_share(right[elsewhere]),
        )
        for region, inside in zip(regions, held, strict=True)
    ]


def _share(right: np.ndarray) -> Estimate | None:
    return Estimate.of_share(int(right.sum()), len(right)) if len(right) else None
