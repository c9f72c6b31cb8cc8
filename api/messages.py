"""What we say to people, in Persian and in English."""

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


def language(accept_language: str | None) -> str:
    """`en` where the header prefers it to Persian, else `fa`."""
    wishes = {"fa": 0.0, "en": 0.0}
    for part in (accept_language or "").lower().split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        _, _, quality = parameters.partition("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        name = tag.strip().split("-")[0]
        if name in wishes:
            wishes[name] = max(wishes[name], weight)
    return "en" if wishes["en"] > wishes["fa"] else "fa"


def message(name: str, accept_language: str | None) -> str:
    return MESSAGES[name][language(accept_language)]
