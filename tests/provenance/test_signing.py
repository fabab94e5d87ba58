"""Signed statements: nobody else's key, and not one other byte."""

import subprocess

import pytest
from pratique.core.errors import PratiqueError
from pratique.provenance.signing import is_signed, seal, unseal

STATEMENT = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicate": {"who": "Rita \u202e"}}


def make_key(folder, name):
    private = folder / f"{name}.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    shown = subprocess.run(["openssl", "pkey", "-in", private, "-pubout"], check=True, capture_output=True, text=True)
    return private, shown.stdout.splitlines()[1]


@pytest.fixture(scope="module")
def rita(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("rita"), "rita")


@pytest.fixture(scope="module")
def sam(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("sam"), "sam")


def test_a_statement_comes_back_and_its_signature_is_its_signer_s(rita, sam):
    data = seal(STATEMENT, rita[0])
    assert unseal(data, "it") == STATEMENT
    assert is_signed(data, rita[1], "it")
    assert not is_signed(data, sam[1], "it")
    assert seal(STATEMENT, rita[0]) == data


def test_every_flip_of_every_byte_is_found(rita):
    data = seal(STATEMENT, rita[0])
    missed = []
    for i in range(len(data)):
        for flip in (1, 0x20, 0x80):
            bad = bytearray(data)
            bad[i] ^= flip
            try:
                if is_signed(bytes(bad), rita[1], "it"):
                    missed.append((i, flip))
            except PratiqueError:
                pass
    assert missed == []


def test_what_follows_or_is_left_out_is_found(rita):
    data = seal(STATEMENT, rita[0])
    for bad in (data + b"\n", data[:-1], data.replace(b"\n", b"\r\n"), b"{}", b"[]", b"null", b"", b"\xff"):
        with pytest.raises(PratiqueError, match="it: "):
            is_signed(bad, rita[1], "it")


def test_a_key_of_another_kind_is_refused(tmp_path, rita):
    other = tmp_path / "rsa.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", other], check=True, capture_output=True)
    with pytest.raises(PratiqueError, match="not an Ed25519 key"):
        seal(STATEMENT, other)
    other.write_text("no key")
    with pytest.raises(PratiqueError, match="not a private key"):
        seal(STATEMENT, other)
    with pytest.raises(PratiqueError, match="no public key"):
        is_signed(seal(STATEMENT, rita[0]), "AAAA", "it")
