"""What is said of checks that take torch, where it is not installed."""

import sys

import numpy as np
import pytest
from pratique.contract.discovery import check_names, load_check
from pratique.core.errors import PratiqueError


@pytest.mark.parametrize("name", [name for name in check_names() if load_check(name).needs_torch])
def test_what_is_missing_is_said_in_one_sentence(name, images, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    told = rf"^params.yaml: checks.{name} needs torch: pip install 'pratique\[torch\]'$"
    with pytest.raises(PratiqueError, match=told):
        load_check(name)().fit(images.take(np.arange(20)), np.random.default_rng(0))


def test_there_are_checks_of_images_that_need_no_torch():
    assert [name for name in check_names() if load_check(name).needs == "images" and not load_check(name).needs_torch]
