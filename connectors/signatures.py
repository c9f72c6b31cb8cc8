"""The form of signatures: what can be checked before the body of a delivery is read."""

import re
from collections.abc import Mapping

_DIGEST = r"[A-Za-z0-9+/]{43}="
"""32 bytes in base64, as every platform writes an HMAC-SHA256."""

_HMAC = re.compile(_DIGEST)
_STANDARD = re.compile(rf"(?:.* )?v1,{_DIGEST}(?: .*)?")

STANDARD_SIGNATURE = "webhook-signature"
STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", STANDARD_SIGNATURE)


def is_hmac(signature: str) -> bool:
    """Returns whether a text has the form of an HMAC-SHA256 in base64."""
    return _HMAC.fullmatch(signature) is not None


def has_standard_signature(headers: Mapping[str, str]) -> bool:
    """Returns whether the headers of Standard Webhooks are all there, with a signature of its form."""
    return (
        all(headers.get(name) for name in STANDARD_HEADERS)
        and _STANDARD.fullmatch(headers[STANDARD_SIGNATURE]) is not None
    )
