"""The workflows that `pratique ci` writes, run step by step from nothing but the repository; and attacks on them.

Mia keeps a bare repository and a folder as DVC's remote, which others may write to. Sam has a clone and sends changes.
What a change brings must not run, and must not be believed.
"""

import hashlib
import json
import os
import shutil
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core.hashing import sha256_file
from pratique.core.writing import write_json, write_table
from pratique.decisions import ledger
from pratique.provenance.record import Record
from pratique.scaffold.workflow import workflow_text
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

SECRET = "what the environment of the runner holds"
COMPUTED = ("calibrate", "ingest", "validate")


REPOSITORY = Path(__file__).parents[2]
GH = """#!/usr/bin/env bash
case "$1 $2" in
    "run list") cat "$STATE/run" ;;
    "run download") mkdir -p "${@: -1}" && cp -r "$STATE/learned/." "${@: -1}" ;;
    "api --paginate") if [ "$(head -n 1 "$STATE/comment")" = "$MARK" ]; then printf '41\\n57\\n'; fi ;;
    *) echo "$4 $5" >> "$STATE/log" && cp "${7#body=@}" "$STATE/comment" ;;
esac
"""
CURL = """#!/usr/bin/env bash
words="$*"
[[ $words == *PRIVATE-TOKEN:token* ]] || exit 22
case "$words" in
    */user) echo '{"id": 5}' ;;
    */uploads) echo '{"markdown": "![worst](/uploads/worst.png)"}' ;;
    *sort=asc) cat "$STATE/notes" ;;
    *) cp comment.md "$STATE/comment"
       echo "${words%% --data*}" "${@: -1}" >> "$STATE/log" ;;
esac
"""
"""What stands for the forge: its command and its API, which keep what they are given in a folder."""


def printed(forge):
    return YAML(typ="safe").load(workflow_text(forge, PurePosixPath(), "main"))


def shell_steps(job):
    """The steps of a job that a shell runs, but for the installation: this environment is what is installed."""
    steps = [step for step in job["steps"] if "run" in step and "pip install" not in step["run"]]
    return [(step["run"], step.get("if") == "always()") for step in steps]


@pytest.fixture
def forge(tmp_path):
    """The environment in which steps find commands that stand for a forge; its state is in the folder `state`."""
    for name, text in {"gh": GH, "curl": CURL}.items():
        place = tmp_path / "bin" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir()
    path = [tmp_path / "bin", Path(sys.executable).parent, os.environ["PATH"]]
    return {"PATH": os.pathsep.join(map(str, path)), "STATE": str(state)}


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
    words, outcome, said = [f"{name}={value}" for name, value in environment.items()], None, ""
    for step, always in steps:
        if outcome is None or not outcome.code or always:
            done = runner.run("env", *words, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step)
            assert done.code == 0 or not always, done
            said += done.out
            outcome = outcome if outcome is not None and outcome.code else done
    return replace(outcome, out=said)


@pytest.fixture
def github(sam, send, tmp_path):
    """Run the workflow in a clone of the base, as actions/checkout leaves it; this environment is what is installed."""
    steps = shell_steps(printed("github")["jobs"]["gate"])

    def run(*ignored, **more):
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
            "SUBMITTER": "sam-codes",
            "BRANCH": "main",
            "GITHUB_STEP_SUMMARY": summary,
        }
        event |= {name: sam.ok("git", "rev-parse", event[name]).strip() for name in ("BASE", "HEAD")}
        done = run_steps(runner, steps, **event | more)
        run.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        run.refused = {each["path"]: each["reason"] for each in runner.found["refused"]} if done.code < 2 else {}
        shutil.rmtree(tmp_path / "gate", ignore_errors=True)
        if (runner.root / "data/reports/gate").is_dir():
            (runner.root / "data/reports/gate").rename(tmp_path / "gate")  # what is uploaded
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
    assert "1 of 1 batch not cleared" in github.summary


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


def test_the_comment_on_github_is_written_once_and_then_written_over(sam, github, forge, flipped, clean, tmp_path):
    steps, state = shell_steps(printed("github")["jobs"]["comment"]), tmp_path / "state"
    event = {"NUMBER": "7", "GITHUB_REPOSITORY": "team/data", "ARTEFACT": "https://forge.example/artefact"}
    there = replace(sam, root=tmp_path)
    sam.bring(flipped, "east/bad.csv")
    github()
    assert run_steps(there, steps, **forge, **event).code == 0
    said = (state / "comment").read_text(encoding="utf-8")
    assert "1 of 1 batch not cleared" in said
    assert said.endswith("[Artefact of this run](https://forge.example/artefact)\n")
    sam.ok("git", "rm", "-q", "-f", "data/incoming/east/bad.csv")
    sam.bring(clean, "east/good.csv")
    github()
    assert run_steps(there, steps, **forge, **event).code == 0
    assert "1 of 1 batch cleared" in (state / "comment").read_text(encoding="utf-8")
    comments = "repos/team/data/issues"
    assert (state / "log").read_text().splitlines() == [f"POST {comments}/7/comments", f"PATCH {comments}/comments/41"]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_where_there_is_no_comment_no_other_is_written_over(kind, project, forge, tmp_path):
    """An empty mark is the beginning of every comment."""
    (tmp_path / "gate").mkdir()
    (tmp_path / "state/notes").write_text('[{"id": 2, "author": {"id": 5}, "body": "hello"}]')
    steps = shell_steps(printed("github")["jobs"]["comment"])
    if kind == "gitlab":
        script = ["cd gate", *printed("gitlab")["pratique-comment"]["script"][1:]]
        steps = [("\n".join(script), False)]
    event = {"NUMBER": "7", "GITHUB_REPOSITORY": "team/data", "ARTEFACT": "a", "CI_API_V4_URL": "https://forge.example"}
    event |= {"CI_MERGE_REQUEST_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7", "PRATIQUE_COMMENT_TOKEN": "token"}
    assert run_steps(replace(project, root=tmp_path), steps, **forge, **event).code != 0
    assert not (tmp_path / "state/log").exists()


