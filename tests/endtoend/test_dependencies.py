"""A stage depends on all the code that it runs: else an edit of it would leave stale results behind."""

import grimp
import pytest
from pratique.contract.discovery import MEASURING
from pratique.scaffold.pipeline import STAGES

DISCOVERED = {
    "pratique.contract.discovery": ("pratique.checks", "pratique.attacks"),
    "pratique.contract.audit_discovery": ("pratique.audits",),
}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("pratique", exclude_type_checking_imports=True, cache_dir=None)


def rooms(graph, module):
    """The rooms whose code runs when a module does; what discovery finds by name is imported, too."""
    modules = {module} | graph.find_upstream_modules(module)
    for room in [room for discovery, found in DISCOVERED.items() if discovery in modules for room in found]:
        for unit in graph.find_descendants(room):
            modules |= {unit} | graph.find_upstream_modules(unit)
    return {name.split(".")[1] for name in modules if "." in name} - {"pipeline"}


@pytest.mark.parametrize("stage", STAGES, ids=[stage.name for stage in STAGES])
def test_a_stage_depends_on_the_rooms_that_it_imports(graph, stage):
    assert set(stage.code) == rooms(graph, f"pratique.pipeline.{stage.name}")


def test_what_is_kept_is_void_once_code_that_it_comes_from_changes(graph):
    assert set(MEASURING) == rooms(graph, "pratique.detector.detector")
    for module, more in (
        ("pratique.pipeline.validate", {"provenance", "decisions", "quarantine"}),
        ("pratique.drill.setting", {"training", "quarantine", "drill"}),
        ("pratique.results.price", {"provenance", "training", "results"}),
    ):
        assert rooms(graph, module) - set(MEASURING) == more  # what each gives to `digest_code`
