"""Signatures: DSSE envelopes with Ed25519, by securesystemslib.

An envelope on disk has one form only, so that any other byte in it is a change, even one that no signature covers.
"""

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
KEY_VARIABLE = "PRATIQUE_SIGNING_KEY"
"""The environment variable that names a private key, a file in PEM or as `ssh-keygen` writes it."""


def private_key() -> Path | None:
    """The private key that whoever works here has configured."""
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else None


def reviewer_key() -> Path | None:
    """The private key for what people decide: the one configured, else the one that `review setup` made."""
    if KEY_VARIABLE in os.environ:
        return private_key()
    return reviewer_key_place() if reviewer_key_place().is_file() else None


def reviewer_key_place() -> Path:
    """Where a reviewer's key lies if none is configured: with this person's settings, outside any repository."""
    settings = os.environ.get("XDG_CONFIG_HOME")
    return (Path(settings) if settings else Path.home() / ".config") / "pratique" / "reviewer_key"


def make_key(path: Path) -> None:
    """Write a new private key that nobody else on this machine can read, in the form that git signs commits with.

    Raises
    ------
    PratiqueError
        If there is a file already, or none can be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(text)
    except OSError as error:
        raise PratiqueError(f"{path}: the key can't be written there ({error.strerror})") from error


def public_line(key: Path) -> str:
    """The public half of a private key, as params.yaml lists it; see `seal` for what it raises."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    shown = _load_private_key(key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(shown).decode()


def ssh_line(public: str) -> str:
    """A public key of params.yaml as OpenSSH writes it.

    Raises
    ------
    PratiqueError
        If it can't be read.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _load_public_key(public).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def seal(statement: dict[str, Any], key: Path) -> bytes:
    """Sign a statement; the envelope as it stands on disk.

    Raises
    ------
    PratiqueError
        If the key can't be read.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    private = _load_private_key(key)
    envelope = Envelope(json.dumps(statement, ensure_ascii=False, allow_nan=False).encode(), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(private))
    return _serialize(envelope)


def save(path: Path, statement: dict[str, Any], key: Path) -> None:
    """Write a signed statement."""
    write_bytes(path, seal(statement, key))


def unseal(data: bytes, place: str) -> dict[str, Any]:
    """The statement in an envelope; its signatures are not looked at."""
    statement = parse_json(_parse_envelope(data, place).payload, place)
    if not isinstance(statement, dict):
        raise PratiqueError(f"{place}: the envelope holds no statement; write it anew")
    return statement


def is_signed(data: bytes, public: str, place: str) -> bool:
    """Whether an envelope is signed with the key whose public half this is.

    Raises
    ------
    PratiqueError
        If the bytes are no envelope in the form that `seal` gives, or the public key can't be read.
    """
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    try:
        _parse_envelope(data, place).verify([SSlibKey.from_crypto(_load_public_key(public))], 1)
    except VerificationError:
        return False
    return True


def _load_private_key(path: Path) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    try:
        data = path.read_bytes()
    except OSError as error:
        raise PratiqueError(f"{path}: the private key can't be read ({error.strerror})") from error
    load = load_ssh_private_key if b"OPENSSH" in data[:40] else load_pem_private_key
    try:
        private = load(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PratiqueError(
            f"{path}: not a private key without a passphrase; `pratique review setup` makes one"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise PratiqueError(f"{path}: not an Ed25519 key; `pratique review setup` makes one")
    return private


def _load_public_key(text: str) -> "Ed25519PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    pem = f"-----BEGIN PUBLIC KEY-----\n{text.strip()}\n-----END PUBLIC KEY-----\n"
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PratiqueError(f"params.yaml: signing: '{text:.80}' is no public key in base64") from error
    if not isinstance(key, Ed25519PublicKey):
        raise PratiqueError(f"params.yaml: signing: '{text:.80}' is no Ed25519 key")
    return key


def _parse_envelope(data: bytes, place: str) -> Any:
    from securesystemslib.dsse import Envelope

    try:
        envelope = Envelope.from_dict(parse_json(data, place))
        sound = envelope.payload_type == PAYLOAD_TYPE and _serialize(envelope) == data
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PratiqueError(f"{place}: not a signed statement; write it anew") from error
    if not sound:
        raise PratiqueError(f"{place}: changed after it was signed; write it anew")
    return envelope


def envelope_of(value: Any) -> bytes:
    """An envelope as `seal` gives it, from the JSON value in it."""
    return (json.dumps(value, indent=2) + "\n").encode()


def _serialize(envelope: Any) -> bytes:
    return envelope_of(envelope.to_dict())
