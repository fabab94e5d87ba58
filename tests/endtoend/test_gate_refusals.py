"""What a change of data may not bring, whatever it would do: refused by name, unopened and unfetched."""

import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["-rf.csv", "a b.csv", ".hidden.csv", "sub/deeper/deep.csv", "\udcff.csv"])
def test_a_name_that_could_be_a_path_or_an_option_is_refused(change, clean, name):
    change.bring(clean, f"east/{name}")
    change.commit()
    (why,) = change.refused().values()
    assert "use letters, digits, dot" in why or "expected batches as" in why


def test_two_names_of_one_batch_are_refused_whichever_comes_first(change, clean):
    for name in ("FIRST.csv", "first.parquet"):
        change.bring(clean, f"east/{name}")
    change.commit()
    assert set(change.refused()) == {"data/incoming/east/FIRST.csv", "data/incoming/east/first.parquet"}


@pytest.mark.parametrize("place", ["data/incoming/east/link.csv", "data/incoming/east", "docs", "x"])
def test_a_link_anywhere_in_a_change_of_data_is_refused_by_name(change, clean, place):
    change.bring(clean, "west/good.csv")
    shutil.rmtree(change.root / place, ignore_errors=True)
    (change.root / place).symlink_to(change.root / "trusted.csv")
    change.commit()
    assert change.refused()[place] == "a link; expected a file of its own"


def test_a_submodule_and_an_executable_file_are_refused_by_name(change, clean):
    change.bring(clean, "east/good.csv")
    (change.root / "data/incoming/east/good.csv").chmod(0o755)
    change.ok("git", "add", "-A")
    tip = change.ok("git", "rev-parse", "HEAD").strip()
    change.ok("git", "update-index", "--add", "--cacheinfo", f"160000,{tip},data/incoming/east/module.csv")
    change.ok("git", "commit", "-q", "-m", "a module")
    assert change.refused() == {
        "data/incoming/east/good.csv": "an executable file; `chmod -x` it",
        "data/incoming/east/module.csv": "a submodule; expected a file of its own",
    }


def test_a_folder_of_dvc_s_own_among_the_results_is_refused(change, clean):
    """DVC takes what lies beside it for another project, and reads its configuration there."""
    change.bring(clean, "east/good.csv")
    change.path("data/reports/.dvc/config").write_text("[core]\n", encoding="utf-8")
    change.ok("git", "add", "-f", "data/reports/.dvc/config")
    change.commit()
    assert change.refused() == {"data/reports/.dvc/config": "comes together with data"}


def test_a_pointer_of_lfs_is_no_batch(change):
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    change.path("data/incoming/east/large.csv").write_text(text, encoding="utf-8")
    change.commit()
    assert change.refused() == {"data/incoming/east/large.csv": "a pointer of Git LFS"}


OUT = "outs:\n- {md5: d41d8cd98f00b204e9800998ecf8427e, size: 0, hash: md5, path: more.csv}\n"


LEVELS = "".join(f"b{i + 1}: &b{i + 1} [{', '.join([f'*b{i}'] * 9)}]\n" for i in range(30))
BOMB = f"b0: &b0 [x]\n{LEVELS}outs: [{{path: *b30}}]\n"


@pytest.mark.parametrize(
    "text",
    [
        f"wdir: ../../reference\n{OUT}",
        OUT.replace("more.csv", "../../reference/more.csv"),
        OUT.replace("more.csv", "x/hooks/post-checkout"),
        OUT.replace("size", "isexec: true, size"),
        OUT.replace("size", "remote: theirs, size"),
        OUT.replace("hash: md5, ", ""),
        OUT.replace("hash: md5", "hash: md5-dos2unix"),
        OUT.replace("d41d8cd98f00b204e9800998ecf8427e", "../../../../../../../../../../etc/passwd"),
        f"{OUT}{OUT.removeprefix('outs:')}",
        f"cmd: id\n{OUT}",
        f"frozen: true\ndeps:\n- path: https://attacker.example/more.csv\n{OUT}",
        f"deps:\n- path: more.csv\n  repo: {{url: 'ssh://-oProxyCommand=id/x'}}\n{OUT}",
        "[more.csv]",
        "a: &a [*a]",
        BOMB,
        "x" * 5000,
    ],
)
def test_a_pointer_that_is_not_for_the_file_beside_it_is_refused_unfetched(change, text):
    change.path("data/incoming/east/more.csv.dvc").write_text(text, encoding="utf-8")
    change.commit()
    (reason,) = change.refused().values()
    assert "more.csv" in reason or "4096 bytes" in reason
    assert change.found["batches"] == []


@pytest.mark.parametrize("spoil", [("size", "isexec: true, size"), ("hash: md5", "cloud: {}"), ("e, size: 0,", "e,")])
def test_the_lock_is_read_by_the_same_rules(change, clean, spoil):
    stage = OUT.replace("more.csv", "data/incoming/east/a.csv").replace("\n-", "\n    -").rstrip()
    text = f"schema: '2.0'\nstages:\n  more:\n    cmd: id\n    {stage.replace(*spoil)}\n"
    change.path("dvc.lock").write_text(text, encoding="utf-8")
    change.bring(clean, "west/good.csv")
    change.commit()
    assert change.refused()["dvc.lock"].startswith("data/incoming/east/a.csv: ")
