"""Who decides: a reviewer's way through real git, and the ways around it that somebody who can push may try."""

import json
from dataclasses import replace

import pytest

pytestmark = pytest.mark.slow

CLAIMS = "identities are claims"
NO_KEY = "No reviewer's key is listed"


def text_of(path):
    return path.read_text(encoding="utf-8")


def land(project):
    """What is on the branch is on main now."""
    project.ok("git", "branch", "-q", "-f", "main")


def use_claims(project):
    """Main takes claims for identities."""
    project.policy("params.yaml", "identity: signature", "identity: claims")
    project.ok("git", "rebase", "-q", "main")


# a reviewer's way


@pytest.mark.parametrize("how", ["squash", "rebase"])
def test_from_a_key_to_a_model_however_it_is_merged(main, tmp_path, flipped, how):
    """Nina gets a key, it is listed, Sam brings a batch, Nina releases it, the gate clears it, Mia merges."""
    team = replace(main.copy(tmp_path / "team"), home=tmp_path / "home")
    done = team.by("nina").pratique("review", "setup")
    assert done.out.splitlines()[0].startswith(f"made  {team.key_of('nina')}: your private key")
    assert team.ok("git", "diff", "--numstat").split()[:2] == ["1", "0"]  # one line more, none other touched
    team.by("mia").commit()
    assert team.by("nina").pratique("review", "setup").out.startswith("found  ")
    assert team.ok("git", "status", "--porcelain") == ""

    sam = team.by("sam")
    sam.ok("git", "switch", "-q", "-c", "change")
    sam.bring(flipped, "east/bad.csv")
    sam.commit()
    assert sam.gate().code == 1
    sam.by("nina").decide("release", "east/bad", "--reason", "looked at it")
    done = sam.gate()
    assert done.code == 0, done
    assert (
        f"{sam.decision('nina').relative_to(sam.root)}: the release of east/bad by Nina <nina@example.org>" in done.out
    )

    mia = team.by("mia")
    mia.ok("git", "switch", "-q", "main")
    mia.ok("git", "commit", "-q", "--allow-empty", "-m", "main went on")
    if how == "squash":
        mia.ok("git", "merge", "-q", "--squash", "change")
        mia.commit()
    else:
        mia.ok("git", "rebase", "-q", "--force-rebase", "main", "change")
        mia.ok("git", "switch", "-q", "main")
        mia.ok("git", "merge", "-q", "--ff-only", "change")
    mia.stages("ingest", "validate", "train")
    assert (mia.line("east/bad")["decision"], mia.line("east/bad")["outcome"]) == ("release", "accepted")
    told = [line.strip() for line in mia.pratique("verify").out.splitlines() if "release" in line]
    assert told == ["release of east/bad by Nina <nina@example.org>: signed by nina@example.org"]

    mia.ok("git", "switch", "-q", "-c", "again")
    mia.by("nina").decide("withdraw", "east/bad", "--reason", "the crowd's lead was wrong")
    assert mia.gate().code == 0
    mia.stages("validate")
    assert (mia.line("east/bad")["decision"], mia.line("east/bad")["outcome"]) == ("", "quarantined")


def test_a_key_in_the_repository_and_another_key_of_one_person_are_refused(change, monkeypatch):
    monkeypatch.setenv("PRATIQUE_SIGNING_KEY", str(change.root / "key"))
    assert "would be committed" in change.pratique("review", "setup").complaint
    monkeypatch.setenv("PRATIQUE_SIGNING_KEY", str(change.home / "another"))
    assert "lists another key for sam@example.org" in change.pratique("review", "setup").complaint
    assert not (change.home / "another").exists()


