"""What a package beyond the required ones is for, where it is missing."""

from importlib.util import find_spec

from pratique.core.errors import PratiqueError


def require_torch(what: str) -> None:
    """Refuse to go on without the library that networks learn with; `what` needs it, for people.

    Raises
    ------
    PratiqueError
        If it is not installed.
    """
    if find_spec("torch") is None:
        raise PratiqueError(f"{what} needs torch: pip install 'pratique[torch]'")
