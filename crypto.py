"""Encryption of stored secrets: with the first of several keys, decryption with any of them.

Fernet (AES-128-CBC with HMAC-SHA256) with keys derived from the keys in PILITO_SECRET_KEY.
"""

import base64
from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.errors import UnknownKey

PURPOSE = b"pilito: secrets of stores"


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


class SecretBox:
    """Encrypts with the first key and decrypts with any; raises UnknownKey where no key fits.

    Without a key it encrypts and decrypts nothing.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._can_encrypt = bool(keys)
        self._keys = MultiFernet([_fernet(key) for key in keys] or [Fernet(Fernet.generate_key())])

    def encrypt(self, value: str) -> bytes:
        if not self._can_encrypt:
            raise ValueError("no key to encrypt with; PILITO_SECRET_KEY is empty")
        return self._keys.encrypt(value.encode())

    def decrypt(self, encrypted: bytes) -> str:
        try:
            return self._keys.decrypt(encrypted).decode()
        except InvalidToken:
            raise UnknownKey("no key of PILITO_SECRET_KEY decrypts a stored secret") from None

    def rotate(self, encrypted: bytes) -> bytes:
        """Returns the same secret, encrypted with the first key."""
        try:
            return self._keys.rotate(encrypted)
        except InvalidToken:
            raise UnknownKey("no key of PILITO_SECRET_KEY decrypts a stored secret") from None

    def encrypt_fields(self, fields: dict[str, str]) -> bytes:
        return self.encrypt(orjson.dumps(fields).decode())

    def decrypt_fields(self, encrypted: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = orjson.loads(self.decrypt(encrypted))
        return fields
