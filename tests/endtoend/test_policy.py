"""A policy that changes in the open: what a change of it flips, and which verdicts stand."""

import csv
import json

import pandas as pd
import pytest
from pratique.core.writing import json_text
from pratique.provenance.record import Record
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

RUN = ("calibrate", "ingest", "validate")
SCHEMA = "expectations/schema.yaml"
OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports/batches.csv", "data/reports/rows.parquet")
STANDING = "data/standing.jsonl"


def commit_run(project):
    """Run the pipeline up to the verdicts, as `dvc repro` does, and commit what it wrote."""
    project.stages(*RUN)
    project.ok("dvc", "commit", "-q", "-f", *RUN)
    project.commit()


def merge(change):
    """Merge the branch into main, and go on in a new one from there."""
    change.ok("git", "switch", "-q", "main")
    change.ok("git", "merge", "-q", "--no-ff", "-m", "Merge", "change")
    change.ok("git", "switch", "-q", "-C", "change")


def record(project, batch):
    return Record.read(project.root / f"data/records/{batch}.json")


def read_lines(project):
    return [json.loads(line) for line in (project.root / STANDING).read_text(encoding="utf-8").splitlines()]


def write_lines(project, lines):
    project.path(STANDING).write_text("".join(f"{json_text(line)}\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="module")
def past(main, make_rows, tmp_path_factory):
    """A repository whose main has a clean batch, one held for labels that Rita released, and one with two odd rows."""
    project = main.copy(tmp_path_factory.mktemp("past") / "project").by("sam")
    project.ok("git", "switch", "-q", "-c", "change")
    project.bring(make_rows(40, seed=12, flipped=0.5), "east/flipped.csv")
    odd, large = make_rows(40, seed=15), make_rows(40, seed=16)
    odd.loc[:1, "age"] = 134
    large.loc[large.index[large["y"] == "high"][0], "size"] = 12.5
    project.bring(odd, "east/odd.csv")
    project.bring(large, "west/third.csv")
    project.stages("ingest", "validate")
    done = project.by("rita").pratique("review", "release", "east/flipped", "--reason", "labels were corrected")
    assert done.code == 0, done
    commit_run(project)
    merge(project)
    assert (record(project, "east/odd").verdict, record(project, "east/odd").verdict_holds) == ("partial", "0-1")
    assert (record(project, "east/flipped").verdict, record(project, "east/flipped").state) == (
        "quarantine",
        "released",
    )
    return project


@pytest.fixture(scope="module")
def settled_once(past, tmp_path_factory):
    """The same once its verdicts stand, on main."""
    project = past.copy(tmp_path_factory.mktemp("settled") / "project")
    done = project.pratique("settle")
    assert done.code == 0, done
    assert done.out.startswith("5 of 5 verdicts added to data/standing.jsonl")
    project.commit()
    done = project.gate()
    assert done.code == 0, done
    assert "5 verdicts stand from now on" in done.out
    merge(project)
    return project


@pytest.fixture
def team(past, tmp_path):
    return past.copy(tmp_path / "project")


@pytest.fixture
def settled(settled_once, tmp_path):
    return settled_once.copy(tmp_path / "project")


@pytest.fixture(scope="module")
def demanding_once(settled_once, make_rows, tmp_path_factory):
    """Main has taken a policy by which every batch needs a column that none has; the run after that."""
    project = settled_once.copy(tmp_path_factory.mktemp("demanding") / "project")
    for name in ("data/reference/trusted.csv", "data/holdout/rows.csv"):
        rows = pd.read_csv(project.root / name)
        rows.assign(income=rows["size"].rank()).to_csv(project.root / name, index=False)
    project.edit("expectations/columns.yaml", '  "y":', '  "income": {kind: real}\n  "y":')
    project.edit(SCHEMA, '  "y":', '  "income":\n    dtype: float64\n  "y":')
    project.commit()
    merge(project)
    project.stages(*RUN)
    return project


@pytest.fixture
def demanding(demanding_once, tmp_path):
    return demanding_once.copy(tmp_path / "project")


def test_settling_changes_no_result_and_nothing_twice(settled):
    before = settled.contents(*OUTPUTS, "data/ledger.jsonl", STANDING)
    settled.stages(*RUN)
    assert settled.contents(*OUTPUTS, "data/ledger.jsonl", STANDING) == before
    assert "0 of 5 verdicts added" in settled.pratique("settle").out
    assert settled.contents(STANDING)[STANDING] == before[STANDING]


def test_verdicts_stand_and_the_record_says_since_when(demanding):
    commit = read_lines(demanding)[0]["run"]["commit"]
    states = {line["batch"]: record(demanding, line["batch"]).state for line in read_lines(demanding)}
    assert states == {
        "east/first": "accepted",
        "east/flipped": "released",
        "east/odd": "partial",
        "west/second": "accepted",
        "west/third": "accepted",
    }
    odd = record(demanding, "east/odd")
    assert (odd.verdict_holds, odd.checks, odd.standing.commit) == ("0-1", (), commit)
    said = f"its verdict stands since commit {commit[:7]}; not examined again"
    assert said in " ".join(demanding.pratique("explain", "east/first").out.split())
    with (demanding.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        assert [line["outcome"] for line in csv.DictReader(stream)] == ["accepted"] * 5


def test_a_new_batch_is_judged_by_todays_policy(demanding, clean):
    demanding.bring(clean, "east/new.csv")
    demanding.stages("ingest", "validate")
    assert record(demanding, "east/new").verdict != "accept"
    assert record(demanding, "east/new").standing is None


def test_other_bytes_under_the_name_are_judged_by_todays_policy(demanding, clean):
    demanding.bring(clean, "east/first.csv")
    demanding.stages("ingest", "validate")
    assert record(demanding, "east/first").verdict != "accept"


def test_from_scratch_gives_the_bytes_of_the_incremental_run(demanding, clean, tmp_path):
    """A run after a run, with what it kept; and one run in a clone that has nothing but what people bring."""
    demanding.bring(clean, "east/new.csv")
    demanding.commit()
    demanding.stages(*RUN)
    demanding.ok("git", "clone", "-q", str(demanding.root), str(tmp_path / "clone"))
    clone = type(demanding)(tmp_path / "clone", demanding.home, demanding.who)
    clone.stages(*RUN)
    assert clone.contents(*OUTPUTS) == demanding.contents(*OUTPUTS)


def test_decisions_act_on_verdicts_that_stand(demanding):
    """A reject keeps out what was accepted, a release lets in what was held; the gate takes both."""
    for who, action, batch in (
        ("rita", "reject", "west/second"),
        *((w, "release", "east/odd") for w in ("rita", "tom")),
    ):
        done = demanding.by(who).pratique("review", action, batch, "--reason", "looked at it again")
        assert done.code == 0, done
    demanding.stages("validate")
    assert [record(demanding, name).state for name in ("west/second", "east/odd")] == ["rejected", "released"]
    demanding.ok("git", "checkout", "-q", "--", "data/ledger.jsonl", "dvc.lock")
    demanding.by("rita").commit()
    done = demanding.gate(submitter="rita@example.org")
    assert done.code == 0, done
    assert demanding.batch("east/odd")["outcome"] == "accepted"


def test_a_change_of_policy_shows_what_it_flips_loosened_batches_first(team):
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    team.edit(SCHEMA, "max_value: 21.82", "max_value: 12.0")
    team.commit()
    done = team.gate()
    assert done.code == 0, done
    text = "this policy flips 2 of 5 past verdicts; it loosens 1 of them, by 2 rows"
    lines = [
        "loosened: east/odd: partial → accept, 2 rows let in",
        "tightened: west/third: accept → partial, 1 row held",
    ]
    assert "\n".join([f"  {text}", *(f"    {line}" for line in lines)]) in done.out
    found = team.found["preview"]
    assert (found["text"], [flip["batch"] for flip in found["flips"]]) == (text, ["east/odd", "west/third"])
    assert not any(flip["stands"] for flip in found["flips"])
    assert f"- {text}" in (team.root / "data/reports/gate/summary.md").read_text(encoding="utf-8")


def test_loosening_is_shown_as_loosening_even_where_verdicts_stand(settled):
    settled.edit(SCHEMA, "max_value: 132", "max_value: 300")
    settled.commit()
    done = settled.gate()
    assert done.code == 0, done
    assert "loosened: east/odd: partial → accept, 2 rows let in; the verdict before stands" in done.out
    assert "this policy flips 1 of 5 past verdicts; it loosens 1 of them, by 2 rows; 1 of them stand" in done.out
    (flip,) = settled.found["preview"]["flips"]
    assert (flip["let_in"], flip["held"], flip["loosens"], flip["stands"]) == (2, 0, True, True)


def test_params_that_judge_nothing_need_no_preview(team):
    team.edit("params.yaml", "reviewers: 1", "reviewers: 2")
    team.commit()
    assert team.gate().code == 0
    assert team.found["preview"] is None


def test_a_policy_that_can_not_be_applied_is_said_and_refuses_nothing(team):
    team.edit("params.yaml", "applies: new", "applies: never")
    team.commit()
    done = team.gate()
    assert done.code == 0, done
    assert "no preview of this change of policy: params.yaml" in done.out
    assert "`pratique replay --base" in done.out


def test_a_rule_of_the_change_that_takes_for_ever_is_given_the_time_of_the_base(team):
    team.edit("params.yaml", "seconds: 1800", "seconds: 3")
    team.commit()
    merge(team)
    team.edit("params.yaml", "seconds: 3", "seconds: 900000")
    schema = YAML(typ="safe").load(team.path(SCHEMA))
    schema["columns"]["colour"]["str_matches"] = "^(?=[rbg])(.?){1000}x"  # RE2 knows no look-ahead
    with team.path(SCHEMA).open("w") as stream:
        YAML().dump(schema, stream)
    team.commit()
    done = team.gate()
    assert "no preview of this change of policy: not learned in 3 seconds; look at its rules" in done.out


CONDITIONS = {
    "a condition": {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "age", "row_condition": "MARK"}},
    "a query": {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "MARK"}},
    "an expression": {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "age", "max_value": {"$PARAMETER": "9 * 9"}},
    },
    "another key": {"type": "expect_column_to_exist", "kwargs": {"column": "age"}, "rendered_content": "MARK"},
}


