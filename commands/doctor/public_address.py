"""The check of the address at which shops reach the API."""

import ipaddress
from urllib.parse import urlsplit

import httpx2

from commands.doctor.result import CheckResult
from settings import Settings

SUBJECT = "Public address"

ANSWER_WITHIN = 5.0

ASKED = "/api/integrations/woocommerce/health/"
"""Shops ask for it, so a proxy passes it; without a token the answer is a 401 of ours."""

UNSET = (
    "Set PILITO_PUBLIC_URL to the address that shops reach, such as https://sync.example, unless only this"
    " machine uses the API."
)
UNREACHED = (
    "Check the name, the certificate and the reverse proxy. A machine that cannot reach its own public"
    " address may ignore this."
)


async def check_public_address(settings: Settings) -> CheckResult:
    """Returns whether the API answers at its public address, and hides there what only operators need."""
    if settings.public_url is None:
        said = "not set: webhook addresses and links follow the host of each request"
        return _warning(said, UNSET)
    address = str(settings.public_url).rstrip("/")
    try:
        async with httpx2.AsyncClient(timeout=ANSWER_WITHIN) as http:
            answer = await http.get(f"{address}{ASKED}")
            metrics = await http.get(f"{address}/metrics")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        said = f"{address} does not answer this machine ({str(error)[:200] or type(error).__name__})"
        return _warning(said, UNREACHED)
    if not _is_ours(answer):
        said = f"{address} answers {answer.status_code}, and not as this service"
        advice = "Correct PILITO_PUBLIC_URL, or let the reverse proxy pass the requests to the API."
        return CheckResult(subject=SUBJECT, said=said, advice=advice)
    if is_local(address):
        return CheckResult(subject=SUBJECT, said=f"{address}, on this machine")
    if not address.startswith("https://"):
        said = f"{address} answers without encryption"
        return _warning(said, "Let a reverse proxy answer at https://, and change PILITO_PUBLIC_URL.")
    if metrics.status_code == 200:
        said = f"{address} answers, and shows /metrics to everyone"
        return _warning(said, "Let the reverse proxy refuse /metrics.")
    return CheckResult(subject=SUBJECT, said=f"{address} answers")


def _warning(said: str, advice: str) -> CheckResult:
    return CheckResult(subject=SUBJECT, said=said, advice=advice, is_warning=True)


def _is_ours(answer: httpx2.Response) -> bool:
    try:
        return answer.status_code == 401 and set(answer.json()) == {"detail"}
    except (ValueError, TypeError):
        return False


def is_local(address: str) -> bool:
    """Returns whether an address is one of this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
