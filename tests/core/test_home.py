"""Where a pipeline is looked for, and what is said where there is none."""

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.home import find_home


@pytest.fixture
def top(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_params(folder, text="checks: {}\n"):
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(text)


def test_pipelines_below_are_named(top):
    for name in ("ml/spam", "quality", ".hidden"):
        put_params(top / name)
    put_params(top / "other", "depth: 3\n")
    with pytest.raises(PratiqueError, match=r"below: `cd ml/spam` \(or quality\)$"):
        find_home()


def test_where_there_is_none_one_can_be_written(top):
    with pytest.raises(PratiqueError, match=r"or write one with `pratique init`$"):
        find_home()