def test_init_lists_reviewers_and_says_how_to(project, make_rows, main):
    make_rows(60, seed=1).to_csv(project.path("trusted.csv"), index=False)
    words = "init", ".", "--from", "trusted.csv", "--label", "y"
    public = json.dumps(text_of(main.root / "params.yaml")).split("tom@example.org: ")[1].split("\\n")[0]
    assert "no public key" in project.pratique(*words, "--reviewer", "rita@example.org=abc").complaint
    assert "no e-mail address" in project.pratique(*words, "--reviewer", f"rita={public}").complaint
    done = project.pratique(*words, "--reviewer", f"rita@example.org={public}")
    assert done.code == 0, done
    assert NO_KEY not in done.out
    assert f'reviewers: {{"rita@example.org": "{public}"}}' in text_of(project.root / "params.yaml")
    assert "identity: signature" in text_of(project.root / "params.yaml")
    assert project.pratique(*words, "--reviewer", f"rita@example.org={public}").code == 0
    assert "lists no such key for tom@" in project.pratique(*words, "--reviewer", f"tom@example.org={public}").complaint
    (project.root / "params.yaml").unlink()
    done = project.pratique(*words)
    assert NO_KEY in done.out
    assert "`pratique review setup`" in done.out


# ways around it, with keys


def test_a_reviewer_who_commits_under_another_name_does_not_release_alone(change, flipped):
    """Rita commits the batch as Sam, and releases it: nothing but an author line says that Sam brought it."""
    change.bring(flipped, "east/bad.csv")
    change.commit()
    change.by("rita").decide("release", "east/bad", "--reason", "trust me")
    assert "east/bad: nothing vouches for who submitted it" in change.gate(submitter="").complaint
    assert change.gate(submitter="rita@example.org").code == 1
    assert "is by somebody who submitted the batch" in " ".join(change.batch("east/bad")["reasons"])
    assert "nothing vouches" in change.gate(submitter="rita-codes").complaint
    change.policy("params.yaml", "accounts: {}", "accounts: {rita@example.org: rita-codes}")
    assert change.gate(submitter="Rita-Codes").code == 1
    assert change.gate(submitter="sam-codes").code == 0


def test_the_forge_s_robot_is_not_somebody_else(change, flipped):
    change.bring(flipped, "east/bad.csv")
    change.ok("git", "add", "-A")
    change.ok("git", "-c", "user.name=x", "commit", "-q", "-m", "x", "--author", "GitHub <noreply@github.com>")
    change.by("rita").decide("release", "east/bad", "--reason", "trust me")
    assert "nothing vouches for who submitted it" in change.gate(submitter="").complaint


def test_commits_that_a_listed_key_has_signed_say_who_submitted(change, flipped):
    """Tom signs his commits with the key that is listed for him; a rebase by Rita takes his word away."""
    tom = change.by("tom")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingkey": str(tom.key_of("tom")),
        "commit.gpgsign": "true",
    }.items():
        tom.ok("git", "config", name, value)
    tom.bring(flipped, "east/bad.csv")
    tom.commit()
    tom.ok("git", "config", "commit.gpgsign", "false")
    change.by("rita").decide("release", "east/bad", "--reason", "looked at it")
    assert change.gate(submitter="").code == 0
    change.by("rita").ok("git", "rebase", "-q", "--force-rebase", "main")
    assert "nothing vouches for who submitted it" in change.gate(submitter="").complaint


@pytest.mark.parametrize("action", ["release", "reject"])
def test_an_unsigned_decision_in_a_reviewer_s_name_is_refused_and_does_nothing(change, monkeypatch, action):
    """Sam writes it with Rita's name in the file and in the commit."""
    change.stages("ingest", "validate")
    monkeypatch.setenv("PRATIQUE_SIGNING_KEY", "")
    done = change.by("rita").pratique("review", "reject", "east/first", "--reason", "the vendor was breached")
    assert (done.code, "It is kept, but does not count" in done.out) == (1, True)
    listed = change.pratique("review", "list").out
    assert "reject, which does not" in " ".join(listed.split())
    assert "held one by one" not in listed
    change.ok("git", "checkout", "-q", "--", "data/ledger.jsonl")
    change.by("rita").commit()
    (path,) = (change.root / "data/decisions").glob("*.json")
    path.write_text(text_of(path).replace('"reject"', f'"{action}"'), encoding="utf-8")
    change.ok("git", "add", "-A")
    change.by("rita").ok("git", "commit", "-q", "--amend", "--no-edit")
    name = str(path.relative_to(change.root))
    assert change.refused()[name].startswith("not signed with a key that params.yaml lists for its reviewer")
    done = change.pratique("validate")
    assert f"{name}: not signed with a key" in done.err
    assert (change.line("east/first")["decision"], change.line("east/first")["outcome"]) == ("", "accepted")
    shown = " ".join(change.pratique("review", "show", "east/first").out.split())
    assert "the vendor was breached (not signed with a key" in shown


