"""A check and an attack in a package of a team's own: one file each, nothing else touched."""

import json
import sys
import textwrap

import pytest
from pratique.contract import discovery, plugins
from pratique.detector.hypotheses import HYPOTHESES

CHECK = '''
"""Rows of the night shift."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import FittedRuleCheck, RuleCheck
from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import Subject


class NightShift(RuleCheck):
    """No row is older than `oldest`."""

    alarm: ClassVar[str] = "rows come from the night shift"
    advice: ClassVar[str] = "Ask the night shift what happened."
    about: ClassVar[Subject] = "rules"

    oldest: int = 60

    def fit(self, trusted, rng):
        return FittedNightShift(self.oldest)


@dataclass(frozen=True)
class FittedNightShift(FittedRuleCheck):
    oldest: int

    def measure(self, batch):
        late = batch.numeric[:, batch.layout.numeric.index("age")] > self.oldest
        rows = np.flatnonzero(late).tolist()
        breaches = ("the night shift sent rows",) if len(rows) > 5 else ()
        evidence = Evidence.of_columns([ColumnEvidence(("age",), {"oldest": self.oldest}, tuple(rows[:5]))])
        return RuleBreaches(late, breaches, {row: "sent at night" for row in rows}, evidence)
'''
ATTACK = '''
"""Old rows."""

import numpy as np

from pratique.contract.attack import Attack, choose_rows, count_poisoned, overwrite_cells


class NightWatch(Attack):
    """Every poisoned row becomes 99 years old."""

    def poison(self, batch, rate, rng):
        rows = choose_rows(np.arange(len(batch)), count_poisoned(batch, rate), rng)
        return overwrite_cells(batch, rows, {"age": np.full(len(rows), 99.0)})
'''
POINTS = """
[pratique.checks]
night_shift = nightwatch.check:NightShift

[pratique.attacks]
night_watch = nightwatch.attack:NightWatch
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The package, as an installer would lay it out."""
    site = tmp_path / "site"
    files = {
        "nightwatch/__init__.py": "",
        "nightwatch/check.py": CHECK,
        "nightwatch/attack.py": ATTACK,
        "nightwatch-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nightwatch\nVersion: 1.0\n",
        "nightwatch-1.0.dist-info/entry_points.txt": POINTS,
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "nightwatch"]:
        monkeypatch.delitem(sys.modules, name)  # an earlier test laid out another copy
    monkeypatch.syspath_prepend(site)
    plugins.plugins.cache_clear()
    yield site
    plugins.plugins.cache_clear()


@pytest.mark.slow
def test_a_team_s_own_check_and_attack_show_in_verdicts_pages_and_the_drill(package, prepared, make_rows, tmp_path):
    project = prepared.copy(tmp_path / "project")
    text = project.path("params.yaml").read_text(encoding="utf-8")
    text = text.replace("checks:\n", "checks:\n  night_shift: {oldest: 70}\n")
    text = text.replace("attacks: {label_flip: {}}", "attacks: {night_watch: {}}")
    project.path("params.yaml").write_text(text, encoding="utf-8")
    make_rows(40, seed=9).assign(age=90).to_csv(project.path("data/incoming/east/night.csv"), index=False)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "drill", "report")
    record = json.loads((project.root / "data/records/east/night.json").read_text(encoding="utf-8"))
    assert "night_shift" in record["predicate"]["reasonCodes"]
    page = (project.root / "data/reports/batches/east/night.html").read_text(encoding="utf-8")
    assert "night_shift: the night shift sent rows" in page.lower()  # it begins the sentence
    assert "rows come from the night shift" in page
    drilled = json.loads((project.root / "data/reports/drill/metrics.json").read_text(encoding="utf-8"))
    assert list(drilled) == ["night_watch-20"]
    assert drilled["night_watch-20"]["rows_caught"] == 1.0


def test_a_name_that_is_taken_is_refused(package):
    taken = package / "nightwatch-1.0.dist-info/entry_points.txt"
    taken.write_text("[pratique.checks]\nlabels = nightwatch.check:NightShift\n", encoding="utf-8")
    plugins.plugins.cache_clear()
    with pytest.raises(discovery.PratiqueError, match=r"labels .*: the name is taken"):
        discovery.check_names()


def test_the_name_of_a_hypothesis_is_refused(package):
    assert set(plugins.RESERVED[plugins.CHECKS]) == set(HYPOTHESES)
    taken = package / "nightwatch-1.0.dist-info/entry_points.txt"
    taken.write_text("[pratique.checks]\nrows = nightwatch.check:NightShift\n", encoding="utf-8")
    plugins.plugins.cache_clear()
    with pytest.raises(discovery.PratiqueError, match=r"rows .*: the name is taken"):
        discovery.check_names()


def test_a_share_of_the_budget_is_a_share(package):
    file = package / "nightwatch/check.py"
    text = file.read_text(encoding="utf-8").replace(
        'about: ClassVar[Subject] = "rules"',
        'about: ClassVar[Subject] = "rules"\n    budget_share: ClassVar[float | None] = 1.5',
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(discovery.PratiqueError, match="budget_share"):
        discovery.load_check("night_shift")


def test_what_is_no_check_is_refused(package):
    wrong = package / "nightwatch-1.0.dist-info/entry_points.txt"
    wrong.write_text("[pratique.checks]\nnight_shift = nightwatch.attack:NightWatch\n", encoding="utf-8")
    plugins.plugins.cache_clear()
    with pytest.raises(discovery.PratiqueError, match="is no subclass of Check"):
        discovery.load_check("night_shift")


def test_an_edit_of_a_team_s_check_makes_kept_measurements_void(package):
    before = discovery.digest_code()
    file = package / "nightwatch/check.py"
    file.write_text(file.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert discovery.digest_code() != before
