"""Why a product differed, in the words a shop's owner reads."""

from datetime import datetime

from contracts.syncs import FindingKind, SyncFinding
from database.sync.diff import Compared, Verdict


def _at(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "a time it did not tell"


def finding(compared: Compared) -> SyncFinding:
    """What to say of a product that is not the same as ours."""
    kind, detail = _judged(compared)
    return SyncFinding(external_id=compared.external_id, kind=kind, detail=detail)


def _judged(compared: Compared) -> tuple[FindingKind, str]:
    match compared.verdict:
        case Verdict.NEW:
            return FindingKind.MISSED_EVENT, "The shop has it, and no event told of it."
        case Verdict.RETURNED:
            return FindingKind.MISSED_EVENT, "It was deleted here, and is in the shop."
        case Verdict.NEWER:
            return (
                FindingKind.MISSED_EVENT,
                f"The shop changed it at {_at(compared.theirs)}; we knew it as of {_at(compared.ours)}.",
            )
        case Verdict.OLDER:
            return (
                FindingKind.STALE_WRITE,
                f"We held a change of {_at(compared.ours)}, but in the shop it is of {_at(compared.theirs)}.",
            )
        case Verdict.RENAMED:
            return (
                FindingKind.RENAME,
                "Its name, categories, tags, brands or attributes are called otherwise.",
            )
        case Verdict.UNKNOWN:
            return FindingKind.UNKNOWN_TEXT, "Search did not know its text yet."
        case _:
            return (
                FindingKind.STALE_WRITE,
                "Price, stock, visibility or variations differ, though the shop's time of change does not.",
            )
