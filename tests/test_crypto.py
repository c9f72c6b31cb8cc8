"""Secrets that must be read again."""

import pytest

from contracts.errors import UnknownKey
from crypto import SecretBox

OLD, NEW = "o" * 32, "n" * 32


def test_a_sealed_secret_shows_nothing_and_differs_every_time() -> None:
    """Two equal secrets have different ciphertexts."""
    seal = SecretBox((NEW,))
    one, other = seal.seal("secret"), seal.seal("secret")
    assert one != other
    assert b"secret" not in one
    assert seal.open(one) == seal.open(other) == "secret"


def test_keys_are_rotated_by_putting_a_new_one_first() -> None:
    """What was sealed before opens still, and after being renewed it needs the old key no more."""
    sealed = SecretBox((OLD,)).seal("secret")
    both = SecretBox((NEW, OLD))
    assert both.open(sealed) == "secret"
    renewed = both.renew(sealed)
    assert SecretBox((NEW,)).open(renewed) == "secret"


def test_a_secret_of_another_key_or_a_changed_one_does_not_open() -> None:
    """It is said, not guessed."""
    sealed = SecretBox((OLD,)).seal("secret")
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).open(sealed)
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).renew(sealed)
    with pytest.raises(UnknownKey):
        SecretBox((OLD,)).open(sealed[:-2] + b"xx")


def test_credentials_are_sealed_as_one() -> None:
    """Names and values."""
    seal = SecretBox((NEW,))
    fields = {"consumer_key": "ck_1", "consumer_secret": "cs_2"}
    assert seal.decrypt_fields(seal.encrypt_fields(fields)) == fields


def test_without_a_key_nothing_opens_and_nothing_is_sealed() -> None:
    """A worker may run without a key; sealing without one is an error."""
    with pytest.raises(UnknownKey):
        SecretBox(()).open(SecretBox((NEW,)).seal("secret"))
    with pytest.raises(ValueError, match="PILITO_SECRET_KEY"):
        SecretBox(()).seal("secret")
