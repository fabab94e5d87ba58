"""The command `pratique verify`: compute once more what lies here, and say of each claim what it stands on."""

from pratique.commands.recompute import MODEL_STEPS, PAGES_STEP, STEPS, recompute
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import load
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.lineage.claim import Claim, not_verified
from pratique.lineage.erased import claim_erasures
from pratique.lineage.history import claim_inputs, claim_ledger
from pratique.lineage.lock import claim_lock
from pratique.lineage.promoted import claim_promotions
from pratique.lineage.standing import claim_standing
from pratique.lineage.verify import claim_configuration, claim_decisions, claim_model, read_all
from pratique.lineage.vouching import claim_attestations
from pratique.provenance import git

RUN = "`dvc repro`"
"""What mends most faults."""


def main(retrain: bool, sample: int | None, require_attestations: bool) -> bool:
    """Verify and say so; whether all holds."""
    claims = verify(retrain, sample, require_attestations)
    faults = [fault.replace(RUN, _name_run()) for claim in claims for fault in claim.faults]
    well = "All holds, as far as it is verified:"
    say(*faults, f"{say_count(len(faults), 'fault')}. What each claim stands on:" if faults else well)
    say(*(f"  {claim.line}" for claim in claims))
    return not faults


def _name_run() -> str:
    """The command that runs this pipeline from any folder: plain `dvc repro` runs that of the current one alone."""
    try:
        below = git.find_prefix().parts
    except PratiqueError:
        below = ()
    return "`dvc repro --all-pipelines`" if below else RUN


def verify(retrain: bool = False, sample: int | None = None, require_attestations: bool = False) -> list[Claim]:
    """Every claim about what lies here.

    Parameters
    ----------
    retrain : bool
        Also train, measure and draw again.
    sample : int, optional
        See `recompute`.
    require_attestations : bool
        Whether an accepted batch that CI did not vouch for is a fault.
    """
    params = load()
    records, form = read_all()
    later = (*(MODEL_STEPS if params.trains else ()), PAGES_STEP)
    claims = [claim_inputs(), claim_lock(), *recompute((*STEPS, *(later if retrain else ())), sample), form]
    claims += [claim_configuration(records, params), claim_ledger(records), *claim_decisions(records, params)]
    claims += claim_standing(params)
    claims += claim_attestations(records, params, require_attestations)
    claims += claim_promotions() + claim_erasures(params)
    if not (retrain and params.trains):
        claims.append(claim_model(params))
    if not retrain:
        skipped = [name for step in later for name in step.writes if name != "model"]
        claims += [not_verified(name, "--retrain computes them") for name in skipped]
    drill = not_verified(str(paths.DRILL), "`dvc repro --force drill` computes it")
    return [*claims, drill] if params.trains else claims