@pytest.mark.parametrize("rule", CONDITIONS)
@pytest.mark.parametrize("file", ["suite.json", "more.json"])
def test_the_gate_runs_no_code_that_a_suite_of_the_change_holds(team, rule, file, tmp_path):
    """Pandas evaluates a condition as an expression, which can call anything that it can reach."""
    mark = tmp_path / "mark"
    call = f"@pd.io.common.os.system('touch {mark}') == 0"
    suite = {"name": "batch", "expectations": [json.loads(json.dumps(CONDITIONS[rule]).replace("MARK", call))]}
    team.path(f"expectations/{file}").write_text(json.dumps(suite), encoding="utf-8")
    team.edit("params.yaml", "leaks: {}", f"leaks: {{}}, expectations: {{file: expectations/{file}}}")
    team.commit()
    done = team.gate()
    assert done.code == 0, done
    assert "a rule that could run code, which is not applied before it is merged" in done.out
    assert team.found["preview"] is None
    assert not mark.exists()


# replay, by hand


def test_replay_compares_with_the_last_run_or_with_a_commit_and_writes_nothing(settled, tmp_path):
    assert settled.pratique("replay").code == 0
    settled.edit(SCHEMA, "max_value: 132", "max_value: 300")
    before = settled.ok("git", "status", "--porcelain", "--ignored")
    for words in ((), ("--base", "main")):
        done = settled.pratique("replay", "--json", str(tmp_path / "flips.json"), *words)
        assert done.code == 1, done
        assert done.out.startswith("this policy flips 1 of 5 past verdicts; it loosens 1 of them, by 2 rows")
        (flip,) = json.loads((tmp_path / "flips.json").read_text(encoding="utf-8"))["flips"]
        assert (flip["batch"], flip["before"], flip["after"]) == ("east/odd", "partial", "accept")
    assert settled.ok("git", "status", "--porcelain", "--ignored") == before
    assert "no such commit" in settled.pratique("replay", "--base", "nowhere").complaint


