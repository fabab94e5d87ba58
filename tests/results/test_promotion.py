"""What may not be promoted together."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.results.promotion import plan_promotion

PARAMS = Params.model_validate({"data": {"label": "y"}, "checks": {}})


def test_two_batches_whose_rows_would_be_one_file_are_refused():
    """The rows of the second would be written over those of the first."""
    with pytest.raises(PratiqueError, match=r"a--b--c\.parquet: would hold both a/b--c and a--b/c"):
        plan_promotion(["a/b--c", "a/b--c", "a--b/c"], PARAMS)
