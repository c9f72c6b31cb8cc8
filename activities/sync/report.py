"""Findings: why a product differed from the shop, as a sentence for the shop's owner."""

from datetime import datetime, timedelta

from contracts.syncs import FindingKind, SyncFinding
from database.sync.diff import Difference, Verdict

QUEUED_IN_SHOPS = timedelta(minutes=2)
"""How long a change may wait in the queue of a shop's plugin or of its webhooks."""

_CHANGED_IN_SHOP = (Verdict.NEW, Verdict.NEWER, Verdict.RETURNED)


def is_on_its_way(difference: Difference, *, requested_at: datetime) -> bool:
    """Returns whether an event of the shop's change may still arrive, so that none is missed yet."""
    changed_at = difference.shop_version
    return (
        difference.verdict in _CHANGED_IN_SHOP
        and changed_at is not None
        and changed_at > requested_at - QUEUED_IN_SHOPS
    )


def finding(difference: Difference) -> SyncFinding:
    """Returns the finding about a product that differs."""
    shop, stored = _at(difference.shop_version), _at(difference.stored_version)
    kind = FindingKind.STALE_WRITE
    match difference.verdict:
        case Verdict.NEW:
            kind = FindingKind.MISSED_EVENT
            detail = "The product exists in the shop, but we never received an event for it."
        case Verdict.RETURNED:
            kind, detail = FindingKind.MISSED_EVENT, "The product was deleted here, but exists in the shop."
        case Verdict.NEWER:
            kind = FindingKind.MISSED_EVENT
            detail = f"The shop changed the product at {shop}; the stored version was of {stored}."
        case Verdict.OLDER:
            detail = f"The stored version was of {stored}, but the shop's version is of {shop}."
        case Verdict.RENAMED:
            kind = FindingKind.RENAME
            detail = "The name, categories, tags, brands or attributes of the product were renamed."
        case Verdict.UNINDEXED:
            kind, detail = FindingKind.UNKNOWN_TEXT, "The current text of the product was not indexed."
        case _:
            detail = "Facts of the product differ, but the shop's time of change is the same."
    return SyncFinding(external_id=difference.external_id, kind=kind, detail=detail)


def _at(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "an unknown time"
