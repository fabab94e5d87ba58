"""A family of attacks that the fusion was not shown."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.params import Params
from pratique.detector.detector import Detector
from pratique.detector.simulate import SIMULATIONS
from pratique.drill import unseen


@pytest.fixture
def project(tmp_path, monkeypatch, mixed_batch):
    monkeypatch.chdir(tmp_path)
    for folder in (paths.REFERENCE, paths.HOLDOUT):
        folder.mkdir(parents=True)
        pq.write_table(pa.concat_tables([mixed_batch.table] * 2), folder / "rows.parquet")
    return Params(data={"label": "y"}, checks={"labels": {}, "losses": {"trees": 10}})


def test_each_attack_of_the_family_is_judged_with_and_without_it(project, monkeypatch):
    monkeypatch.setattr(unseen, "ATTACK_FAMILIES", ("flips",))
    shown = []
    honest = Detector.learn
    monkeypatch.setattr(Detector, "learn", lambda *a, **k: (shown.append(k.get("without")), honest(*a, **k))[1])
    (found,) = unseen.leave_one_family_out(project, rate=0.5, batches=2, rows=40)
    assert shown == [None, "flips"]
    assert (found.family, found.batches) == ("flips", 2 * sum(s.family == "flips" for s in SIMULATIONS))
    assert found.shown >= 0.5
    assert 0 <= found.unseen <= 1
