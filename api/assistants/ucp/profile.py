"""The profile that a UCP agent reads first: which release, which operations, and where."""

from typing import Any

from pydantic import Field

from api.assistants.ucp.responses import LOOKUP, SEARCH, VERSION
from api.openapi.build import example
from catalogue.ucp import Sent

_SITE = f"https://ucp.dev/{VERSION}"
SHOPPING = "dev.ucp.shopping"

SECONDS_IN_CACHE = 300


class Service(Sent):
    """An address that speaks UCP's shopping service over REST or MCP."""

    version: str = VERSION
    spec: str = f"{_SITE}/specification/overview"
    transport: str
    schema_: str = Field(alias="schema")
    endpoint: str


class ProfileCapability(Sent):
    """An operation of the catalogue, and its schema."""

    version: str = VERSION
    spec: str
    schema_: str = Field(alias="schema")


class Offer(Sent):
    """The services and capabilities of one store; nothing is paid here."""

    version: str = VERSION
    services: dict[str, list[Service]]
    capabilities: dict[str, list[ProfileCapability]]
    payment_handlers: dict[str, list[Any]] = Field(default={})


def _offer(root: str, store_id: int) -> Offer:
    services = {"rest": ("rest.openapi", f"ucp/{store_id}"), "mcp": ("mcp.openrpc", f"mcp/{store_id}")}
    return Offer(
        services={
            SHOPPING: [
                Service(
                    transport=transport,
                    schema=f"{_SITE}/services/shopping/{schema}.json",
                    endpoint=f"{root}/{path}",
                )
                for transport, (schema, path) in services.items()
            ]
        },
        capabilities={
            name: [
                ProfileCapability(
                    spec=f"{_SITE}/specification/shopping/catalog/{operation}",
                    schema=f"{_SITE}/schemas/shopping/catalog_{operation}.json",
                )
            ]
            for name, operation in ((SEARCH, "search"), (LOOKUP, "lookup"))
        },
    )


class Profile(Sent):
    """What a store offers to UCP agents."""

    model_config = example({"ucp": _offer("https://sync.example", 3).dumped()})

    ucp: Offer


def profile(root: str, store_id: int) -> Profile:
    """Returns the profile of a store; `root` is the address of this service, without a slash at its end."""
    return Profile(ucp=_offer(root, store_id))
