"""Pointers and locks of DVC's that lie elsewhere: DVC follows them, so the gate refuses what reaches the pipeline."""

import hashlib

import pytest

pytestmark = pytest.mark.slow

LEADS = "stands for {}, which is the pipeline's or leads there"


@pytest.fixture
def stray(change, flipped, tmp_path):
    """Write a pointer to a poisoned batch, which lies in the remote that main names."""
    data = flipped.to_csv(index=False).encode()
    md5 = hashlib.md5(data).hexdigest()
    (tmp_path / "store/files/md5" / md5[:2]).mkdir(parents=True)
    (tmp_path / "store/files/md5" / md5[:2] / md5[2:]).write_bytes(data)
    change.ok("git", "switch", "-q", "main")
    change.ok("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    (change.root / "docs").mkdir()

    def write(name, path, folder=None):
        text = f"outs:\n- {{md5: {md5}, size: {len(data)}, hash: md5, path: '{path}'}}\n"
        change.path(name).write_text(text if folder is None else f"wdir: {folder}\n{text}", encoding="utf-8")
        change.commit()

    write.output = f"{{md5: {md5}, size: {len(data)}, hash: md5, path: bad.csv}}"
    return write


def test_a_pointer_beside_a_document_brings_no_batch(change, stray):
    stray("docs/x.dvc", "bad.csv", "../data/incoming/east")
    assert change.refused() == {"docs/x.dvc": LEADS.format("data/incoming/east/bad.csv")}
    change.ok("dvc", "pull", "-q", "docs/x.dvc")
    assert (change.root / "data/incoming/east/bad.csv").is_file(), "DVC would have brought it"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("docs/x.dvc", "../data/decisions/east--bad--01234567.json"),
        ("data/decisions.dvc", "decisions"),
        ("data/decisions/some.json.dvc", "some.json"),
        ("data.dvc", "data"),
        ("docs/x.dvc", "../Data/Reference/more.csv"),
        ("data/reference/more.csv.dvc", "../holdout/more.csv"),
        ("docs/x.dvc", "../.git/hooks/post-checkout"),
        ("docs/.dvc", "../params.yaml"),
        ("docs/x.dvc", ".."),
    ],
)
def test_a_pointer_reaches_nothing_of_the_pipeline_s(change, stray, name, path):
    stray(name, path)
    assert change.gate().code == 1
    assert list(change.refused()) == [name]


def test_an_absolute_place_and_what_is_no_pointer_are_refused(change, stray):
    stray("docs/x.dvc", "/srv/bad.csv")
    change.path("docs/y.dvc").write_text("[]", encoding="utf-8")
    change.commit()
    assert change.refused() == {
        "docs/x.dvc": "stands for /srv/bad.csv; expected a place beside it",
        "docs/y.dvc": "not a pointer as DVC writes it",
    }


def test_a_pointer_that_was_there_leads_nowhere_else_by_a_link(change, stray):
    stray("docs/x.dvc", "models/bad.csv")
    assert change.gate().code == 0
    change.ok("git", "branch", "-q", "-f", "main")
    (change.root / "docs/models").symlink_to("../data/incoming/east")
    change.commit()
    assert change.refused() == {"docs/x.dvc": LEADS.format("docs/models/bad.csv")}


def test_a_lock_beside_a_document_brings_no_batch(change, stray):
    stage = "stages:\n  a:\n    cmd: 'true'\n"
    change.path("docs/dvc.yaml").write_text(f"{stage}    wdir: ../data/incoming/east\n    outs: [bad.csv]\n")
    change.path("docs/dvc.lock").write_text(f"schema: '2.0'\n{stage}    outs:\n    - {stray.output}\n")
    change.commit()
    assert change.refused() == dict.fromkeys(("docs/dvc.lock", "docs/dvc.yaml"), "comes together with data")


def test_a_working_folder_that_the_change_brings_hides_no_batch(change, stray):
    """The lock alone does not say where a stage writes; the pipeline of the change does."""
    for folder, reason in (
        ("data/incoming/east", None),
        ("${there}", "stage 'a' has a folder that is not written out"),
    ):
        change.ok("git", "checkout", "-q", "main", "--", "dvc.yaml", "dvc.lock")
        stage = "  a:\n    cmd: 'true'\n"
        for name, more in (
            ("dvc.yaml", f"    wdir: {folder}\n    outs: [bad.csv]\n"),
            ("dvc.lock", f"    outs:\n    - {stray.output}\n"),
        ):
            text = (change.root / name).read_text(encoding="utf-8")
            change.path(name).write_text(text.replace("stages:\n", f"stages:\n{stage}{more}", 1), encoding="utf-8")
        change.commit()
        refused = change.refused()
        if reason is None:
            assert refused["dvc.yaml"] == "comes together with data"
            assert change.batch("east/bad")["verdict"] == "quarantine"
        else:
            assert refused["dvc.lock"] == reason


def test_what_has_nothing_to_do_with_the_pipeline_passes(change, stray):
    stray("docs/figure.csv.dvc", "figure.csv")
    stray("data/reference/more.csv.dvc", "more.csv")
    assert change.gate().code == 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("data/incoming/.gitignore", "east/"),
        ("data/incoming/east/.gitignore", "*.dvc"),
        ("data/.gitignore", "/inc*"),
        (".gitignore", "data/incoming/east/more.csv.dvc"),
        (".dvcignore", "/data/incoming/east/first.csv"),
    ],
)
def test_a_pointer_that_dvc_would_overlook_is_named(change, stray, name, line):
    """What nobody overlooks is an accepted batch that is gone without a reviewer's word."""
    stray("data/incoming/east/more.csv.dvc", "more.csv")
    change.ok("git", "branch", "-q", "-f", "main")
    with change.path(name).open("a", encoding="utf-8") as ignored:
        ignored.write(f"/some.csv\n{line}\n")
    change.ok("git", "add", "-f", name)
    change.commit()
    hidden = line.removeprefix("/") if line.endswith("first.csv") else "data/incoming/east/more.csv.dvc"
    assert change.refused() == {name: f"DVC would overlook {hidden}"}


def test_what_dvc_itself_tells_git_to_overlook_passes(change, clean, stray):
    change.bring(clean, "east/w6.csv")
    change.ok("dvc", "add", "-q", "data/incoming/east/w6.csv")
    change.ok("dvc", "push", "-q", "data/incoming/east/w6.csv")
    change.commit()
    done = change.gate()
    assert done.code == 0, done


def test_a_line_break_of_unicode_in_an_author_s_name_is_no_line_break(change, clean):
    change.bring(clean, "east/w6.csv")
    change.commit()
    change.ok("git", "commit", "-q", "--amend", "--no-edit", "--author", "Zoe\u2028Low <zoe@example.org>")
    done = change.gate()
    assert done.code == 0, done
