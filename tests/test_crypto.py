"""Secrets that must be read again."""

import pytest

from contracts.errors import UnknownKey
from crypto import SecretBox

OLD, NEW = "o" * 32, "n" * 32


def test_a_sealed_secret_shows_nothing_and_differs_every_time() -> None:
    """Two equal secrets cannot be told to be equal."""
    secret_box = SecretBox((NEW,))
    one, other = secret_box.encrypt("secret"), secret_box.encrypt("secret")
    assert one != other
    assert b"secret" not in one
    assert secret_box.decrypt(one) == secret_box.decrypt(other) == "secret"


def test_keys_are_rotated_by_putting_a_new_one_first() -> None:
    """What was sealed before opens still, and after being renewed it needs the old key no more."""
    sealed = SecretBox((OLD,)).encrypt("secret")
    both = SecretBox((NEW, OLD))
    assert both.decrypt(sealed) == "secret"
    renewed = both.rotate(sealed)
    assert SecretBox((NEW,)).decrypt(renewed) == "secret"


def test_a_secret_of_another_key_or_a_changed_one_does_not_open() -> None:
    """It is said, not guessed."""
    sealed = SecretBox((OLD,)).encrypt("secret")
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).decrypt(sealed)
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).rotate(sealed)
    with pytest.raises(UnknownKey):
        SecretBox((OLD,)).decrypt(sealed[:-2] + b"xx")


def test_credentials_are_sealed_as_one() -> None:
    """Names and values."""
    secret_box = SecretBox((NEW,))
    fields = {"consumer_key": "ck_1", "consumer_secret": "cs_2"}
    assert secret_box.decrypt_fields(secret_box.encrypt_fields(fields)) == fields


def test_without_a_key_nothing_opens_and_nothing_is_sealed() -> None:
    """A worker may run without one; nothing may be sealed by a key that nobody keeps."""
    with pytest.raises(UnknownKey):
        SecretBox(()).decrypt(SecretBox((NEW,)).encrypt("secret"))
    with pytest.raises(ValueError, match="PILITO_SECRET_KEY"):
        SecretBox(()).encrypt("secret")
