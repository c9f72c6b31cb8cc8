"""What embedding costs: sums, and the tokens that a server does not name."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.metrics import Usage, spent

COUNTS = st.integers(0, 10**12)
USAGES = st.builds(
    Usage,
    calls=COUNTS,
    texts=COUNTS,
    tokens=COUNTS,
    estimated=COUNTS,
    saved_texts=COUNTS,
    saved_tokens=COUNTS,
)


@given(one=USAGES, other=USAGES, third=USAGES)
def test_usage_adds_up_in_any_order(one: Usage, other: Usage, third: Usage) -> None:
    """Each number for itself; nothing added changes nothing."""
    assert (one + other) + third == one + (other + third)
    assert one + other == other + one
    assert one + Usage() == one
    assert (one + other).saved_tokens == one.saved_tokens + other.saved_tokens


@given(usage=USAGES)
def test_the_saved_share_is_a_share(usage: Usage) -> None:
    """Also of nothing."""
    assert 0 <= usage.saved_share <= 1


@given(billed=st.integers(0, 10**6), estimate=st.integers(1, 10**6))
def test_tokens_that_a_server_does_not_name_are_estimated(billed: int, estimate: int) -> None:
    """And are known to be estimated; tokens that it names are taken as they are."""
    used = spent(texts=3, billed=billed, estimate=estimate)
    assert (used.calls, used.texts) == (1, 3)
    assert (used.tokens, used.estimated) == ((billed, 0) if billed else (estimate, estimate))
