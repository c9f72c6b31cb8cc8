"""The options that a buyer has chosen: which variants have them, and what can still be chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.assistants.ucp.requests import Selected
from api.errors import invalid_field
from catalogue.ucp import OptionValue, ProductOption, SelectedOption, Variant
from knowledge.search.keys import compact

Chosen = Mapping[str, str]
"""Option -> value, in letters and digits of one spelling, in the order of the choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The variants to show, the featured one first, and the options that they were selected by."""

    variants: Sequence[Variant]
    selected: Sequence[SelectedOption]
    options: Sequence[ProductOption]


def chosen(selected: Sequence[Selected]) -> dict[str, str]:
    """Returns the options of a request; raises 400 for a name that is there twice."""
    found: dict[str, str] = {}
    for place, one in enumerate(selected):
        name = compact(one.name)
        if name in found:
            raise invalid_field(
                f"selected.{place}.name", f"{one.name!r} is selected twice: send each option once"
            )
        found[name] = compact(one.label)
    return found


def select(
    variants: Sequence[Variant],
    options: Sequence[ProductOption],
    *,
    wanted: Variant | None,
    selected: Chosen,
    preferences: Sequence[str],
) -> Selection:
    """Returns the variants of a product that have what is selected.

    The options of a `wanted` variant count instead of the selected ones. Where no variant has all that is
    selected, options are dropped from the end: first the ones that `preferences` do not name. Without a
    selection, the first variant is the featured one and the others follow.
    """
    if wanted is not None:
        effective = _options_of(wanted)
        others = [one for one in variants if one.id != wanted.id and _fits(one, effective)]
        shown = [wanted, *others]
    elif selected:
        effective = _relaxed(variants, selected, preferences)
        shown = [one for one in variants if _fits(one, effective)]
    else:
        shown = list(variants)
        effective = _options_of(shown[0])
    return Selection(
        variants=shown,
        selected=_named(effective, variants),
        options=[_signalled(option, variants, effective) for option in options],
    )


def _options_of(variant: Variant) -> Chosen:
    return {compact(option.name): compact(option.label) for option in variant.options or ()}


def _fits(variant: Variant, effective: Chosen) -> bool:
    own = _options_of(variant)
    return all(own.get(name) == label for name, label in effective.items())


def _relaxed(variants: Sequence[Variant], selected: Chosen, preferences: Sequence[str]) -> Chosen:
    preferred = [name for name in dict.fromkeys(map(compact, preferences)) if name in selected]
    kept = [*preferred, *(name for name in selected if name not in preferred)]
    while kept and not any(_fits(one, {name: selected[name] for name in kept}) for one in variants):
        kept.pop()
    return {name: label for name, label in selected.items() if name in kept}


def _named(effective: Chosen, variants: Sequence[Variant]) -> list[SelectedOption]:
    """Returns effective options as the variants spell them."""
    spelled = {
        (compact(option.name), compact(option.label)): option
        for variant in reversed(variants)
        for option in variant.options or ()
    }
    return [spelled[one] for one in effective.items() if one in spelled]


def _signalled(option: ProductOption, variants: Sequence[Variant], effective: Chosen) -> ProductOption:
    """Returns an option; each value says whether a variant with it and the other selected ones exists."""
    name = compact(option.name)
    others = {one: label for one, label in effective.items() if one != name}
    fitting: dict[str, bool] = {}
    for variant in variants:
        if _fits(variant, others) and (label := _options_of(variant).get(name)) is not None:
            fitting[label] = fitting.get(label, False) or variant.availability.available
    values = [
        OptionValue(
            label=value.label,
            available=fitting.get(compact(value.label), False),
            exists=compact(value.label) in fitting,
        )
        for value in option.values
    ]
    return ProductOption(name=option.name, values=values)
