"""The result of one check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of one check; `advice` is empty if nothing is wrong."""

    subject: str
    said: str
    advice: str = ""