def test_replay_apply_writes_nothing_where_nothing_stands(team):
    team.path(STANDING).unlink(missing_ok=True)
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    assert "None of these verdicts stands" in team.pratique("replay", "--apply").out
    assert not (team.root / STANDING).exists()


def test_replay_apply_gives_up_what_is_flipped_and_settle_takes_the_new_verdict(settled):
    settled.edit(SCHEMA, "max_value: 132", "max_value: 300")
    done = settled.pratique("replay", "--apply")
    assert done.code == 1, done
    assert "east/odd" not in [line["batch"] for line in read_lines(settled)]
    assert len(read_lines(settled)) == 4
    settled.commit()
    done = settled.gate()
    assert done.code == 0, done
    assert "1 verdict stands no longer: judged anew" in done.out
    merge(settled)
    commit_run(settled)
    merge(settled)
    assert record(settled, "east/odd").verdict == "accept"
    assert "1 of 5 verdicts added" in settled.pratique("settle").out
    settled.commit()
    assert settled.gate().code == 0


# what no change may bring


def test_verdicts_do_not_come_with_data(team, clean):
    assert team.pratique("settle").code == 0
    team.bring(clean, "east/new.csv")
    team.commit()
    assert team.refused() == {STANDING: "comes together with data"}


FORGERIES = {
    "verdict": lambda line: line | {"verdict": "accept", "holds": ""},
    "rows": lambda line: line | {"holds": "0"},
    "bytes": lambda line: line | {"sha256": "0" * 64},
    "binding": lambda line: line | {"run": line["run"] | {"binds": "0" * 64}},
    "stream": lambda line: line | {"bets": [-9.0] * len(line["bets"])},
}


