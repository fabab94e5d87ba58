"""Signatures: DSSE envelopes with Ed25519, by securesystemslib.

An envelope on disk has one form only, so that any other byte in it is a change, even one that no signature covers.
"""

import json
import os
from pathlib import Path
from typing import Any

from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_bytes

PAYLOAD_TYPE = "application/vnd.in-toto+json"
KEY_VARIABLE = "PRATIQUE_SIGNING_KEY"
"""The environment variable that names a private key: a PEM file, as `openssl genpkey -algorithm ed25519` writes it."""


def private_key() -> Path | None:
    """The private key that whoever works here has configured."""
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else None


def seal(statement: dict[str, Any], key: Path) -> bytes:
    """Sign a statement; the envelope as it stands on disk.

    Raises
    ------
    PratiqueError
        If the key can't be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PratiqueError(f"{key}: not an unencrypted private key in PEM; {KEY_VARIABLE} names one") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise PratiqueError(f"{key}: not an Ed25519 key; make one with `openssl genpkey -algorithm ed25519`")
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

    try:
        _parse_envelope(data, place).verify([_load_public_key(public)], 1)
    except VerificationError:
        return False
    return True


def _load_public_key(text: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    pem = f"-----BEGIN PUBLIC KEY-----\n{text.strip()}\n-----END PUBLIC KEY-----\n"
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PratiqueError(f"params.yaml: signing: '{text:.80}' is no public key in base64") from error
    if not isinstance(key, Ed25519PublicKey):
        raise PratiqueError(f"params.yaml: signing: '{text:.80}' is no Ed25519 key")
    return SSlibKey.from_crypto(key)


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


def _serialize(envelope: Any) -> bytes:
    return (json.dumps(envelope.to_dict(), indent=2) + "\n").encode()
