"""Secrets that must be read again."""

import pytest

from contracts.errors import SealedByAnother
from crypto import Seal

OLD, NEW = "o" * 32, "n" * 32


def test_a_sealed_secret_shows_nothing_and_differs_every_time() -> None:
    """Two equal secrets cannot be told to be equal."""
    seal = Seal((NEW,))
    one, other = seal.seal("secret"), seal.seal("secret")
    assert one != other
    assert b"secret" not in one
    assert seal.open(one) == seal.open(other) == "secret"


def test_keys_are_rotated_by_putting_a_new_one_first() -> None:
    """What was sealed before opens still, and after being renewed it needs the old key no more."""
    sealed = Seal((OLD,)).seal("secret")
    both = Seal((NEW, OLD))
    assert both.open(sealed) == "secret"
    renewed = both.renew(sealed)
    assert Seal((NEW,)).open(renewed) == "secret"


def test_a_secret_of_another_key_or_a_changed_one_does_not_open() -> None:
    """It is said, not guessed."""
    sealed = Seal((OLD,)).seal("secret")
    with pytest.raises(SealedByAnother):
        Seal((NEW,)).open(sealed)
    with pytest.raises(SealedByAnother):
        Seal((NEW,)).renew(sealed)
    with pytest.raises(SealedByAnother):
        Seal((OLD,)).open(sealed[:-2] + b"xx")


def test_credentials_are_sealed_as_one() -> None:
    """Names and values."""
    seal = Seal((NEW,))
    fields = {"consumer_key": "ck_1", "consumer_secret": "cs_2"}
    assert seal.open_fields(seal.seal_fields(fields)) == fields


def test_without_a_key_nothing_opens_and_nothing_is_sealed() -> None:
    """A worker may run without one; nothing may be sealed by a key that nobody keeps."""
    with pytest.raises(SealedByAnother):
        Seal(()).open(Seal((NEW,)).seal("secret"))
    with pytest.raises(ValueError, match="PILITO_SECRET_KEY"):
        Seal(()).seal("secret")
