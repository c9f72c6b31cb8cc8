"""Which elements of HTML browsers show, and which stand apart from the words around them."""

import re
from collections.abc import Mapping

# fmt: off
REPLACED = frozenset((
    "audio", "button", "canvas", "embed", "iframe", "img", "input", "object", "select", "svg", "textarea",
    "video",
))
"""Shown as boxes, which stand between the words around them."""

SKIPPED = (REPLACED - {"button"}) | {
    "datalist", "noembed", "noframes", "noscript", "rp", "script", "style", "template", "title",
}
"""Elements that have no text of the page."""
# fmt: on

_LISTING = re.compile(
    r"(?:^|\s)(?:products\s+columns-\d|(?:add_to_cart_inline|wc-block-grid__products"
    r"|wc-block-product-template)(?:\s|$))"
)
"""Classes of WooCommerce's lists of other products, with their prices and buttons."""

_FLOWING = ("inline", "contents", "ruby", "none")


def style_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """Returns the declarations of an element's style by property; empty if they hide and separate nothing."""
    style = attributes.get("style", "").lower()
    if "display" not in style and "visibility" not in style:
        return {}
    declarations = (declaration.partition(":") for declaration in style.split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in declarations}


def is_hidden(tag: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
    """Returns whether browsers show nothing of an element, or only other products.

    `aria-hidden` hides from screen readers only, and classes for screen readers hide text that is content:
    both count as shown. `hidden="until-found"` is found by a browser's search.
    """
    return (
        attributes.get("hidden", "until-found").strip().lower() != "until-found"
        or style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or (tag == "dialog" and "open" not in attributes)
        or _LISTING.search(attributes.get("class", "")) is not None
    )


def is_block(style: Mapping[str, str]) -> bool:
    """Returns whether an element's style separates its text from the text around it."""
    return not style.get("display", "inline").startswith(_FLOWING)
