"""Attributes of products and variations in every form that shops send, within bounds."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ValidationInfo

from connectors.bounds import each, within
from connectors.fields import ATTRIBUTES_SCHEMA, Line, Options, entries
from contracts.bounds import (
    ATTRIBUTES,
    OPTION_CHARACTERS,
    OPTIONS,
    VARIATION_OPTION_CHARACTERS,
    VARIATION_OPTIONS,
)
from contracts.catalog import Attribute

_PARTS = ("options", "option")


def _attribute(name: object, options: object) -> dict[str, object]:
    """Returns an attribute with a list of options; true and false are yes and no, as of a feature."""
    sent = [options] if isinstance(options, str | int | float) else options
    if isinstance(sent, Mapping) and "name" not in sent:
        sent = list(sent.values())
    if isinstance(sent, list | tuple) and any(option is True or option is False for option in sent):
        sent = [{True: "yes", False: "no"}[one] if isinstance(one, bool) else one for one in sent]
    return {"name": name, "options": sent}


def _attributes(options: int, characters: int) -> Callable[[object, ValidationInfo], list["_Attribute"]]:
    """Returns a validator of attributes that have at most this many options, and characters of them.

    WordPress stores the attributes of a variation as {"attribute_pa_color": "red"}.
    """

    def validate(value: object, info: ValidationInfo) -> list[_Attribute]:
        if isinstance(value, Mapping) and not _is_one(value) and not _is_list(value):
            attributes = [
                _entry(item, _without_prefix(str(name)))
                for name, item in within(tuple(value.items()), ATTRIBUTES, "entries", info)
            ]
        else:
            attributes = [_entry(item) for item in entries(value, ATTRIBUTES, info, "name")]
        return each(
            _with_few_options(attributes, options, characters, info),
            lambda attribute: _Attribute.model_validate(attribute, context=info.context),
            info,
        )

    return validate


def _is_one(value: Mapping[object, object]) -> bool:
    return "name" in value and not value.keys().isdisjoint(_PARTS)


def _is_list(value: Mapping[object, object]) -> bool:
    """Returns whether an object is a list with gaps, as PHP sends it."""
    return all(str(key).isdecimal() for key in value) and any(
        isinstance(item, Mapping) for item in value.values()
    )


def _without_prefix(name: str) -> str:
    return name.removeprefix("attribute_").removeprefix("pa_")


def _entry(item: object, key: str = "") -> dict[str, object] | object:
    """Returns an attribute of a list, or of an object with the attributes by name."""
    if isinstance(item, Mapping) and not item.keys().isdisjoint(("name", *_PARTS)):
        return _attribute(item.get("name", key), item.get("options", item.get("option")))
    return _attribute(key, item) if key else item


def _with_few_options(
    attributes: list[dict[str, object] | object], most: int, characters: int, info: ValidationInfo
) -> list[dict[str, object] | object]:
    """Returns attributes with the first `most` options of all, and with the first `characters` of them."""
    options = length = 0
    kept: list[dict[str, object] | object] = []
    for attribute in attributes:
        sent = attribute.get("options") if isinstance(attribute, dict) else None
        if not isinstance(sent, list | tuple):
            sent = tuple(sent.values()) if isinstance(sent, Mapping) else None
        if not isinstance(attribute, dict) or sent is None:
            kept.append(attribute)
            continue
        fitting = 0
        for option in sent:
            options, length = options + 1, length + _length(option)
            if options > most or length > characters:
                break
            fitting += 1
        kept.append({**attribute, "options": sent[:fitting]} if fitting < len(sent) else attribute)
        if options > most:
            within(range(options), most, "options", info)
            break
        if length > characters:
            within(range(length), characters, "characters of options", info)
            break
    return kept


def _length(option: object) -> int:
    name = option.get("name") if isinstance(option, Mapping) else option
    return len(name) if isinstance(name, str) else 1


class _Attribute(BaseModel):
    name: Line = ""
    options: Options = ()

    def read(self) -> Attribute:
        return Attribute(name=self.name, options=self.options)


Attributes = Annotated[
    list[_Attribute], BeforeValidator(_attributes(OPTIONS, OPTION_CHARACTERS)), ATTRIBUTES_SCHEMA
]
VariationAttributes = Annotated[
    list[_Attribute],
    BeforeValidator(_attributes(VARIATION_OPTIONS, VARIATION_OPTION_CHARACTERS)),
    ATTRIBUTES_SCHEMA,
]
