"""What becomes of decisions while policy, branches and people change: nobody's disappears without a sentence."""

import pytest

pytestmark = pytest.mark.slow

ROBOT = "Forge <noreply@forge.example>"


def land(project):
    """Run the pipeline on main after a merge, and commit what it writes."""
    project.stages("ingest", "validate", "train")
    project.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train")
    project.commit()


def edit_policy(project, old, new, name="params.yaml"):
    """Mia changes a file on main, the pipeline runs, and a new branch begins there."""
    project.ok("git", "switch", "-q", "main")
    project.edit(name, old, new)
    project.by("mia").commit()
    project.stages("calibrate", "ingest", "validate")
    project.ok("git", "switch", "-q", "-C", "next")


def words(text):
    return " ".join(text.split())


@pytest.fixture
def merged(released):
    """Sam's batch and Rita's release of it lie on main: Rita has squashed both into a commit of her own."""
    assert released.gate().code == 0
    released.ok("git", "switch", "-q", "main")
    released.ok("git", "merge", "-q", "--squash", "change")
    released.by("rita").commit()
    released.stages("ingest", "validate", "train")
    assert released.line("east/bad")["outcome"] == "accepted"
    return released


def test_a_release_is_void_with_a_sentence_and_confirmed_by_its_reviewer(merged):
    """Each edit of the policy that a verdict follows from asks the reviewer again; what changed is said everywhere."""
    edit_policy(merged, "rows_fdr: 0.05", "rows_fdr: 0.04")
    said = "release by Rita <rita@example.org> no longer counts: alarms.rows_fdr changed"
    assert (merged.line("east/bad")["decision"], merged.line("east/bad")["outcome"]) == ("", "quarantined")
    for command in (("status",), ("review", "list"), ("review", "show", "east/bad")):
        assert said in words(merged.pratique(*command).out), command
    merged.stages("train", "evaluate", "drill", "report")
    for page in ("index.html", "batches/east/bad.html"):
        text = (merged.root / "data/reports" / page).read_text(encoding="utf-8")
        assert "no longer counts: alarms.rows_fdr changed" in text

    rita = merged.by("rita")
    listed = rita.pratique("review", "confirm").out
    assert "east/bad: no longer counts: alarms.rows_fdr changed" in listed
    assert "pratique review confirm BATCH..." in listed
    assert "no release of yours" in merged.by("tom").pratique("review", "confirm", "east/bad").complaint
    assert "wrote  data/decisions/" in rita.pratique("review", "confirm", "--all").out
    assert "waits for the next `dvc repro`" in words(merged.pratique("status").out)
    merged.ok("git", "checkout", "-q", "--", "data/ledger.jsonl")
    merged.ok("git", "add", "data/decisions")
    rita.ok("git", "commit", "-q", "-m", "Confirm")
    done = merged.gate(submitter="")  # the author of the squash is Rita, who has not submitted it for all that
    assert done.code == 0, done
    merged.stages("validate")
    assert (merged.line("east/bad")["decision"], merged.line("east/bad")["outcome"]) == ("release", "accepted")
    assert "Every release of yours counts" in rita.pratique("review", "confirm").out
    status = words(merged.pratique("status").out)
    assert "release by Rita <rita@example.org>: looked at it" in status
    assert "waits for" not in status


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("params.yaml", "personal: []", "personal: [age]"),
        ("params.yaml", "alarms:", "# what it costs\nalarms:"),
        ("params.yaml", "labels: {}", "labels: {neighbours: 20}"),
        ("expectations/schema.yaml", "strict: true", "strict: true  # ours"),
        ("expectations/columns.yaml", "columns:", "# ours\ncolumns:"),
    ],
)
def test_what_changes_no_verdict_voids_no_release(merged, name, old, new):
    edit_policy(merged, old, new, name)
    assert (merged.line("east/bad")["decision"], merged.line("east/bad")["outcome"]) == ("release", "accepted")


@pytest.mark.parametrize("how", ["squash", "rebase"])
def test_a_release_counts_by_its_signature_whoever_s_commit_brings_it(released, how):
    """The forge's robot squashes or rebases; verify and the next gate take the release for what it is."""
    released.ok("git", "switch", "-q", "main")
    released.ok("git", "commit", "-q", "--allow-empty", "-m", "main went on")
    if how == "squash":
        released.ok("git", "merge", "-q", "--squash", "change")
        released.ok("git", "add", "-A")
        released.ok("git", "commit", "-q", "-m", "East (#7)\n\nCo-authored-by: Nobody <n@o>", "--author", ROBOT)
    else:
        released.by("mia").ok("git", "rebase", "-q", "--force-rebase", "main", "change")
        released.ok("git", "switch", "-q", "main")
        released.ok("git", "merge", "-q", "--ff-only", "change")
    land(released)
    assert released.line("east/bad")["outcome"] == "accepted"
    told = released.pratique("verify").out
    assert "release of east/bad by Rita <rita@example.org>: signed by rita@example.org" in told

    released.ok("git", "switch", "-q", "-C", "next")
    released.by("rita").decide("release", "east/bad", "--reason", "looked at it once more")
    assert released.gate(submitter="").code == 0
    released.by("rita").decide("withdraw", "east/bad", "--reason", "the crowd's lead was wrong")
    assert released.gate(submitter="").code == 0


def test_one_of_two_releases_is_shown_until_the_second_comes(poisoned):
    poisoned.policy("params.yaml", "reviewers: 1 ", "reviewers: 2 ")
    poisoned.ok("git", "rebase", "-q", "main")
    poisoned.by("rita").decide("release", "east/bad", "--reason", "looked at it")
    poisoned.stages("validate")
    said = "release by Rita <rita@example.org> waits for others: 1 of 2 releases"
    for command in (("status",), ("review", "list")):
        assert said in words(poisoned.pratique(*command).out)
    assert poisoned.gate().code == 1
    assert said in poisoned.batch("east/bad")["reasons"]
    poisoned.ok("git", "checkout", "-q", "--", "data/ledger.jsonl")
    poisoned.by("tom").decide("release", "east/bad", "--reason", "so have I")
    assert poisoned.gate().code == 0
    poisoned.stages("validate")
    assert poisoned.line("east/bad")["outcome"] == "accepted"


def test_what_can_not_count_is_said_when_it_is_decided(poisoned):
    """One's own batch, and a batch that a colleague has rejected."""
    poisoned.stages("ingest", "validate")
    mine = poisoned.pratique("review", "release", "east/bad", "--reason", "mine")
    assert mine.code == 0
    assert "The gate will not count it: this release is by somebody who submitted the batch" in mine.out
    listed = words(poisoned.pratique("review", "list").out)
    assert "release, with the" in listed
    theirs = poisoned.by("tom").pratique("review", "release", "east/bad", "--reason", "looked at it")
    assert "will not count" not in theirs.out
    assert poisoned.by("rita").pratique("review", "reject", "east/bad", "--reason", "flipped").code == 0
    complaint = poisoned.by("tom").pratique("review", "release", "east/bad", "--reason", "fine").complaint
    assert "Rita <rita@example.org> rejected this batch, and a reject beats any release" in complaint
    poisoned.stages("validate")
    assert "release by Tom <tom@example.org> does not count: Rita" in words(poisoned.pratique("review", "list").out)


def test_a_release_of_a_batch_that_is_not_there_is_refused(released):
    """Nobody could ask who submitted it, and the batch could come later."""
    name = str(released.decision("rita").relative_to(released.root))
    released.ok("git", "rm", "-q", "data/incoming/east/bad.csv")
    released.commit()
    assert released.refused() == {name: "releases east/bad, which is not there"}
