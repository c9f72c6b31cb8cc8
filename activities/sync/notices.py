"""What a shop's platform says about our release: that it gets too old."""

from typing import Protocol, runtime_checkable

from activities.stores.shop_reader import OpenShop
from contracts.syncs import FindingKind, SyncFinding


@runtime_checkable
class HasNotices(Protocol):
    """A catalogue of a platform that says in its answers when our release gets too old for it."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the answers so far said, in sentences for people."""
        ...


def finding(shop: OpenShop) -> SyncFinding | None:
    """Returns the finding about this release; None if the shop's answers said nothing."""
    notices = shop.catalogue.notices if isinstance(shop.catalogue, HasNotices) else ()
    if not notices:
        return None
    return SyncFinding(external_id="", kind=FindingKind.OUTDATED, detail=" ".join(notices))
