"""The pipeline's folder: the nearest one, or that of the files which a hook names at the top of a repository."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.home import find_home


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Two pipelines below the top of a repository, which is the current folder."""
    for folder in ("fraud", "spam"):
        (tmp_path / folder / "data/incoming/east").mkdir(parents=True)
        (tmp_path / folder / "params.yaml").write_text("data: {label: y}\nchecks: {}\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


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


def test_nothing_is_found_where_nothing_is(repository):
    with pytest.raises(PratiqueError, match="not found with sections"):
        find_home()
