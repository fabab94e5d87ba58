"""Where a pipeline is looked for: the nearest folder above, or that of the files which a hook names at the top."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.home import find_home


@pytest.fixture
def top(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_params(folder, text="data: {label: y}\nchecks: {}\n"):
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(text)


@pytest.fixture
def repository(top):
    """Two pipelines below the top of a repository, which is the current folder."""
    for folder in ("fraud", "spam"):
        put_params(top / folder)
        (top / folder / "data/incoming/east").mkdir(parents=True)
    return top


def batch(repository, folder):
    return (repository / folder / "data/incoming/east/day1.csv").relative_to(repository)


def test_the_folder_of_the_files_is_found_from_the_top(repository):
    assert find_home([batch(repository, "spam"), batch(repository, "spam")]) == repository / "spam"


def test_the_current_folder_s_pipeline_comes_first(repository, monkeypatch):
    monkeypatch.chdir(repository / "fraud/data")
    assert find_home([batch(repository, "spam")]) == repository / "fraud"


def test_files_of_several_pipelines_are_refused_by_their_names(repository):
    with pytest.raises(PratiqueError, match=r"several pipelines \(fraud, spam\)"):
        find_home([batch(repository, "spam"), batch(repository, "fraud")])


def test_pipelines_below_are_named(top):
    for name in ("ml/spam", "quality", ".hidden"):
        put_params(top / name)
    put_params(top / "other", "depth: 3\n")
    with pytest.raises(PratiqueError, match=r"below: `cd ml/spam` \(or quality\)$"):
        find_home()


def test_where_there_is_none_one_can_be_written(top):
    with pytest.raises(PratiqueError, match=r"or write one with `pratique init`$"):
        find_home()
