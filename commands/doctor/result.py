"""The result of one check."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Whether a check found something: `failed` needs an action now, `warning` one some day."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


MARKS = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of one check; `advice` is empty if nothing is wrong."""

    subject: str
    said: str
    advice: str = ""
    is_warning: bool = False

    @property
    def state(self) -> State:
        if not self.advice:
            return State.OK
        return State.WARNING if self.is_warning else State.FAILED
