"""What is said where torch is not installed, and of images that are none."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams, TrainParams
from pratique.tables.trusted import layout_of
from pratique.training.models import train


def test_what_is_missing_is_said(make_table, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(PratiqueError, match=r"train.model: network needs torch: pip install 'pratique\[torch\]'"):
        train(make_table(20), TrainParams(model="network"), 0)


def test_features_that_are_no_pixels_are_refused():
    pixels = {f"pixel_{place}": np.arange(4.0) + place for place in range(16)}
    data = DataParams(label="y", image={"height": 4, "width": 4})
    table = pa.table(pixels | {"y": ["a", "b", "a", "b"]})
    assert layout_of(table, data).image == (4, 4, 1)
    with pytest.raises(
        PratiqueError, match=r"data.image: 16 pixels, but the trusted rows have 17 features, 16 of them"
    ):
        layout_of(table.append_column("colour", [["red", "blue", "red", "blue"]]), data)


def test_params_that_name_no_image_have_the_digest_that_they_had():
    assert "image" not in DataParams(label="y").model_dump()
    assert "epochs" not in TrainParams().model_dump()
