"""A team's own model: how it is made and seeded, what of it is loaded, and what is said where it can't be."""

import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import TrainParams
from pratique.core.writing import write_text
from pratique.training.estimator import (
    depends_on_seed,
    digest_estimator,
    fit_estimator,
    reach_code,
    require_dependencies,
)
from pratique.training.models import Model, count_trainings, train

BOOSTED = "sklearn.ensemble:HistGradientBoostingClassifier"
POINTS, TARGETS = np.arange(40.0).reshape(20, 2), np.arange(20) // 10
OWN_CLASS = """
from sklearn.base import BaseEstimator, ClassifierMixin


class Half(ClassifierMixin, BaseEstimator):
    def __init__(self, answer=1):
        self.answer = answer

    def fit(self, points, targets):
        self.middle = points[:, 0].mean()

    def predict(self, points):
        return (points[:, 0] > self.middle) * self.answer
"""


BAD_PARAMS = """
class Bad:
    fit = predict = None
    def get_params(self, deep):"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.fixture
def module(folder):
    """Write a module of the team's own; no two tests may have the same, because Python remembers it."""
    names = []

    def write(text):
        names.append(f"team_{abs(hash(folder))}_{len(names)}")
        (folder / f"{names[-1]}.py").write_text(text)
        return names[-1]

    yield write
    for name in names:
        sys.modules.pop(name, None)


def fit(estimator, seed=0, hidden=False, **params):
    return fit_estimator(TrainParams(estimator=estimator, params=params), seed, POINTS, TARGETS, hidden)


def test_a_factory_is_given_its_params_and_every_part_the_seed_and_one_thread(module):
    team = module("""
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def make(trees):
    forest = RandomForestClassifier(trees, random_state=7)
    return make_pipeline(StandardScaler(), BaggingClassifier(forest, 2, n_jobs=2))
""")
    said = fit(f"{team}:make", seed=2**31 + 5, trees=3).get_params()
    assert said["baggingclassifier__estimator__n_estimators"] == 3
    assert said["baggingclassifier__random_state"] == said["baggingclassifier__estimator__random_state"] == 5
    assert (said["baggingclassifier__n_jobs"], said["baggingclassifier__estimator__n_jobs"]) == (2, 1)


@pytest.mark.parametrize("estimator", [BOOSTED, "sklearn.svm:SVC", "xgboost:XGBClassifier", "lightgbm:LGBMClassifier"])
def test_classifiers_of_libraries_give_the_same_bytes_and_are_read_back(estimator, mixed_batch, folder):
    if find_spec(estimator.partition(".")[0].partition(":")[0]) is None:
        pytest.skip("not installed")
    fields = {"LGBMClassifier": {"verbose": -1, "n_estimators": 10}, "XGBClassifier": {"n_estimators": 10}}
    params = TrainParams(estimator=estimator, params=fields.get(estimator.partition(":")[2], {}))
    model = train(mixed_batch, params, seed=1)
    assert model.to_bytes() == train(mixed_batch, params, seed=1).to_bytes()
    model.save(folder / "model.skops")
    loaded = Model.load(folder / "model.skops")
    assert loaded.predict(mixed_batch).tolist() == model.predict(mixed_batch).tolist()
    assert (model.predict(mixed_batch) == mixed_batch.labels).mean() > 0.8


def test_a_class_of_a_team_s_own_is_read_back_once_it_is_listed(module, mixed_batch, folder):
    team = module(OWN_CLASS)
    model = train(mixed_batch, TrainParams(estimator=f"{team}:Half"), seed=0)
    assert model.probabilities(mixed_batch) is None
    model.save(folder / "model.skops")
    with pytest.raises(PratiqueError, match=rf"holds {team}\.Half, which is not trusted; .* train\.trusts"):
        Model.load(folder / "model.skops")
    loaded = Model.load(folder / "model.skops", [f"{team}.Half"])
    assert loaded.predict(mixed_batch).tolist() == model.predict(mixed_batch).tolist()


def test_trainings_are_repeated_where_something_takes_a_seed(module):
    half = TrainParams(estimator=f"{module(OWN_CLASS)}:Half")
    boosted = TrainParams(estimator=BOOSTED)
    assert (depends_on_seed(half), depends_on_seed(boosted)) == (False, True)
    assert (count_trainings(half, 5), count_trainings(boosted, 5)) == (1, 5)


