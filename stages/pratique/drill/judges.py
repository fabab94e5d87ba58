"""Who judges the drill's batches: for each fold of calibration, what was learned without its rows."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import LimitParams, Params
from pratique.core.writing import keep_only
from pratique.detector import profile
from pratique.detector.cache import key_of
from pratique.detector.calibrate import calibrate, fit_fold
from pratique.detector.detector import Detector
from pratique.detector.folds import TrustedFolds
from pratique.detector.profile import Profile

OUT_OF_FOLD = paths.CACHE / "out-of-fold"


class FoldJudges(Sequence[Detector]):
    """A detector for each fold, made when it is asked for.

    Its limits come from the rows that each fold left out, for such are the rows that it judges. Where those of the
    profile come from elsewhere, from the holdout say, calibration is done again for them, and kept.
    """

    def __init__(self, params: Params, reference: Batch, holdout: Batch) -> None:
        """Deal the folds; nothing is learned yet."""
        limits = LimitParams.model_validate({"from": "reference"})
        self._params = params.model_copy(update={"limits": limits})
        self._reference, self._holdout = reference, holdout
        self._as_calibrated = TrustedFolds.deal(reference, holdout, params).unlearned is None
        self.folds = TrustedFolds.deal(reference, holdout, self._params)
        self._made: dict[int, Detector] = {}

    def __len__(self) -> int:
        """How many folds there are."""
        return len(self.folds.parts)

    @overload
    def __getitem__(self, k: int) -> Detector: ...
    @overload
    def __getitem__(self, k: slice) -> Sequence[Detector]: ...
    def __getitem__(self, k: int | slice) -> Detector | Sequence[Detector]:
        """The detector that knows none of the rows of fold `k`."""
        if isinstance(k, slice):
            return [self[each] for each in range(len(self))[k]]
        if k not in self._made:
            alone = fit_fold(self.profile, k, self._reference, self.folds, self._holdout, self._params)
            self._made[k] = Detector(alone, self._params)
        return self._made[k]

    @cached_property
    def profile(self) -> Profile:
        """What all folds learned, with limits out of fold."""
        if self._as_calibrated:
            return profile.load(self._params)
        place = OUT_OF_FOLD / key_of(profile.digest())
        try:
            return profile.load(self._params, place)
        except PratiqueError:  # never learned, or spoiled
            return self._learn(place)

    def _learn(self, place: Path) -> Profile:
        learned = calibrate(self._reference, self._params, self._holdout.table)
        profile.save(learned, place)
        keep_only(OUT_OF_FOLD, [file for file in place.rglob("*") if file.is_file()])
        return learned