def test_a_decision_is_taken_back_by_its_reviewer_and_by_nobody_else(poisoned):
    rita = poisoned.by("rita")
    rita.decide("reject", "east/bad", "--reason", "flipped labels")
    rejected = poisoned.decision("rita")
    name, text = str(rejected.relative_to(poisoned.root)), rejected.read_bytes()
    land(poisoned)
    rejected.unlink()
    poisoned.commit()
    assert poisoned.refused() == {name: "takes away the reject of east/bad by Rita <rita@example.org>"}
    rejected.write_bytes(text)
    poisoned.decide_again("rita", action="withdraw", time="2100-01-01T00:00:00+00:00")
    assert poisoned.refused() == {name: "is dated 2100-01-01, which is yet to come"}
    rejected.write_bytes(text)
    rita.decide("withdraw", "east/bad", "--reason", "they were right")
    assert poisoned.gate().code == 0
    land(poisoned)
    poisoned.decide_again("rita", action="release", time="2001-01-01T00:00:00+00:00")
    assert poisoned.refused()[name].startswith("is older than the withdrawal of east/bad by Rita")


def test_a_release_that_main_took_back_does_not_count_on_an_old_branch(released):
    """Both hold the same file, and main's is newer."""
    assert released.gate().code == 0
    name = str(released.decision("rita").relative_to(released.root))
    released.ok("git", "switch", "-q", "main")
    released.ok("git", "checkout", "-q", "change", "--", "data/decisions")
    released.decide_again("rita", action="withdraw", time="2026-01-01T00:00:00+00:00")
    released.ok("git", "switch", "-q", "change")
    released.decide_again("rita", time="2025-01-01T00:00:00+00:00")
    assert released.refused()[name].startswith("is older than the withdrawal")


def test_accepted_rows_leave_by_a_reviewer_s_word_only(change, make_rows):
    """Taken away or replaced, it is the same; under another name they are still there."""
    name = "data/incoming/east/first.csv"
    before = (change.root / name).read_bytes()
    change.ok("git", "mv", name, "data/incoming/east/renamed.csv")
    change.commit()
    assert change.gate().code == 0
    change.bring(make_rows(40, seed=21), "east/renamed.csv")
    change.commit()
    assert change.refused() == {name: "takes away east/first, which was accepted, and nobody rejected it"}
    change.ok("git", "mv", "data/incoming/east/renamed.csv", name)
    change.commit()
    assert change.refused() == {name: "replaces east/first, which was accepted, and nobody rejected it"}
    (change.root / name).write_bytes(before)
    change.by("rita").decide("reject", "east/first", "--reason", "the vendor was breached")
    (change.root / name).unlink()
    change.commit()
    done = change.gate()
    assert done.code == 0, done
    assert f"{name}: takes away east/first, which was accepted, rejected by Rita <rita@example.org>" in done.out


def test_what_was_accepted_since_the_branch_began_leaves_by_a_reviewer_s_word_only(poisoned):
    poisoned.stages("ingest", "validate")
    poisoned.commit()
    land(poisoned)
    poisoned.ok("git", "switch", "-q", "main")
    assert poisoned.by("rita").pratique("review", "release", "east/bad", "--reason", "looked at it").code == 0
    poisoned.stages("validate")
    poisoned.by("rita").commit()
    poisoned.ok("git", "switch", "-q", "change")
    (poisoned.root / "data/incoming/east/bad.csv").unlink()
    poisoned.commit()
    refused = poisoned.refused()
    assert refused["data/incoming/east/bad.csv"] == "takes away east/bad, which was accepted, and nobody rejected it"