def test_what_is_kept_is_void_once_the_factory_is_edited(module, folder):
    params = TrainParams(estimator=f"{module(OWN_CLASS)}:Half")
    before = digest_estimator(params)
    assert digest_estimator(TrainParams()) is None
    (file,) = folder.glob("team_*.py")
    file.write_text(OWN_CLASS + "\n# edited\n")
    assert digest_estimator(params) != before


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "make", "has no function or class 'make'"),
        ("import nothing_like_this", "make", "importing 'team_.*' failed .ModuleNotFoundError: No module named"),
        ("make = dict", "make", "gave a dict; expected a classifier with `fit` and `predict`"),
        ("def make(depth): pass", "make", "calling 'make' with train.params failed .TypeError: .*depth"),
        ("class Bad:\n    fit = predict = None", "Bad", "`fit` of its model failed .TypeError"),
        ("raise SystemExit(0)", "make", "importing 'team_.*' failed .SystemExit: 0"),
        (
            f"{BAD_PARAMS}\n        raise ValueError('lost')",
            "Bad",
            "`get_params` of its model failed .ValueError: lost",
        ),
        (
            f"{BAD_PARAMS}\n        return {{'n_jobs': None}}",
            "Bad",
            "setting n_jobs of its model failed .AttributeError",
        ),
    ],
)
def test_a_factory_that_can_t_be_used_is_one_line(module, text, name, message):
    with pytest.raises(PratiqueError, match=rf"params\.yaml: train\.estimator: .*{message}") as caught:
        fit(f"{module(text)}:{name}")
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_there_and_an_answer_that_is_no_class_are_said(module, mixed_batch, monkeypatch):
    with pytest.raises(PratiqueError, match=r"no module 'nowhere.models', neither installed nor in this folder"):
        fit("nowhere.models:make")
    monkeypatch.setitem(sys.modules, "scripted", ModuleType("scripted"))  # as a script has no place among modules
    with pytest.raises(PratiqueError, match=r"no module 'scripted'"):
        fit("scripted:make")
    model = train(mixed_batch, TrainParams(estimator=f"{module(OWN_CLASS)}:Half", params={"answer": 2}), seed=0)
    with pytest.raises(PratiqueError, match="did not answer a number from 0 to 1 for each row"):
        model.predict(mixed_batch)


def test_no_text_of_an_error_is_shown_where_cells_are_personal(module):
    failing = f"{module(OWN_CLASS.replace('self.middle =', 'raise ValueError(points[1, 1]); self.middle ='))}:Half"
    with pytest.raises(PratiqueError, match=r"ValueError: 3\.0"):
        fit(failing)
    with pytest.raises(PratiqueError, match=r"failed \(ValueError\)$"):
        fit(failing, hidden=True)


def test_a_folder_s_modules_come_after_those_that_are_installed(folder):
    before = [*sys.path]
    reach_code(folder)
    reach_code(folder)
    assert sys.path == [*before, str(folder)]


def test_stages_must_depend_on_the_factory_s_file(module, folder):
    team = module(OWN_CLASS)
    params = TrainParams(estimator=f"{team}:Half")
    require_dependencies(params)  # no pipeline, nothing to run again
    deps = f"deps: [data/accepted, {team}.py]"
    write_text(paths.PIPELINE, f"stages: {{train: {{{deps}}}, report: {{deps: [data/records]}}, evaluate: {{}}}}\n")
    with pytest.raises(PratiqueError, match=rf"dvc\.yaml: report, evaluate: no dependency on {team}\.py") as caught:
        require_dependencies(params)
    assert f"add `- {team}.py` to the deps of each" in str(caught.value)
    write_text(paths.PIPELINE, f"stages: {{train: {{{deps}}}, report: {{{deps}}}, ours: {{}}}}\n")
    require_dependencies(params)
    require_dependencies(TrainParams(estimator=BOOSTED))  # installed: no file of this folder


def test_boosted_trees_are_a_kind_of_this_program_too(mixed_batch: Batch, folder):
    params = TrainParams(model="gradient_boosting", trees=10)
    model = train(mixed_batch, params, seed=0)
    model.save(folder / "model.skops")
    assert Model.load(folder / "model.skops").predict(mixed_batch).tolist() == model.predict(mixed_batch).tolist()
    assert count_trainings(params, 5) == 1
    assert train(mixed_batch, params, seed=9).to_bytes() != model.to_bytes()  # the seed is a param of it
    assert (train(mixed_batch, params, 9).probabilities(mixed_batch) == model.probabilities(mixed_batch)).all()