def test_the_comment_on_gitlab_is_written_once_and_then_written_over(sam, github, forge, flipped, tmp_path):
    script = ["cd gate", *printed("gitlab")["pratique-comment"]["script"][1:]]
    state, there = tmp_path / "state", replace(sam, root=tmp_path)
    event = {"CI_API_V4_URL": "https://forge.example/api", "CI_MERGE_REQUEST_PROJECT_ID": "3"}
    event |= {"CI_MERGE_REQUEST_IID": "7", "PRATIQUE_COMMENT_TOKEN": "token"}
    sam.bring(flipped, "east/bad.csv")
    github()
    mark = (tmp_path / "gate/comment.md").read_text(encoding="utf-8").splitlines()[0]
    others = [{"id": 1, "author": {"id": 9}, "body": mark}, {"id": 2, "author": {"id": 5}, "body": "hello"}]
    for notes in (others, [*others, {"id": 3, "author": {"id": 5}, "body": f"{mark}\nold"}]):
        (state / "notes").write_text(json.dumps(notes))
        done = run_steps(there, [("\n".join(script), False)], **forge, **event)
        assert done.code == 0, done
    said = (state / "comment").read_text(encoding="utf-8")
    assert said.startswith(mark)
    assert "![worst](/uploads/worst.png)" in said
    first, second = (line.split("--request ")[1] for line in (state / "log").read_text().splitlines())
    place = "https://forge.example/api/projects/3/merge_requests/7/notes"
    assert (first, second) == (f"POST {place}", f"PUT {place}/3")


def test_what_the_base_has_learned_is_taken_from_a_run_of_the_base_alone(sam, github, forge, make_rows, tmp_path):
    base = replace(sam, root=tmp_path / "base", who="runner")
    sam.ok("git", "clone", "-q", "-b", "main", str(tmp_path / "origin.git"), str(base.root))
    head = base.ok("git", "rev-parse", "HEAD").strip()
    done = run_steps(base, shell_steps(printed("github")["jobs"]["learn"]), BASE=head)
    assert (done.code, "learned anew" in done.out) == (0, True), done
    state = tmp_path / "state"
    (base.root / ".git/pratique").rename(state / "learned")
    (profile,) = (state / "learned/profiles").iterdir()
    assert list((state / "learned/sketches").iterdir())
    for seed, sha, said in ((21, head, f"Taken: what {head} has learned"), (22, "0" * 40, "learned anew")):
        (state / "run").write_text(f"12 {sha}\n")
        sam.bring(make_rows(40, seed), f"east/good{seed}.csv")
        done = github(**forge)
        assert done.code == 0, done
        assert said in done.out
        (kept,) = (tmp_path / "runner/.git/pratique/profiles").iterdir()
        assert kept.name == profile.name


def test_the_steps_of_the_action(sam, send, flipped, tmp_path):
    """The composite action of this repository, in a clone of the base, with this environment for what it installs."""
    action = YAML(typ="safe").load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    install, *steps = (step for step in action["runs"]["steps"] if "run" in step)
    assert "--require-hashes" in install["run"]
    sam.bring(flipped, "east/bad.csv")
    send()
    runner, temporary = replace(sam, root=tmp_path / "runner"), tmp_path / "temporary/pratique"
    temporary.mkdir(parents=True)
    (temporary / "bin").symlink_to(Path(sys.executable).parent)
    sam.ok("git", "clone", "-q", "-b", "main", str(tmp_path / "origin.git"), str(runner.root))
    runner.ok("git", "fetch", "-q", "origin", "refs/pull/7/head")
    event = {"BASE": "origin/main", "HEAD": "FETCH_HEAD", "SUBMITTER": "sam-codes"}
    event |= {"RUNNER_TEMP": temporary.parent, "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    done = run_steps(runner, [(step["run"], step.get("if") == "always()") for step in steps], **event)
    assert done.code == 1, done
    assert "east/bad: quarantine" in done.out
    assert "1 of 1 batch not cleared" in (tmp_path / "summary").read_text(encoding="utf-8")


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
