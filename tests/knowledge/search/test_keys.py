"""Keys are the same for every spelling of a value."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.keys import ATTRIBUTE, BRAND, CODE, LONGEST, attribute_keys, compact, keys, scoped


def test_spellings_of_one_value_have_one_key() -> None:
    """Half-spaces, spaces, dashes, Arabic letters and digits."""
    assert {compact(text) for text in ("لپ‌تاپ", "لپ تاپ", "لپتاپ", "لپ-تاپ")} == {"لپتاپ"}
    assert {compact(text) for text in ("SM-S911B 128", "sm s911b/128", "SM.S911B۱۲۸")} == {"sms911b128"}
    assert compact("گوشي موبايل") == compact("گوشی موبایل")


def test_keys_have_their_store_and_kind() -> None:
    """Values without letters and digits have none."""
    assert scoped(7, keys(BRAND, ["Sony", "—", ""])) == ["7/brand/sony"]
    colours = attribute_keys("رنگ", ["مشکی", "سفید"])
    assert scoped(7, colours) == ["7/attribute/رنگ/سفید", "7/attribute/رنگ/مشکی"]
    assert attribute_keys("؟", ["مشکی"]) == set()
    assert (CODE, ATTRIBUTE) == ("code", "attribute")


@given(st.text())
def test_compact_is_idempotent_and_bounded(text: str) -> None:
    """For any text of a shop, a key holds letters and digits only."""
    once = compact(text)
    assert compact(once) == once
    assert len(once) <= LONGEST
    assert not once or once.isalnum()
