"""Words meet without their endings, and keep what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.stems import LEAST, singulars, stems

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("گوشیهای", "گوشی"),
        ("قابلمهها", "قابلمه"),
        ("شالهایتان", "شال"),
        ("عسلتون", "عسل"),
        ("بزرگترین", "بزرگ"),
        ("headphones", "headphone"),
        ("batteries", "battery"),
        ("boxes", "box"),
        ("brushes", "brush"),
    ],
)
def test_an_ending_is_taken_off(word: str, stem: str) -> None:
    """Plurals, owners and comparisons, in writing and in speech."""
    assert stem in stems(word)


@pytest.mark.parametrize("word", ["گوش", "glass", "bus", "s23", "wh1000", "", "ها", "تر"])
def test_words_without_an_ending_have_no_stem(word: str) -> None:
    """Nor do short words, and words with digits."""
    assert stems(word) == ()


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("batteries", ("batteries", "battery", "batterie")),
        ("cases", ("cases", "case", "cas")),
        ("glasses", ("glasses", "glass")),
        ("boxes", ("boxes", "box", "boxe")),
        ("shirts", ("shirts", "shirt")),
        ("گوشیهای", ("گوشیهای", "گوشی")),
        ("گوشی", ("گوشی",)),
        ("glass", ("glass",)),
        ("a52s", ("a52s",)),
        ("ها", ("ها",)),
    ],
)
def test_a_name_may_be_a_plural(word: str, forms: tuple[str, ...]) -> None:
    """The word itself comes first."""
    assert singulars(word) == forms


@given(st.text(alphabet=PERSIAN + "abcdehsxyz", max_size=20))
def test_the_last_stem_has_no_stem(word: str) -> None:
    """Each stem is one of the chain, and none is short."""
    chain = stems(word)
    assert all(len(stem) >= LEAST for stem in chain)
    for place, stem in enumerate(chain):
        assert stems(stem) == chain[place + 1 :]
