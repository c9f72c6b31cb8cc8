"""When a store's shop is read by itself."""

from dataclasses import dataclass, field

from contracts.syncs import SyncMode

LONGEST_INCREMENTAL_HOURS = 168
LONGEST_FULL_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSchedule:
    """How often what changed is asked for, and everything compared; None is never."""

    incremental_hours: int | None = 6
    full_days: int | None = 7
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableStore:
    """A store whose shop can be read; `is_new` as long as nobody began to read it."""

    store_id: int
    is_new: bool
    schedule: SyncSchedule = field(default_factory=SyncSchedule)

    @property
    def first_sync(self) -> SyncMode | None:
        """What to begin with at once; either walks everything, for nothing is known yet."""
        if not self.is_new or self.schedule.paused:
            return None
        if self.schedule.full_days is not None:
            return SyncMode.FULL
        return SyncMode.INCREMENTAL if self.schedule.incremental_hours is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """What an alignment of all schedules came to."""

    stores: int
    created: int = 0
    changed: int = 0
    deleted: int = 0
    started: int = 0
