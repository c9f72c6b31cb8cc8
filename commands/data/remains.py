"""What remains of a store after its removal: where, what, and until when."""

from dataclasses import dataclass

from api.actions.shop_webhooks import LeftWebhooks
from contracts.wording.counted import counted
from embeddings.registry import is_configured
from settings import Settings

OPENAI = "api.openai.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """A place that still has data, what it has, and when that ends."""

    where: str
    what: str
    until: str


def in_shop(store_id: int, left: LeftWebhooks) -> Remains:
    """Returns the webhooks that could not be removed in a shop."""
    numbers = ", ".join(str(hook.id) for hook in left.hooks)
    return Remains(
        where=f"shop of store {store_id}",
        what=f"webhooks {numbers}, which send to this service and are refused ({left.reason.rstrip('.')})",
        until="someone removes them in the shop",
    )


def in_temporal(days: int | None) -> Remains:
    """Returns the histories that could not be deleted; `days` is how long Temporal keeps them, if known."""
    kept = (
        "the retention of the namespace ends" if days is None else f"{counted(days, 'day')} after their end"
    )
    return Remains(
        where="Temporal",
        what="histories of its workflows, with what the shop sent",
        until=f"{kept}, or until `pilito store purge-histories`",
    )


def elsewhere(configured: Settings) -> list[Remains]:
    """Returns what no command can remove: dumps, logs, and texts that were sent to an embedding service."""
    found = [
        Remains(
            where="backups",
            what="everything, in dumps of before this moment",
            until="they are deleted",
        ),
        Remains(
            where="logs",
            what="its ids, and addresses of clients",
            until="they are rotated",
        ),
    ]
    if is_configured(configured):
        host = configured.openai_base_url.host if configured.openai_base_url else OPENAI
        found.append(
            Remains(
                where=f"embedding service {host}",
                what="texts of its products and questions, if the service keeps what it receives",
                until="its own retention ends",
            )
        )
    return found
