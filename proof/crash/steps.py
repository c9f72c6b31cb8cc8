"""The steps of an event and of a sync, and how each is held until a fault has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

EVENT_STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "record": ("begin_event", "record_event"),
        "save": ("process_event", "save_product"),
        "embed": ("process_event", "index_at_once", "embed_chunks"),
        "publish": ("publish_event", "publish_chunks"),
        "finish": ("process_event", "finish_event"),
    }
)
"""Step -> the activities that do it; the first of them that has run before is held.

The debounce has no activity: an event is in it while its row is there, unfinished, and no step began.
"""

SYNC_STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "compare": ("compare_pages",),
        "index": ("apply_pages",),
        "missing": ("remove_missing",),
    }
)
"""The same for a sync; its step `page` is held by the shop, which answers a page of its list late."""

DEBOUNCE, PAGE = "debounce", "page"
STEPS = ("record", DEBOUNCE, "save", "embed", "publish", "finish", PAGE, *SYNC_STEPS)
"""All steps, in the order of the columns."""

MOMENTS = ("before", "after")
DURING = "during"
"""Only the step `embed` can be held during its call: the embedding server holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file that holds one step of one workflow."""

    step: str
    file: Path

    @property
    def is_reached(self) -> bool:
        return self.file.with_name(f"reached.{self.file.name}").exists()


class Holds:
    """The folder by which workers and the embedding server are held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[Held] = []

    def hold(self, step: str, moment: str, part_of_workflow_id: str) -> None:
        """Hold a step of the workflow with an id that contains this text. Raises LookupError."""
        name = f"{moment}.{self._activity(step)}.{part_of_workflow_id}"
        self._add(Held(step=step, file=self._folder / name))

    def hold_call(self, mark: str) -> None:
        """Hold the embedding call with this mark in one of its texts."""
        self._add(Held(step="embed", file=self._folder / f"call.{mark}"))

    def refuse_call(self, mark: str) -> None:
        """Let one embedding call with this mark in a text fail, so that the event continues step by step."""
        (self._folder / f"refuse.{mark}").touch()

    def _add(self, held: Held) -> None:
        held.file.touch()
        self._held.append(held)

    def _activity(self, step: str) -> str:
        """Returns the activity that does a step; only one that has run before can be held."""
        names = (EVENT_STEPS | SYNC_STEPS)[step]  # type: ignore[operator]
        for name in names:
            if (self._folder / f"ran.{name}").exists():
                return str(name)
        raise LookupError(
            f"no activity of the step {step} has run: {', '.join(names)}; see proof/crash/steps.py"
        )

    @property
    def missed(self) -> list[str]:
        """Returns the steps with a hold that no worker has reached."""
        return sorted({held.step for held in self._held if not held.is_reached})

    def release(self) -> None:
        """Let every step continue, and forget the holds."""
        for held in self._held:
            held.file.unlink(missing_ok=True)
        self._held.clear()
