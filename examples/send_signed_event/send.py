"""Send one product event, signed by the Standard Webhooks scheme. Needs only the standard library.

WEBHOOK_URL=... WEBHOOK_SECRET=whsec_... python3 send.py event.json
"""

import base64
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


def signed_headers(secret: str, event_id: str, body: bytes) -> dict[str, str]:
    """Returns the headers of a signed delivery. The receiver accepts a timestamp up to 5 minutes old."""
    timestamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{event_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def send(url: str, secret: str, body: bytes) -> tuple[int, str]:
    """Post the event. Returns the status and the body of the answer."""
    headers = signed_headers(secret, json.loads(body)["event_id"], body)
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the address is the operator's own setting
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same address
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


if __name__ == "__main__":
    status, text = send(
        os.environ["WEBHOOK_URL"], os.environ["WEBHOOK_SECRET"], Path(sys.argv[1]).read_bytes()
    )
    print(status, text)
    sys.exit(0 if 200 <= status < 300 else 1)
