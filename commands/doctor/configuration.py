"""The check of the names of settings."""

from commands.doctor.result import CheckResult
from commands.setting_names import Misspelt, misspelt

SUBJECT = "Settings"


def check_settings() -> CheckResult:
    """Returns the variables that look like settings and set nothing."""
    found = misspelt()
    if not found:
        return CheckResult(subject=SUBJECT, said="every variable that begins with PILITO_ is a setting")
    return CheckResult(
        subject=SUBJECT,
        said="; ".join(one.sentence for one in found),
        advice=" ".join(map(_advice, found)),
        is_warning=True,
    )


def _advice(one: Misspelt) -> str:
    return f"Rename {one.name} to {one.nearest}." if one.nearest else f"Remove {one.name}."
