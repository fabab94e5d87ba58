import pytest
from pratique.contract import discovery, modules
from pratique.contract.attack import Attack
from pratique.contract.check import Check
from pratique.core.errors import PratiqueError

CHECK = """
from pratique.contract.check import RowCheck

class Probe(RowCheck):
    alarm = "rows look odd"
    advice = "Look at them."
    about = "features"
    depth: int = 3
    def fit(self, trusted, rng):
        return None
"""


@pytest.fixture
def probe(tmp_path, monkeypatch):
    """A check that somebody adds: one file, and nobody is told."""
    import pratique.checks

    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "zz_probe.py").write_text(CHECK)
    monkeypatch.setattr(modules, "PACKAGE_FOLDER", tmp_path)
    monkeypatch.setattr(pratique.checks, "__path__", [*pratique.checks.__path__, str(tmp_path / "checks")])
    return tmp_path / "checks"


@pytest.mark.parametrize("name", discovery.check_names())
def test_every_check_is_found_by_the_name_of_its_file(name):
    assert issubclass(discovery.load_check(name), Check)


@pytest.mark.parametrize("name", discovery.attack_names())
def test_every_attack_is_found_by_the_name_of_its_file(name):
    assert issubclass(discovery.load_attack(name), Attack)


def test_a_new_file_is_all_it_takes(probe):
    assert discovery.check_names() == ["zz_probe"]
    assert discovery.configured_checks({"zz_probe": {"depth": 5}})["zz_probe"].depth == 5


def test_a_file_without_its_check_is_a_mistake_of_the_programmer(probe):
    (probe / "zz_empty.py").write_text("")
    with pytest.raises(TypeError, match="defines 0 subclasses of Check, expected one"):
        discovery.load_check("zz_empty")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, r"checks: none is named; known: zz_probe"),
        ({"zz_prob": {}}, r"checks\.zz_prob: no such check; known: zz_probe"),
        ({"zz_probe": {"deep": 1}}, r"checks\.zz_probe: deep: unknown key; known here: depth"),
        ({"zz_probe": {"depth": "x"}}, r"checks\.zz_probe: depth: input should be a valid integer"),
    ],
)
def test_wrong_configuration_is_said_plainly(probe, section, message):
    with pytest.raises(PratiqueError, match=message):
        discovery.configured_checks(section)
