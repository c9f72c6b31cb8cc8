"""Phrases that mean the same, in both languages, in questions and in filter values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.normalise import search_form
from knowledge.search.forms import asked, indexed
from knowledge.search.synonyms import ALTERNATIVES, Expansion, Synonyms

PHONES = ["گوشی", "تلفن همراه", "phone"]
LAPTOPS = ["لپ\u200cتاپ", "رایانه همراه", "laptop"]


def places(synonyms: Synonyms, question: str) -> dict[str, list[str]]:
    """Words of a place -> its alternatives."""
    words = search_form(question).split()
    return {
        " ".join(words[one.start : one.start + one.length]): [" ".join(other) for other in one.alternatives]
        for one in synonyms.expansions(words)
    }


@pytest.mark.parametrize(
    ("question", "place", "others"),
    [
        ("گوشی سامسونگ", "گوشی", ["تلفن همراه", "phone", "تلفنهمراه"]),
        ("یک تلفن همراه ارزان", "تلفن همراه", ["گوشی", "phone"]),
        ("A red PHONE, please", "phone", ["گوشی", "تلفن همراه", "تلفنهمراه"]),
        ("cheap phones", "phones", ["گوشی", "تلفن همراه", "phone", "تلفنهمراه"]),
        ("گوشیها", "گوشیها", ["گوشی", "تلفن همراه", "phone", "تلفنهمراه"]),
        ("گوشی\u200cهای سامسونگ", "گوشیهای گوشی های", ["تلفن همراه", "phone", "تلفنهمراه"]),
        (
            "washing machines",
            "washing machines",
            ["ماشین لباسشویی", "washing machine", "ماشینلباسشویی", "washingmachine"],
        ),
    ],
)
def test_a_phrase_is_found_in_either_language_and_in_the_plural(
    question: str, place: str, others: list[str]
) -> None:
    """Its alternatives are the phrases of its group that are not there already, a plural's singular too."""
    groups = [PHONES, ["ماشین لباسشویی", "washing machine"]]
    assert places(Synonyms(groups), question) == {place: others}


@pytest.mark.parametrize("spelling", ["لپتاپ", "لپ تاپ", "لپ\u200cتاپ"])
def test_a_half_space_makes_no_difference(spelling: str) -> None:
    """A word is found joined, apart, and half-spaced; a half-spaced word is one place."""
    (others,) = places(Synonyms([LAPTOPS]), spelling).values()
    others = [other for other in others if other not in ("لپتاپ", "لپ تاپ")]
    assert others == ["رایانه همراه", "laptop", "رایانههمراه"]
    (others,) = places(Synonyms([LAPTOPS]), "laptop").values()
    assert others == ["لپتاپ", "رایانه همراه", "لپ تاپ", "رایانههمراه"]


@pytest.mark.parametrize("written", ["تی شرت", "تیشرت", "تی‌شرت"])
@pytest.mark.parametrize("listed", ["تی شرت", "تیشرت", "تی‌شرت"])
def test_a_phrase_is_found_in_texts_that_write_it_as_one_word(listed: str, written: str) -> None:
    """However the list and the text spell it, joined or apart."""
    lexemes = set(indexed(f"یک {written} آبی"))
    (word,) = asked("بلوزک", Synonyms([[listed, "بلوزک"]]))
    assert any(lexemes.issuperset(form) for form in word.forms)


def test_two_long_words_are_written_as_one_as_well() -> None:
    """A text does not have them apart then."""
    (word,) = asked("wearable", Synonyms([["smart watch", "wearable"]]))
    assert ("smartwatch",) in word.forms


def test_words_as_one_are_no_alternative_of_themselves() -> None:
    """A phrase alone in its group still has none."""
    assert places(Synonyms([["بن مانو"]]), "لیوان بن مانو") == {}


def test_the_longest_phrase_of_a_place_counts() -> None:
    """The words of a phrase do not count again on their own."""
    synonyms = Synonyms([["ماشین", "car"], ["ماشین لباسشویی", "washing machine"]])
    assert places(synonyms, "ماشین لباسشویی") == {"ماشین لباسشویی": ["washing machine", "washingmachine"]}
    assert places(synonyms, "ماشین ارزان") == {"ماشین": ["car"]}
    assert places(synonyms, "washing day") == {}


