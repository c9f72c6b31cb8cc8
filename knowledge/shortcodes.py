"""WordPress shortcodes: what is left in a text when nothing has run them."""

import re

_SHORTCODE = re.compile(r"(?<!\[)\[(/?)([a-z][\w-]*)(\s[^\[\]]*|/)?\](?!\])", re.ASCII | re.IGNORECASE)
_CLOSING = re.compile(r"\[/([a-z][\w-]*)\]", re.ASCII | re.IGNORECASE)
_VALUE = re.compile(r"[\w-]=\S")
_CORE = frozenset(("audio", "caption", "embed", "gallery", "playlist", "products", "video"))


def paired_names(text: str) -> frozenset[str]:
    """Return the names that are closed somewhere in `text`: a bare opening one is then a shortcode too."""
    return frozenset(_CLOSING.findall(text))


def without_shortcodes(text: str, paired: frozenset[str]) -> str:
    """Return `text` without the tags of shortcodes; their content and ordinary brackets stay."""

    def kept(found: re.Match[str]) -> str:
        closing, name, rest = found[1], found[2], found[3] or ""
        is_shortcode = (
            closing
            or name in paired
            or name.lower() in _CORE
            or ("_" in name and not rest)
            or rest.endswith("/")
            or _VALUE.search(rest)
        )
        return "" if is_shortcode else found[0]

    return _SHORTCODE.sub(kept, text) if "[" in text else text
