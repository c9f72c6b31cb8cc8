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
    "explain.known": {
        "fa": "دستیار این محصول را می‌شناسد",
        "en": "The assistant knows this product",
    },
    "explain.known.to_do": {
        "fa": "کاری لازم نیست",
        "en": "Nothing",
    },
    "explain.waiting": {
        "fa": "تغییری از این محصول رسیده و منتظر پردازش است",
        "en": "A change of this product has arrived and waits to be processed",
    },
    "explain.waiting.to_do": {
        "fa": "چند ثانیه صبر کنید؛ اگر بیش از یک ساعت طول کشید، به پشتیبانی بگویید",
        "en": "Wait some seconds; tell the operator if it takes more than an hour",
    },
    "explain.processing": {
        "fa": "محصول ذخیره شده و متن آن در راه جست‌وجو است",
        "en": "The product is saved and its text is on its way into search",
    },
    "explain.processing.to_do": {
        "fa": "چند ثانیه صبر کنید؛ اگر بیش از یک ساعت طول کشید، به پشتیبانی بگویید",
        "en": "Wait some seconds; tell the operator if it takes more than an hour",
    },
    "explain.retrying": {
        "fa": "پردازش به مشکلی گذرا برخورده و خودبه‌خود دوباره تلاش می‌شود",
        "en": "Processing met a passing problem and is tried again by itself",
    },
    "explain.retrying.to_do": {
        "fa": "صبر کنید؛ last_error مشکل را می‌گوید و next_retry_at زمان تلاش بعدی را",
        "en": "Wait; last_error names the problem and next_retry_at the next attempt",
    },
    "explain.blocked": {
        "fa": "پردازش منتظر رفع مانعی است که فقط اپراتور می‌تواند برطرف کند",
        "en": "Processing waits for something that only the operator can mend",
    },
    "explain.blocked.to_do": {
        "fa": "آنچه last_error می‌گوید برطرف شود؛ پس از آن خودبه‌خود ادامه می‌یابد",
        "en": "Have the operator mend what last_error names; it goes on by itself then",
    },
    "explain.failed": {
        "fa": "پردازش آخرین تغییر این محصول ناموفق بود؛ دستیار فقط آنچه را پیش‌تر می‌دانست می‌داند",
        "en": "The last change of this product failed; the assistant knows only what it knew before",
    },
    "explain.failed.to_do": {
        "fa": "آنچه last_error می‌گوید برطرف و رویداد دوباره اجرا شود، یا محصول را دوباره ذخیره کنید",
        "en": "Mend what last_error names, then have the event retried or save the product in the shop again",
    },
    "explain.deleted": {
        "fa": "این محصول در فروشگاه حذف شده است",
        "en": "The shop deleted this product",
    },
    "explain.deleted.to_do": {
        "fa": "اگر باید شناخته شود، آن را در فروشگاه بازگردانید",
        "en": "Restore it in the shop if it should be known",
    },
    "explain.hidden": {
        "fa": "این محصول منتشر نشده، پنهان یا دارای گذرواژه است",
        "en": "This product is not published, hidden, or protected by a password",
    },
    "explain.hidden.to_do": {
        "fa": "آن را در فروشگاه منتشر و قابل مشاهده کنید",
        "en": "Publish it in the shop and make it visible",
    },
    "explain.ignored": {
        "fa": "آخرین رویداد این شناسه به محصولی مربوط نبود که اینجا باشد",
        "en": "The last event of this id concerned no product that is here",
    },
    "explain.ignored.to_do": {
        "fa": "شناسه را بررسی کنید یا محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Check the id, or save the product in the shop again",
    },
    "explain.never_received": {
        "fa": "هیچ رویدادی از این محصول در گزارش ثبت نشده است",
        "en": "No event of this product is in the log",
    },
    "explain.never_received.to_do": {
        "fa": "اتصال فروشگاه را آزمایش کنید و محصول را دوباره ذخیره کنید",
        "en": "Test the shop's connection and save the product again",
    },
    "explain.never_indexed": {
        "fa": "رویدادی رسیده، اما متنی از این محصول هنوز ساخته نشده است",
        "en": "Events have arrived, but no text of this product was ever made known",
    },
    "explain.never_indexed.to_do": {
        "fa": "محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Save the product in the shop again",
    },
    "explain.embedding_outdated": {
        "fa": "دستیار متن قدیمی این محصول را می‌شناسد، نه متن تازه را",
        "en": "The assistant knows an older text of this product, not the present one",
    },
    "explain.embedding_outdated.to_do": {
        "fa": "یک دقیقه صبر کنید؛ اگر تغییر نکرد، محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Wait a minute; if that changes nothing, save the product in the shop again",
    },
    "explain.model_changed": {
        "fa": "مدل جاسازی عوض شده است؛ این محصول تا رویداد بعدی فقط با واژه‌هایش پیدا می‌شود",
        "en": "The embedding model was changed; until its next event this product is found by its words only",
    },
    "explain.model_changed.to_do": {
        "fa": "محصول را در فروشگاه دوباره ذخیره کنید تا با مدل تازه جاسازی شود",
        "en": "Save the product in the shop again to have it embedded with the new model",
    },
    "explain.no_chunks": {
        "fa": "این محصول نام و توضیحی ندارد که بتوان آن را یافت",
        "en": "This product has neither name nor description to be found by",
    },
    "explain.no_chunks.to_do": {
        "fa": "برای محصول در فروشگاه نام و توضیح بنویسید",
        "en": "Give the product a name and a description in the shop",
    },
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
