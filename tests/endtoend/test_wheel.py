"""The package beside a team's own code: it takes one name, `pratique`, and leaves `stages` to the team."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pratique import __version__

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
THEIRS = {
    "stages/utils.py": "x = 'their own'\n",
    "stages/train.py": "from stages.utils import x\n\nprint(f'trained with {x} code')\n",
}


def files_below(folder):
    """Names of the files of a package, without what Python makes of them."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(new_project, tmp_path_factory):
    """The wheel, built from a copy: building leaves traces beside the source."""
    project = new_project()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, project.path(name))
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(REPOSITORY / "stages", project.root / "stages", ignore=ignored)
    folder = tmp_path_factory.mktemp("wheels")
    project.ok(*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(folder), ".")
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, new_project, tmp_path_factory):
    """A folder of packages that holds it."""
    folder = tmp_path_factory.mktemp("site")
    new_project().ok(*PIP, "install", "--no-index", "--no-deps", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture(params=[True, False], ids=["a package", "a plain folder"])
def python(request, project, installed):
    """Run Python in a team's repository, where its own folder `stages` is a package or is not."""
    theirs = THEIRS | ({"stages/__init__.py": ""} if request.param else {})
    for name, text in theirs.items():
        project.path(name).write_text(text, encoding="utf-8")
    environment = project._environment() | {"PYTHONPATH": os.pathsep.join((".", str(installed)))}

    def run(*words):
        done = subprocess.run(
            (sys.executable, *words), cwd=project.root, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_wheel_brings_one_package_with_all_of_its_files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"pratique", f"pratique-{__version__}.dist-info"}
    packed = {name.removeprefix("pratique/") for name in names if name.startswith("pratique/")}
    assert packed == files_below(REPOSITORY / "stages/pratique")


@pytest.mark.parametrize("words", [("-m", "stages.train"), ("stages/train.py",)], ids=" ".join)
def test_a_team_s_own_stages_run(python, words):
    assert python(*words) == "trained with their own code\n"


def test_the_command_runs_from_the_installed_package(python, installed):
    origin = python("-c", "import pratique, stages.utils; print(pratique.__file__)").strip()
    assert Path(origin) == installed / "pratique/__init__.py"
    assert "Usage: " in python("-m", "pratique.cli", "--help")
    assert "Usage: " in python(str(installed / "bin/pratique"), "--help")
