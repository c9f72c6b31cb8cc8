"""Removes WordPress shortcodes, which remain in texts that WordPress has not rendered."""

import re

_SHORTCODE = re.compile(r"(?<!\[)\[(/?)([a-z][\w-]*)(\s[^\[\]]*|/)?\](?!\])", re.ASCII | re.IGNORECASE)
_CLOSING = re.compile(r"\[/([a-z][\w-]*)\]", re.ASCII | re.IGNORECASE)
_VALUE = re.compile(r"[\w-]=\S")
_CORE = frozenset(("audio", "caption", "embed", "gallery", "playlist", "products", "video"))


def paired_names(text: str) -> frozenset[str]:
    """Returns the names with a closing tag in `text`: their bare opening tags are shortcodes too."""
    return frozenset(_CLOSING.findall(text))


def without_shortcodes(text: str, paired: frozenset[str]) -> str:
    """Returns `text` without the tags of shortcodes; their content and ordinary brackets stay."""

    def replacement(tag: re.Match[str]) -> str:
        closing, name, rest = tag[1], tag[2], tag[3] or ""
        is_shortcode = (
            closing
            or name in paired
            or name.lower() in _CORE
            or ("_" in name and not rest)
            or rest.endswith("/")
            or _VALUE.search(rest)
        )
        return "" if is_shortcode else tag[0]

    return _SHORTCODE.sub(replacement, text) if "[" in text else text
