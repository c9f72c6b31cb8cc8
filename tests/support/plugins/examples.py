"""How many examples Hypothesis tries: all of them in `make test`, a few in `make unit`."""

from hypothesis import settings

QUICK = "quick"
"""The profile of `make unit`."""

settings.register_profile(QUICK, deadline=None, max_examples=15, database=None)


def examples(count: int) -> settings:
    """Returns settings for `count` examples, or for fewer in the quick profile."""
    return settings(deadline=None, max_examples=min(count, settings().max_examples) if _is_quick() else count)


def _is_quick() -> bool:
    return settings.get_current_profile_name() == QUICK