def test_groups_do_not_chain() -> None:
    """A phrase in two groups has the alternatives of both; the others of one do not find the other's."""
    synonyms = Synonyms([["a1", "b2"], ["b2", "c3"]])
    assert places(synonyms, "b2") == {"b2": ["a1", "c3"]}
    assert places(synonyms, "a1") == {"a1": ["b2"]}


def test_a_store_adds_to_the_base_and_hides_from_it() -> None:
    """The store's own come first; a phrase alone in its group has no alternatives of the base."""
    base = Synonyms([PHONES, LAPTOPS])
    assert places(Synonyms([["گوشی", "mobile"]], base), "گوشی") == {
        "گوشی": ["mobile", "تلفن همراه", "phone", "تلفنهمراه"]
    }
    hidden = Synonyms([["گوشی"]], base)
    assert places(hidden, "گوشی laptop") == {"laptop": ["لپتاپ", "رایانه همراه", "لپ تاپ", "رایانههمراه"]}
    assert hidden.alternatives("گوشی") == set()
    assert places(hidden, "phone") == {"phone": ["گوشی", "تلفن همراه", "تلفنهمراه"]}


def test_filter_values_have_the_spelling_of_keys() -> None:
    """Letters and digits without spaces, in either direction."""
    synonyms = Synonyms([LAPTOPS], Synonyms([["سامسونگ", "Samsung"]]))
    assert synonyms.alternatives("SAMSUNG") == {"سامسونگ"}
    assert synonyms.alternatives("لپ تاپ") == {"رایانههمراه", "laptop"}
    assert synonyms.alternatives("Laptop") == {"لپتاپ", "رایانههمراه"}
    assert synonyms.alternatives("unknown") == set()


def test_alternatives_are_bounded() -> None:
    """A long group gives its first ones."""
    synonyms = Synonyms([[f"word{letter}" for letter in "abcdefghijkl"]])
    (expansion,) = synonyms.expansions(["worda"])
    assert [len(expansion.alternatives), len(synonyms.alternatives("worda"))] == [ALTERNATIVES] * 2


PHRASE = st.text("اب پگکی\u200cabs12-= ", max_size=12)
GROUPS = st.lists(st.lists(PHRASE, max_size=4), max_size=6)


@given(GROUPS, PHRASE)
def test_any_question_has_ordered_places_of_other_words(groups: list[list[str]], question: str) -> None:
    """Places are inside the question and do not overlap; no alternative is empty or already there."""
    words = search_form(question).split()
    end = 0
    for expansion in Synonyms(groups).expansions(words):
        here = tuple(words[expansion.start : expansion.start + expansion.length])
        assert end <= expansion.start < expansion.start + expansion.length <= len(words)
        assert 0 < len(expansion.alternatives) <= ALTERNATIVES
        assert all(other and other != here for other in expansion.alternatives)
        assert len(set(expansion.alternatives)) == len(expansion.alternatives)
        end = expansion.start + expansion.length


@given(GROUPS, PHRASE)
def test_groups_in_search_form_make_the_same_table(groups: list[list[str]], value: str) -> None:
    """Folding phrases twice, or a group twice, changes nothing."""
    folded = [[search_form(phrase.replace("\u200c", "")) for phrase in group] for group in groups]
    once, twice = Synonyms(folded), Synonyms([*folded, *folded])
    words = search_form(value).split()
    assert once.expansions(words) == twice.expansions(words)
    assert once.alternatives(value) == twice.alternatives(value) == Synonyms(groups).alternatives(value)


@given(GROUPS)
def test_every_phrase_of_a_group_finds_the_others(groups: list[list[str]]) -> None:
    """Both directions hold."""
    for group in groups:
        synonyms = Synonyms([group])
        for phrase in group:
            names = synonyms.alternatives(phrase)
            assert all(synonyms.alternatives(name) for name in names)


def test_a_question_of_ten_thousand_characters_is_answered() -> None:
    """Each word is visited a bounded number of times."""
    words = search_form("لپ\u200cتاپ " * 1_500).split()
    expansions = Synonyms([LAPTOPS]).expansions(words)
    assert len(expansions) == 1_500
    assert expansions[-1] == Expansion(4_497, 3, (("رایانه", "همراه"), ("laptop",), ("رایانههمراه",)))
