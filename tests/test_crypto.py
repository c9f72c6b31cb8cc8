"""Encryption of stored secrets."""

import logging

import pytest

from contracts.errors import UNKNOWN_KEY, UnknownKey
from crypto import KnownSecrets, SecretBox

OLD, NEW = "o" * 32, "n" * 32


def test_an_encrypted_secret_differs_every_time() -> None:
    """Two encryptions of equal secrets differ."""
    secret_box = SecretBox((NEW,))
    one, other = secret_box.encrypt("secret"), secret_box.encrypt("secret")
    assert one != other
    assert b"secret" not in one
    assert secret_box.decrypt(one) == secret_box.decrypt(other) == "secret"


def test_keys_are_rotated_by_putting_a_new_one_first() -> None:
    """Secrets encrypted with an old key are readable; after a rotation the old key is not needed."""
    encrypted = SecretBox((OLD,)).encrypt("secret")
    both = SecretBox((NEW, OLD))
    assert both.decrypt(encrypted) == "secret"
    rotated = both.rotate(encrypted)
    assert SecretBox((NEW,)).decrypt(rotated) == "secret"


def test_a_secret_of_another_key_or_a_changed_one_is_not_decrypted() -> None:
    """An unknown key raises UnknownKey."""
    encrypted = SecretBox((OLD,)).encrypt("secret")
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).decrypt(encrypted)
    with pytest.raises(UnknownKey):
        SecretBox((NEW,)).rotate(encrypted)
    with pytest.raises(UnknownKey):
        SecretBox((OLD,)).decrypt(encrypted[:-2] + b"xx")


def test_credentials_are_encrypted_as_one_value() -> None:
    """Credentials are encrypted as one value with names and values."""
    secret_box = SecretBox((NEW,))
    fields = {"consumer_key": "ck_1", "consumer_secret": "cs_2"}
    assert secret_box.decrypt_fields(secret_box.encrypt_fields(fields)) == fields


def test_without_a_key_nothing_is_encrypted_or_decrypted() -> None:
    """A worker may run without a key; it must not encrypt with a temporary one."""
    with pytest.raises(UnknownKey):
        SecretBox(()).decrypt(SecretBox((NEW,)).encrypt("secret"))
    with pytest.raises(ValueError, match="PILITO_SECRET_KEY"):
        SecretBox(()).encrypt("secret")


def test_secrets_of_several_keys_are_decrypted_as_far_as_known(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is named once, with the setting; where none is known that is an error."""
    known, lost = SecretBox((NEW,)).encrypt("رمز"), SecretBox((OLD,)).encrypt("old")
    secret_box = SecretBox((NEW,))
    assert secret_box.decrypt_known([known]) == KnownSecrets(["رمز"], are_all=True)
    assert secret_box.decrypt_known([]) == KnownSecrets([], are_all=True)
    assert (secret_box.decrypts(known), secret_box.decrypts(lost)) == (True, False)
    assert (secret_box.lacks_key, caplog.messages) == (False, [])
    assert secret_box.decrypt_known([known, lost]) == KnownSecrets(["رمز"], are_all=False)
    for _ in range(3):
        with pytest.raises(UnknownKey, match="PILITO_SECRET_KEY"):
            secret_box.decrypt_known([lost, lost])
    assert secret_box.lacks_key
    assert "secret" not in repr(KnownSecrets(["secret"], are_all=True))
    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.ERROR, UNKNOWN_KEY)]
