"""Encryption of stored secrets: with the first of several keys, decryption with any of them.

Fernet (AES-128-CBC with HMAC-SHA256) with keys derived from the keys in PILITO_SECRET_KEY.
"""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.errors import UNKNOWN_KEY, UnknownKey

PURPOSE = b"pilito: secrets of stores"

logger = logging.getLogger("pilito.secrets")


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """Secrets that a key decrypts; `are_all` is False where there are others that no key decrypts."""

    values: Sequence[str] = field(repr=False)
    are_all: bool


class SecretBox:
    """Encrypts with the first key and decrypts with any; raises UnknownKey where no key fits.

    Without a key it encrypts and decrypts nothing. `lacks_key` is whether a secret that was needed could not
    be decrypted; the first one is logged.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.lacks_key = False
        self._can_encrypt = bool(keys)
        self._keys = MultiFernet([_fernet(key) for key in keys] or [Fernet(Fernet.generate_key())])

    def encrypt(self, value: str) -> bytes:
        if not self._can_encrypt:
            raise ValueError("no key to encrypt with; PILITO_SECRET_KEY is empty")
        return self._keys.encrypt(value.encode())

    def decrypt(self, encrypted: bytes) -> str:
        return self.decrypt_known([encrypted]).values[0]

    def decrypt_known(self, encrypted: Sequence[bytes]) -> KnownSecrets:
        """Returns the secrets that a key decrypts, in their order; raises UnknownKey where none is."""
        values = [secret for each in encrypted if (secret := self._decrypted(each)) is not None]
        are_all = len(values) == len(encrypted)
        if not are_all and not self.lacks_key:
            self.lacks_key = True
            logger.error(UNKNOWN_KEY)
        if encrypted and not values:
            raise UnknownKey
        return KnownSecrets(values, are_all)

    def decrypts(self, encrypted: bytes) -> bool:
        """Returns whether a key decrypts a secret."""
        return self._decrypted(encrypted) is not None

    def _decrypted(self, encrypted: bytes) -> str | None:
        try:
            return self._keys.decrypt(encrypted).decode()
        except InvalidToken:
            return None

    def rotate(self, encrypted: bytes) -> bytes:
        """Returns the same secret, encrypted with the first key."""
        try:
            return self._keys.rotate(encrypted)
        except InvalidToken:
            raise UnknownKey from None

    def encrypt_fields(self, fields: dict[str, str]) -> bytes:
        return self.encrypt(orjson.dumps(fields).decode())

    def decrypt_fields(self, encrypted: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = orjson.loads(self.decrypt(encrypted))
        return fields
