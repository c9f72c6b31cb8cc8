"""A running service that is measured: a store with the catalogue, and its search."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from bench.search_set.questions import fingerprint, products

ENDED = ("succeeded", "unchanged", "superseded", "failed")
LIMIT = 10
PAUSE = 1.0
SECONDS_TO_FILL = 1_800.0
SECONDS_WITHOUT_ANSWER = 30.0
"""For so long a service may be starting again."""
BUSY = (429, 503)


class Refused(Exception):
    """The service answered with an error."""


class Service:
    """Requests to a service; it waits where the service asks for it."""

    def __init__(self, client: httpx2.Client, *, pause: float = PAUSE) -> None:
        self._client = client
        self._pause = pause

    def request(self, method: str, path: str, token: str, body: object = None) -> Any:
        """Returns the JSON of a response; raises Refused."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        until = time.monotonic() + SECONDS_WITHOUT_ANSWER
        while True:
            try:
                response = self._client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError as error:
                if time.monotonic() > until:
                    raise Refused(f"{method} {path}: {error}") from None
            else:
                if response.status_code not in BUSY:
                    break
            time.sleep(self._pause)
        if not response.is_success:
            raise Refused(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    def search(self, token: str, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Returns an answer, and how long it took in milliseconds."""
        began = time.perf_counter()
        answer = self.request("POST", "/api/v1/knowledge/search/", token, body)
        return answer, (time.perf_counter() - began) * 1000

    @contextmanager
    def token_of_the_set(self, email: str, password: str) -> Iterator[str]:
        """Yields a token of the admin's store with the catalogue, which is made and filled if needed."""
        signed_in = self.request("POST", "/api/v1/auth/token/", "", {"email": email, "password": password})
        admin = signed_in["access_token"]
        store_id = self._store(admin)
        issued = self.request(
            "POST",
            "/api/v1/integrations/tokens/generate/",
            admin,
            {"store_id": store_id, "name": "search set"},
        )
        try:
            self._fill(admin, store_id, issued["token"])
            yield issued["token"]
        finally:
            self.request("DELETE", f"/api/v1/integrations/tokens/{issued['id']}/", admin)

    def _store(self, admin: str) -> int:
        name = f"search set {fingerprint()}"
        path: str | None = "/api/v1/integrations/stores/?page_size=100"
        while path:
            page = self.request("GET", path, admin)
            for store in page["results"]:
                if store["name"] == name:
                    return int(store["id"])
            path = page["next"]
        made = self.request("POST", "/api/v1/integrations/stores/", admin, {"name": name, "currency": "IRT"})
        return int(made["id"])

    def _fill(self, admin: str, store_id: int, token: str) -> None:
        """Send the products that the store does not have, and wait until search has them all."""
        catalogue = products()
        if self._counts(admin, store_id) < len(catalogue):
            for product in catalogue:
                event = {
                    "event_id": f"set-{product['id']}",
                    "event_type": "product.created",
                    "product": product,
                }
                self.request("POST", "/api/integrations/woocommerce/webhook/", token, event)
        until = time.monotonic() + SECONDS_TO_FILL
        while self._counts(admin, store_id) < len(catalogue):
            if time.monotonic() > until:
                raise Refused(f"the catalogue was not ready after {SECONDS_TO_FILL:.0f} s")
            time.sleep(self._pause)

    def _counts(self, admin: str, store_id: int) -> int:
        """Returns the number of events that ended; raises Refused if one failed."""
        path = f"/api/v1/integrations/events/?store={store_id}&counts=true"
        counts = self.request("GET", path, admin)["counts"]
        if counts.get("failed"):
            raise Refused(f"{counts['failed']} products of the set failed; see the event log")
        return sum(counts.get(status, 0) for status in ENDED)
