"""Every example in a docstring gives what it says."""

import doctest
import importlib
import pkgutil

import pratique
import pytest

MODULES = sorted(module.name for module in pkgutil.walk_packages(pratique.__path__, "pratique."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
