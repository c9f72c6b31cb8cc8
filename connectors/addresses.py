"""Web addresses of products and images, as shops write them."""

from urllib.parse import urlsplit

from contracts.bounds import ADDRESS_CHARACTERS

_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""The half-space and the joiner, which Persian addresses have."""

_FORBIDDEN = frozenset('"<>\\^`{|}')


def web_address(value: str) -> str:
    """Returns an http or https address with a host; empty for every other text.

    Assistants and pages show these addresses as links, so a script, a file or inline data must not be one. An
    address that begins with // gets https, as browsers on secure pages read it.
    """
    address = value.strip()
    if address.startswith("//"):
        address = f"https:{address}"
    if len(address) > ADDRESS_CHARACTERS or " " in address or not address.translate(_JOINERS).isprintable():
        return ""
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return address if is_web and "@" not in parts.netloc and not _FORBIDDEN & set(parts.netloc) else ""
