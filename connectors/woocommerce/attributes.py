"""Attributes of products and variations in every form that shops send, within bounds."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ValidationInfo

from connectors.bounds import within
from connectors.fields import ATTRIBUTES_SCHEMA, Line, Options, entries
from contracts.bounds import (
    ATTRIBUTES,
    OPTION_CHARACTERS,
    OPTIONS,
    VARIATION_OPTION_CHARACTERS,
    VARIATION_OPTIONS,
)
from contracts.catalog import Attribute


def _attribute(name: object, options: object) -> dict[str, object]:
    return {"name": name, "options": [options] if isinstance(options, str | int | float) else options}


def _attributes(
    options: int, characters: int
) -> Callable[[object, ValidationInfo], list[dict[str, object] | object]]:
    """Returns a validator of attributes that have at most this many options, and characters of them.

    WordPress stores the attributes of a variation as {"attribute_pa_color": "red"}.
    """

    def validate(value: object, info: ValidationInfo) -> list[dict[str, object] | object]:
        if isinstance(value, Mapping) and all(not isinstance(item, Mapping) for item in value.values()):
            attributes: list[dict[str, object] | object] = [
                _attribute(str(name).removeprefix("attribute_").removeprefix("pa_"), option)
                for name, option in within(tuple(value.items()), ATTRIBUTES, "entries", info)
            ]
        else:
            attributes = [
                _attribute(item.get("name"), item.get("options", item.get("option")))
                if isinstance(item, Mapping)
                else item
                for item in entries(value, ATTRIBUTES, info)
            ]
        return _with_few_options(attributes, options, characters, info)

    return validate


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