def forge(project, forgery):
    edit = FORGERIES[forgery]
    write_lines(project, [edit(line) if line["batch"] == "east/odd" else line for line in read_lines(project)])


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("start", ["team", "settled"])
def test_a_line_that_no_run_wrote_is_refused(start, forgery, request):
    project = request.getfixturevalue(start)
    assert project.pratique("settle").code == 0
    forge(project, forgery)
    project.commit()
    assert project.refused()[STANDING].startswith("east/odd: not what the run of commit")


def test_a_run_that_was_never_merged_is_refused(team):
    """The branch runs a looser policy, and settles what that says."""
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    commit_run(team)
    assert team.pratique("settle").code == 0
    for name in (SCHEMA, "data/ledger.jsonl", "dvc.lock"):
        team.ok("git", "checkout", "-q", "main", "--", name)
    team.commit()
    assert "is not in the history of the base" in team.refused()[STANDING]


def test_a_record_that_the_ledger_of_the_base_does_not_name_is_refused(team):
    """Some commit on the way to main held another run's results: its ledger was put right before it was merged."""
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    commit_run(team)
    assert team.pratique("settle").code == 0
    lines = team.path(STANDING).read_text(encoding="utf-8")
    team.ok("git", "checkout", "-q", "main", "--", SCHEMA, "data/ledger.jsonl", "dvc.lock", STANDING)
    team.commit()
    merge(team)
    team.path(STANDING).write_text(lines, encoding="utf-8")
    team.commit()
    assert "is not one that the ledger of the base names" in team.refused()[STANDING]