def test_who_changed_a_batch_through_a_folder_s_pointer_submitted_it_although_git_held_it_before(change, flipped):
    change.ok("git", "rm", "-q", "--cached", "-r", "data/incoming/east")
    change.ok("dvc", "add", "-q", "data/incoming/east")
    change.by("mia").commit()
    change.bring(flipped, "east/first.csv")
    change.ok("dvc", "add", "-q", "data/incoming/east")
    change.ok("dvc", "remote", "add", "-q", "-d", "store", str(change.root.parent / "store"))
    change.commit()
    land(change)
    change.decide("release", "east/first", "--reason", "mine")
    assert change.gate().code == 1
    assert "is by somebody who submitted the batch" in change.batch("east/first")["reasons"][0]


def test_what_was_quarantined_may_go_and_is_named(poisoned):
    poisoned.stages("ingest", "validate")
    poisoned.commit()
    land(poisoned)
    (poisoned.root / "data/incoming/east/bad.csv").unlink()
    poisoned.commit()
    done = poisoned.gate()
    assert done.code == 0, done
    assert "data/incoming/east/bad.csv: takes away east/bad, which was quarantined" in done.out


# without keys


def test_without_a_key_nothing_is_released_and_the_gate_says_so(released):
    keys = text_of(released.root / "params.yaml").split("  reviewers: ")[2].split("  gate:")[0]
    released.policy("params.yaml", keys, "{}\n")
    done = released.gate()
    assert done.code == 1
    assert NO_KEY in done.out
    assert NO_KEY in text_of(released.root / "data/reports/gate/summary.md").replace("&#39;", "'")
    assert any(NO_KEY in note for note in released.found["notes"])


def test_claims_count_from_the_base_only_and_the_gate_says_what_they_are(released):
    use_claims(released)
    path = released.decision("rita")
    name = str(path.relative_to(released.root))
    assert "comes together with data" in released.refused()[name]
    assert not released.batch("east/bad")["passes"]
    text = path.read_bytes()
    released.ok("git", "rm", "-q", name)
    released.ok("git", "commit", "-q", "-m", "apart from the data")
    released.ok("git", "switch", "-q", "main")
    released.path(name).write_bytes(text)
    released.commit()
    released.ok("git", "switch", "-q", "change")
    done = released.gate(submitter="")
    assert done.code == 0, done
    assert CLAIMS in done.out
    assert CLAIMS in text_of(released.root / "data/reports/gate/summary.md")
    released.ok("git", "switch", "-q", "main")
    released.ok("git", "switch", "-q", "-c", "away")
    (released.root / name).unlink()
    released.commit()
    done = released.gate()
    assert done.code == 0
    assert f"{name}: takes away the release of east/bad by Rita" in done.out


@pytest.mark.parametrize(("identity", "said"), [("claims", CLAIMS), ("signature", NO_KEY)])
def test_every_page_says_what_decides(cleared, tmp_path, identity, said):
    project = cleared.copy(tmp_path / "project")
    params = project.root / "params.yaml"
    params.write_text(text_of(params).replace("identity: signature", f"identity: {identity}"), encoding="utf-8")
    project.stages("drill")
    assert NO_KEY not in project.pratique("report").out  # what each run repeats, nobody reads
    pages = [project.root / "data/reports/index.html", project.root / "data/reports/reference.html"]
    pages += (project.root / "data/reports/batches").rglob("*.html")
    project.commit()
    project.pratique("review", "versions", "versions.html")
    pages.append(project.root / "versions.html")
    told = [text_of(page).replace("&#39;", "'") for page in pages]
    told += [project.pratique(*words).out for words in (("status",), ("review", "list"))]
    assert [said in " ".join(each.split()) for each in told] == [True] * len(told)
