"""What we say to people, in Persian and in English."""

import re
from collections.abc import Iterator

MESSAGES = {
    "accepted": {
        "fa": "رویداد دریافت شد و در صف پردازش قرار گرفت",
        "en": "The event was received and queued for processing",
    },
    "skipped": {
        "fa": "این رویداد قبلاً پردازش شده است",
        "en": "This event was processed before",
    },
    "shown_once": {
        "fa": "⚠️ این token فقط یکبار نمایش داده می‌شود. لطفاً آن را کپی کنید.",
        "en": "This token is shown only once. Please copy it.",
    },
    "connected": {"fa": "اتصال برقرار است", "en": "The connection works"},
}


LANGUAGES_READ = 20
"""Of a longer header, the rest."""

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)


def _wishes(accept_language: str) -> Iterator[tuple[str, float]]:
    """Language -> how much it is wished for; what cannot be read is no wish."""
    for part in accept_language.lower().split(",", LANGUAGES_READ)[:LANGUAGES_READ]:
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        qualities = [value[2:].strip() for value in parameters if value.startswith("q=")] or ["1"]
        if _QUALITY.fullmatch(qualities[0]):
            yield tag.split("-")[0], float(qualities[0])


def language(accept_language: str | None) -> str:
    """`en` where the header prefers it to Persian, else `fa`."""
    wished: dict[str, float] = {}
    for name, quality in _wishes(accept_language or ""):
        wished[name] = max(quality, wished.get(name, 0.0))
    others = wished.get("*", 0.0)
    return "en" if wished.get("en", others) > wished.get("fa", others) else "fa"


def message(name: str, accept_language: str | None) -> str:
    return MESSAGES[name][language(accept_language)]


def in_language(accept_language: str | None) -> dict[str, str]:
    """The headers of an answer with a message: which language it is in, and what decided that."""
    return {"Content-Language": language(accept_language), "Vary": "Accept-Language"}