def test_a_verdict_that_a_later_run_replaced_does_not_come_back(settled):
    """Its line was given up for a stricter policy: the old run was merged, too, but is not the last."""
    lines = read_lines(settled)
    settled.edit(SCHEMA, "max_value: 21.82", "max_value: 12.0")
    assert settled.pratique("replay", "--apply").code == 1
    settled.commit()
    merge(settled)
    commit_run(settled)
    merge(settled)
    assert record(settled, "west/third").verdict == "partial"
    write_lines(settled, lines)
    settled.commit()
    assert "the ledger of the base names a later record" in settled.refused()[STANDING]


@pytest.mark.parametrize("text", ["{}\n", "[" * 5000, "\xff", '{"batch": NaN}\n', "\n\n"])
def test_what_is_no_verdict_is_refused_and_stops_the_run(team, text):
    team.path(STANDING).write_bytes(text.encode("latin-1"))
    team.commit()
    assert STANDING in team.refused()
    assert team.pratique("validate").complaint.startswith(f"{STANDING}: ")


# settle says no


def test_a_verdict_that_stood_is_no_verdict_of_this_run(demanding):
    """Its line may be another one than the run had: that is for the gate to judge."""
    commit_run(demanding)
    lines = [line | {"run": line["run"] | {"commit": "0" * 40}} for line in read_lines(demanding)]
    write_lines(demanding, lines)
    assert "0 of 5 verdicts added" in demanding.pratique("settle").out
    assert read_lines(demanding) == lines


def test_only_a_run_that_is_committed_is_settled(team, clean):
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    assert "judged by another policy than is here; settle before" in team.pratique("settle").complaint
    team.ok("git", "checkout", "-q", "--", SCHEMA)
    team.bring(clean, "east/new.csv")
    assert "data/incoming is not as it says" in team.pratique("settle").complaint
    team.stages("ingest", "validate")
    assert "data/ledger.jsonl: not as the checked-out commit has it" in team.pratique("settle").complaint


# what else is said


def test_verify_judges_what_stands_by_the_policy_of_its_commit(demanding):
    demanding.commit()
    commit = read_lines(demanding)[0]["run"]["commit"]
    subject = f"5 verdicts stand since {commit[:12]}"
    holds = f"{subject}: computed, they hold by the policy and the trusted rows of that commit"
    assert holds in demanding.pratique("verify").out
    write_lines(
        demanding, [FORGERIES["verdict"](ln) if ln["batch"] == "east/odd" else ln for ln in read_lines(demanding)]
    )
    lines = read_lines(demanding)
    lines[0]["run"]["code"] = "0" * 64  # of another version, which excuses itself alone
    write_lines(demanding, lines)
    said = demanding.pratique("verify").out
    assert f"east/odd: stands as accept, by the policy of commit {commit[:12]} it is partial" in said
    lines = [line | {"run": line["run"] | {"code": "0" * 64}} for line in read_lines(demanding)]
    write_lines(demanding, lines)
    assert f"{subject}: not verified: another version of the program gave them" in demanding.pratique("verify").out
    write_lines(demanding, [*lines[:-1], lines[-1] | {"sha256": "0" * 64}])  # no version excuses other bytes
    assert "west/third: its bytes are not those of commit" in demanding.pratique("verify").out
    write_lines(demanding, [line | {"run": line["run"] | {"commit": "0" * 40}} for line in read_lines(demanding)])
    assert "5 verdicts stand since 000000000000: not verified: '0000" in demanding.pratique("verify").out


def test_where_policy_applies_to_all_a_run_names_the_verdicts_that_differ(team):
    team.edit("params.yaml", "applies: new", "applies: all")
    assert team.pratique("settle").code == 2  # another policy in the lock
    team.edit(SCHEMA, "max_value: 132", "max_value: 300")
    team.stages("calibrate")
    done = team.pratique("validate")
    assert done.code == 0, done
    assert "1 verdict differs from the last run's: east/odd (partial → accept)" in done.err
