"""The routes of the contract, for the tests that check all routes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.routing import iter_route_contexts

from api.openapi.build import Service

TABLE = """
POST    /api/integrations/woocommerce/webhook/              token
POST    /api/integrations/woocommerce/batch/                token
GET     /api/integrations/woocommerce/health/               token
POST    /api/integrations/woocommerce/lifecycle/            token
POST    /api/integrations/woocommerce/products/states/      token
GET     /api/integrations/woocommerce/products/{id}/explain/ token
POST    /api/integrations/woocommerce/webhook/{id}/         signed
POST    /api/integrations/shopify/webhook/{id}/             signed
POST    /api/integrations/custom/webhook/{id}/              signed
POST    /api/v1/auth/token/                                 anyone
GET     /api/v1/auth/me/                                    user
GET     /api/v1/users/                                      admin
POST    /api/v1/users/                                      admin
GET     /api/v1/users/{id}/                                 admin
PATCH   /api/v1/users/{id}/                                 admin
DELETE  /api/v1/users/{id}/                                 admin
GET     /api/v1/users/{id}/export/                          admin
POST    /api/v1/integrations/tokens/generate/               admin
GET     /api/v1/integrations/tokens/                        admin
GET     /api/v1/integrations/tokens/{id}/                   admin
PATCH   /api/v1/integrations/tokens/{id}/                   admin
DELETE  /api/v1/integrations/tokens/{id}/                   admin
POST    /api/v1/integrations/tokens/{id}/rotate/            admin
GET     /api/v1/integrations/stores/                        admin
POST    /api/v1/integrations/stores/                        admin
GET     /api/v1/integrations/stores/{id}/                   admin
PATCH   /api/v1/integrations/stores/{id}/                   admin
DELETE  /api/v1/integrations/stores/{id}/                   admin
POST    /api/v1/integrations/stores/{id}/rotate-secret/     admin
POST    /api/v1/integrations/stores/{id}/resync/            admin
GET     /api/v1/integrations/stores/{id}/syncs/             admin
GET     /api/v1/integrations/stores/{id}/syncs/{id}/        admin
GET     /api/v1/integrations/stores/{id}/synonyms/          owner or admin
PUT     /api/v1/integrations/stores/{id}/synonyms/          owner or admin
GET     /api/v1/integrations/stores/{id}/feed/              owner, admin or token
GET     /api/v1/integrations/stores/{id}/feed/report/       owner, admin or token
GET     /api/v1/integrations/events/                        admin
GET     /api/v1/integrations/events/{id}/                   admin
POST    /api/v1/integrations/events/{id}/retry/             admin
POST    /api/v1/integrations/events/retry/                  admin
GET     /api/v1/web-knowledge/products/                     user or token
GET     /api/v1/web-knowledge/products/{id}/                user or token
GET     /api/v1/web-knowledge/products/{id}/explain/        user
GET     /api/v1/web-knowledge/explain/                      user
POST    /api/v1/knowledge/search/                           user or token
GET     /api/v1/embedding-usage/                            user
POST    /mcp                                                token
POST    /mcp/{id}                                           public or token
GET     /.well-known/oauth-protected-resource/mcp           anyone
GET     /.well-known/oauth-protected-resource/mcp/{id}      anyone
GET     /.well-known/ucp                                    public or token
GET     /ucp/{id}/.well-known/ucp                           public or token
POST    /ucp/{id}/catalog/search                            public or token
POST    /ucp/{id}/catalog/lookup                            public or token
POST    /ucp/{id}/catalog/product                           public or token
POST    /v1/vector_stores/{id}/search                       public or token
GET     /healthz                                            anyone
GET     /readyz                                             anyone
GET     /metrics                                            anyone
GET     /docs                                               anyone
GET     /docs/swagger-ui-dist-5.35.0/swagger-ui-bundle.js   anyone
GET     /docs/swagger-ui-dist-5.35.0/swagger-ui.css         anyone
GET     /openapi.json                                       anyone
"""
"""`token` is a shop's, `user` a session, `admin` one of an admin; `signed` deliveries carry neither.

An `owner or admin` sends a session; for any other user the object does not exist. Routes for `owner, admin or
token` take the token of the store itself too. A `public or token` route needs no token for a public store.
"""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Route:
    path: str
    method: str
    who: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, number: int) -> str:
        """Returns the path with this id."""
        return self.path.replace("{id}", str(number))


def _rows() -> Iterator[Route]:
    for line in TABLE.strip().splitlines():
        method, path, who = line.split(maxsplit=2)
        yield Route(method=method, path=path, who=who)


CONTRACT = list(_rows())


def generic(path: str) -> str:
    """Returns a path of the app as the contract writes it, with any name of its id."""
    return re.sub(r"\{[^}]*\}", "{id}", path)


def routes_of(app: Service) -> set[tuple[str, str]]:
    """Returns method and path of all routes of the app, without the pages of the console."""
    return {
        (method, generic(route.path or ""))
        for route in iter_route_contexts(app.routes)
        if not f"{route.path}/".startswith(("//", "/console/"))
        for method in (route.methods or {"any"}) - {"HEAD"}
    }
