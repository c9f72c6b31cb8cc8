"""Secrets we must be able to read again, encrypted with the first of several keys and read with any.

Fernet (AES-128-CBC with HMAC-SHA256) under keys derived from those of PILITO_SECRET_KEY.
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
    """Seals with the first key, opens with all; raises SealedByAnother where none fits.

    Without a key nothing opens and nothing is sealed.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._can_seal = bool(keys)
        self._keys = MultiFernet([_fernet(key) for key in keys] or [Fernet(Fernet.generate_key())])

    def seal(self, value: str) -> bytes:
        if not self._can_seal:
            raise ValueError("no key to seal with; PILITO_SECRET_KEY is empty")
        return self._keys.encrypt(value.encode())

    def open(self, sealed: bytes) -> str:
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise UnknownKey("none of the keys of PILITO_SECRET_KEY opens a kept secret") from None

    def renew(self, sealed: bytes) -> bytes:
        """The same secret under the first key."""
        try:
            return self._keys.rotate(sealed)
        except InvalidToken:
            raise UnknownKey("none of the keys of PILITO_SECRET_KEY opens a kept secret") from None

    def encrypt_fields(self, fields: dict[str, str]) -> bytes:
        return self.seal(orjson.dumps(fields).decode())

    def decrypt_fields(self, sealed: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = orjson.loads(self.open(sealed))
        return fields
