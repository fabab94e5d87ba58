"""The workflows that `pratique ci` prints, run step by step from nothing but the repository; and attacks on them.

Mia keeps a bare repository and a folder as DVC's remote, which others may write to. Sam has a clone and sends changes.
What a change brings must not run, and must not be believed.
"""

import hashlib
import json
import shutil
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.cli import app
from pratique.core.hashing import sha256_file
from pratique.core.writing import write_json, write_table
from pratique.decisions import ledger
from pratique.provenance.record import Record
from ruamel.yaml import YAML
from typer.testing import CliRunner

pytestmark = pytest.mark.slow

SECRET = "what the environment of the runner holds"
COMPUTED = ("calibrate", "ingest", "validate")


def printed(forge):
    return YAML(typ="safe").load(CliRunner().invoke(app, ["ci", forge]).output)


@pytest.fixture
def sam(main, tmp_path):
    """Sam's clone. The reference is kept by DVC, in a remote that others write to."""
    mia = main.copy(tmp_path / "mia")
    mia.ok("git", "rm", "-q", "-r", "--cached", "data/reference")
    mia.ok("dvc", "add", "-q", "data/reference")
    mia.ok("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    mia.ok("dvc", "push", "-q", "data/reference")
    mia.commit()
    mia.ok("git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    mia.ok("git", "push", "-q", str(tmp_path / "origin.git"), "main")
    sam = replace(mia, root=tmp_path / "sam", who="sam")
    mia.ok("git", "clone", "-q", "-b", "main", str(tmp_path / "origin.git"), str(sam.root))
    sam.ok("git", "switch", "-q", "-c", "change")
    return sam


@pytest.fixture
def send(sam, tmp_path):
    """Commit what lies in Sam's clone, with these paths that git ignores, and push it as both forges keep a change."""

    def send(*ignored):
        sam.ok("git", "add", "-A")
        if ignored:
            sam.ok("git", "add", "-f", *ignored)
        sam.ok("git", "commit", "-q", "-m", "monday's batch")
        names = ("change", "change:refs/pull/7/head", "change:refs/merge-requests/7/head")
        sam.ok("git", "push", "-q", "-f", "origin", *names)

    return send


def run_steps(runner, steps, **environment):
    """Run steps as a runner does, each in a shell: after one that fails only those that always run."""
    words, outcome = [f"{name}={value}" for name, value in environment.items()], None
    for step, always in steps:
        if outcome is None or not outcome.code or always:
            done = runner.run("env", *words, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step)
            assert done.code == 0 or not always, done
            outcome = outcome if outcome is not None and outcome.code else done
    return outcome


@pytest.fixture
def github(sam, send, tmp_path):
    """Run the workflow in a clone of the base, as actions/checkout leaves it; this environment is what is installed."""
    steps = [
        step
        for step in printed("github")["jobs"]["gate"]["steps"]
        if "pip install" not in step.get("run", "pip install")
    ]

    def run(*ignored):
        send(*ignored)
        runner = replace(sam, root=tmp_path / "runner", who="runner")
        shutil.rmtree(runner.root, ignore_errors=True)
        sam.ok("git", "clone", "-q", "-b", "main", str(tmp_path / "origin.git"), str(runner.root))
        before = runner.contents(".git/hooks", ".dvc", "data", "params.yaml")
        summary = tmp_path / "summary"
        event = {
            "BASE": "origin/main",
            "HEAD": "change",
            "NUMBER": "7",
            "TOKEN": SECRET,
            "GITHUB_STEP_SUMMARY": summary,
        }
        event |= {name: sam.ok("git", "rev-parse", event[name]).strip() for name in ("BASE", "HEAD")}
        done = run_steps(runner, [(step["run"], step.get("if") == "always()") for step in steps], **event)
        run.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        run.refused = {each["path"]: each["reason"] for each in runner.found["refused"]} if done.code < 2 else {}
        shutil.rmtree(runner.root / "data/reports/gate", ignore_errors=True)
        shutil.rmtree(runner.root / "data/attestations", ignore_errors=True)
        assert runner.contents(".git/hooks", ".dvc", "data", "params.yaml") == before
        assert not (tmp_path / "ran.log").exists(), "something of the change ran"
        assert SECRET not in done.out + done.err + run.summary
        return done

    return run


def test_the_steps_on_github(sam, github, flipped):
    sam.bring(flipped, "east/bad.csv")
    done = github()
    assert done.code == 1, done
    assert "east/bad: quarantine" in done.out
    assert "1 of 1 batches not cleared" in github.summary


def test_the_steps_on_gitlab(sam, send, flipped, tmp_path):
    """An empty folder; a script of GitLab's runs in one shell."""
    sam.bring(flipped, "east/bad.csv")
    send()
    script = [line for line in printed("gitlab")["pratique-gate"]["script"] if "pip install" not in line]
    runner = replace(sam, root=tmp_path / "builds")
    runner.root.mkdir()
    event = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_IID": "7"}
    done = run_steps(runner, [("\n".join(script), False)], CI_REPOSITORY_URL=tmp_path / "origin.git", **event)
    assert done.code == 1, done
    assert "east/bad: quarantine" in done.out
    assert (runner.root / "base/data/reports/gate/junit.xml").is_file()
    assert not (runner.root / "base/data/incoming/east/bad.csv").exists()


def test_a_link_and_a_pointer_write_no_hook(sam, github, tmp_path):
    payload = f"#!/bin/sh\necho ran >> {tmp_path}/ran.log\n".encode()
    md5 = hashlib.md5(payload).hexdigest()
    sam.path(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}").write_bytes(payload)
    (sam.root / "data/incoming/x").symlink_to("../../.git")
    sam.path("data/incoming/evil.dvc").write_text(
        f"outs:\n- md5: {md5}\n  size: {len(payload)}\n  isexec: true\n  hash: md5\n  path: x/hooks/post-checkout\n"
    )
    assert github(".dvc/cache").code == 1
    assert github.refused["data/incoming/x"] == "a link; expected a file of its own"
    assert "isexec: unknown key" in github.refused["data/incoming/evil.dvc"]
    assert f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}" in github.refused


def test_a_local_configuration_of_the_change_names_no_remote(sam, github, tmp_path, clean):
    """The batch is in the contributor's own remote alone, and an S3 remote could name a command."""
    sam.bring(clean, "east/monday.csv")
    sam.ok("dvc", "add", "-q", "data/incoming/east/monday.csv")
    sam.ok("dvc", "remote", "add", "-q", "--local", "-f", "store", str(tmp_path / "theirs"))
    sam.ok("dvc", "push", "-q", "data/incoming/east/monday.csv")
    sam.path("data/incoming/east/.run.sh").write_text(f"#!/bin/sh\necho ran >> {tmp_path}/ran.log\n")
    sam.path("data/incoming/east/.aws").write_text("[default]\ncredential_process = sh data/incoming/east/.run.sh\n")
    assert "not in the remote that the base names" in github(".dvc/config.local").complaint
    shutil.copytree(tmp_path / "theirs", tmp_path / "store", dirs_exist_ok=True)
    sam.path("more").write_text("to commit")
    assert github().code == 1
    hidden = {"data/incoming/east/.run.sh", "data/incoming/east/.aws"}
    assert set(github.refused) == {".dvc/config.local", "more"} | hidden


def test_another_listing_of_the_reference_in_the_remote_teaches_nothing(sam, github, tmp_path, flipped):
    sam.bring(flipped, "east/bad.csv")
    (listing,) = (tmp_path / "store").rglob("*.dir")
    poison = flipped.to_csv(index=False).encode()
    md5 = hashlib.md5(poison).hexdigest()
    place = tmp_path / f"store/files/md5/{md5[:2]}/{md5[2:]}"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(poison)
    listing.chmod(0o644)
    listing.write_text(json.dumps([{"md5": md5, "relpath": "trusted.csv"}]))
    assert "data/reference: not the bytes that its pointer stands for" in github().complaint


def test_results_that_are_forged_down_to_lock_and_ledger_are_refused(sam, github, clean):
    """After an honest run other labels are accepted; record, ledger and lock are made to match."""
    sam.ok("dvc", "pull", "-q", "data/reference")
    sam.bring(clean, "east/w6.csv")
    sam.stages(*COMPUTED)
    place = sam.root / "data/accepted/east/w6.parquet"
    table = pq.read_table(place)
    labels = ["low" if label == "high" else label for label in table["y"].to_pylist()]
    write_table(place, table.set_column(table.column_names.index("y"), "y", pa.array(labels)))
    record = sam.root / "data/records/east/w6.json"
    said = json.loads(record.read_text(encoding="utf-8"))
    for output in said["predicate"]["outputs"]:
        output["digest"]["sha256"] = sha256_file(sam.root / output["name"])
    write_json(record, said)
    sam.ok("git", "checkout", "-q", "main", "--", "data/ledger.jsonl")
    records = [Record.read(path) for path in sorted((sam.root / "data/records").glob("*/*.json"))]
    ledger.append(records, sam.root / "data/ledger.jsonl")
    sam.ok("dvc", "commit", "-q", "-f", *COMPUTED)
    sam.ok("dvc", "push", "-q", *COMPUTED)
    assert github().code == 1
    assert github.refused == {"data/accepted/east/w6.parquet": "not what the gate computes from the batches"}


def test_a_summary_that_links_to_the_environment_is_not_printed(sam, github, clean):
    sam.bring(clean, "east/good.csv")
    sam.path("data/reports/gate/x")
    (sam.root / "data/reports/gate/summary.md").symlink_to("/proc/self/environ")
    assert github("data/reports/gate/summary.md").code == 1
    assert github.refused == {"data/reports/gate/summary.md": "a link; expected a file of its own"}


def test_code_attributes_and_filters_of_a_change_do_not_run(sam, github, tmp_path, clean):
    sam.bring(clean, "east/good.csv")
    sam.path(".gitattributes").write_text("* filter=evil diff=evil\n")
    sam.path("sitecustomize.py").write_text(f"open('{tmp_path}/ran.log', 'w')\n")
    sam.path(".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ../x\n\tupdate = !sh -c id\n')
    assert github().code == 1
    assert set(github.refused) == {".gitattributes", ".gitmodules", "sitecustomize.py"}


@pytest.fixture
def listener():
    """A host of the contributor's, and who called there."""
    called = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            called.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", called
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "source",
    ["path: HOST/more.csv", "{path: more.csv, repo: {url: HOST/repo.git, rev_lock: abc}}", "path: remote://x/y"],
)
def test_a_pointer_that_imports_is_refused_before_anything_is_fetched(sam, github, listener, source):
    host, called = listener
    out = "outs:\n- {md5: d41d8cd98f00b204e9800998ecf8427e, size: 0, hash: md5, path: more.csv}\n"
    text = f"frozen: true\ndeps:\n- {source.replace('HOST', host)}\n{out}"
    sam.path("data/incoming/east/more.csv.dvc").write_text(text)
    assert github().code == 1
    assert set(github.refused) == {"data/incoming/east/more.csv.dvc"}
    assert called == []
