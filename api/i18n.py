"""Messages for people, in Persian and in English."""

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
    "batch.stored": {
        "fa": "رویداد دریافت شد و در صف پردازش قرار گرفت",
        "en": "The event was received and queued for processing",
    },
    "batch.known": {
        "fa": "این رویداد قبلاً پردازش شده است",
        "en": "This event was processed before",
    },
    "batch.twice": {
        "fa": "رویدادی با همین شناسه زودتر در همین دسته آمده است",
        "en": "An event with this id comes earlier in the batch",
    },
    "batch.invalid": {
        "fa": "این رویداد خوانده نمی‌شود",
        "en": "The event cannot be read",
    },
    "batch.unstorable": {
        "fa": "این رویداد مقداری دارد که پایگاه داده نمی‌پذیرد؛ محصول را اصلاح و دوباره ذخیره کنید",
        "en": "The event has a value that the database refuses; correct the product and save it again",
    },
    "batch.not_stored": {
        "fa": "این رویداد اکنون ذخیره نشد؛ آن را دوباره بفرستید",
        "en": "The event could not be stored now; send it again",
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
        "en": "A change to this product was received and is waiting to be processed",
    },
    "explain.waiting.to_do": {
        "fa": "چند ثانیه صبر کنید؛ اگر بیش از یک ساعت طول کشید، با پشتیبانی تماس بگیرید",
        "en": "Wait a few seconds; contact the operator if it takes more than an hour",
    },
    "explain.processing": {
        "fa": "محصول ذخیره شده و متن آن در حال افزوده شدن به جست‌وجو است",
        "en": "The product is saved and its text is being added to search",
    },
    "explain.processing.to_do": {
        "fa": "چند ثانیه صبر کنید؛ اگر بیش از یک ساعت طول کشید، با پشتیبانی تماس بگیرید",
        "en": "Wait a few seconds; contact the operator if it takes more than an hour",
    },
    "explain.retrying": {
        "fa": "پردازش به مشکلی موقت برخورده و به‌طور خودکار دوباره انجام می‌شود",
        "en": "Processing failed temporarily and is retried automatically",
    },
    "explain.retrying.to_do": {
        "fa": "صبر کنید؛ last_error مشکل را نشان می‌دهد و next_retry_at زمان تلاش بعدی را",
        "en": "Wait; last_error describes the problem and next_retry_at is the time of the next attempt",
    },
    "explain.blocked": {
        "fa": "پردازش منتظر رفع مشکلی است که فقط اپراتور می‌تواند برطرف کند",
        "en": "Processing is waiting for a problem that only the operator can fix",
    },
    "explain.blocked.to_do": {
        "fa": "از اپراتور بخواهید مشکلِ last_error را برطرف کند؛ پس از آن پردازش به‌طور خودکار ادامه می‌یابد",
        "en": "Ask the operator to fix the problem in last_error; processing then continues automatically",
    },
    "explain.failed": {
        "fa": "پردازش آخرین تغییر این محصول ناموفق بود؛ دستیار فقط اطلاعات پیش از آن را دارد",
        "en": "The last change to this product failed; the assistant only has the information from before",
    },
    "explain.failed.to_do": {
        "fa": "مشکلِ last_error را برطرف کنید و رویداد یا ذخیره‌ی محصول در فروشگاه را تکرار کنید؛"
        " اگر محصول خوانده نشده است، پس از به‌روزرسانی سامانه رویداد را تکرار کنید",
        "en": "Fix the problem in last_error, then retry the event or save the product in the shop again;"
        " a delivery that could not be read may be readable after an upgrade",
    },
    "explain.deleted": {
        "fa": "این محصول در فروشگاه حذف شده است",
        "en": "This product was deleted in the shop",
    },
    "explain.deleted.to_do": {
        "fa": "اگر دستیار باید آن را بشناسد، آن را از زباله‌دان فروشگاه بازگردانید یا دوباره بسازید",
        "en": "If the assistant should know it, restore it from the shop's trash or add it again",
    },
    "explain.hidden": {
        "fa": "این محصول منتشر نشده، پنهان است یا گذرواژه دارد",
        "en": "This product is unpublished, hidden or protected by a password",
    },
    "explain.hidden.to_do": {
        "fa": "آن را در فروشگاه منتشر و قابل مشاهده کنید",
        "en": "Publish it in the shop and make it visible",
    },
    "explain.ignored": {
        "fa": "آخرین رویداد این شناسه مربوط به محصولی نبود که در این سامانه ثبت شده باشد",
        "en": "The last event with this id was not about a known product",
    },
    "explain.ignored.to_do": {
        "fa": "شناسه را بررسی کنید یا محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Check the id, or save the product in the shop again",
    },
    "explain.never_received": {
        "fa": "هیچ رویدادی برای این محصول دریافت نشده است",
        "en": "No event for this product was received",
    },
    "explain.never_received.to_do": {
        "fa": (
            "اتصال فروشگاه را آزمایش کنید و محصول را دوباره ذخیره کنید؛ اگر ارسال‌ها پاسخ ۲۰۲ می‌گیرند، از"
            " اپراتور بخواهید پردازشگرها را بررسی کند"
        ),
        "en": (
            "Test the connection of the shop and save the product again; if deliveries are answered 202, the"
            " operator should run `pilito doctor`"
        ),
    },
    "explain.not_processed": {
        "fa": "تغییری از این محصول پذیرفته شده، اما هنوز هیچ پردازشگری آن را برنداشته است",
        "en": "A change to this product was accepted, but no worker has taken it up yet",
    },
    "explain.not_processed.to_do": {
        "fa": "چند ثانیه صبر کنید؛ اگر بیش از یک دقیقه طول کشید، از اپراتور بخواهید پردازشگرها را بررسی کند",
        "en": "Wait a few seconds; if it takes more than a minute, the operator should run `pilito doctor`",
    },
    "explain.never_indexed": {
        "fa": "رویدادی دریافت شده، اما متن این محصول هنوز به جست‌وجو افزوده نشده است",
        "en": "Events were received, but the text of this product was never added to search",
    },
    "explain.never_indexed.to_do": {
        "fa": "محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Save the product in the shop again",
    },
    "explain.embedding_outdated": {
        "fa": "دستیار متن قدیمی این محصول را دارد، نه متن تازه را",
        "en": "The assistant has an older text of this product, not the current one",
    },
    "explain.embedding_outdated.to_do": {
        "fa": "یک دقیقه صبر کنید؛ اگر تغییر نکرد، محصول را در فروشگاه دوباره ذخیره کنید",
        "en": "Wait a minute; if nothing changes, save the product in the shop again",
    },
    "explain.budget": {
        "fa": "بودجه‌ی توکن این فروشگاه تمام شده است؛ قیمت و موجودی تازه‌اند و متن تازه منتظر می‌ماند",
        "en": "The store has spent its budget of tokens; price and stock are current, and the new text waits",
    },
    "explain.budget.to_do": {
        "fa": "صبر کنید تا روز یا ماه بعد آغاز شود، یا از اپراتور بخواهید بودجه را بیشتر کند؛"
        " کار خودبه‌خود ادامه می‌یابد",
        "en": "Wait for the next day or month, or ask the operator to raise the budget;"
        " it then continues automatically",
    },
    "explain.model_changed": {
        "fa": "مدل بردارسازی عوض شده است؛ تا رویداد بعدی، این محصول فقط با جست‌وجوی واژه‌ها پیدا می‌شود",
        "en": "The embedding model has changed; this product is found only by words until its next event",
    },
    "explain.model_changed.to_do": {
        "fa": "محصول را در فروشگاه دوباره ذخیره کنید تا بردار آن با مدل تازه ساخته شود",
        "en": "Save the product in the shop again to have it embedded with the new model",
    },
    "explain.no_chunks": {
        "fa": "این محصول نام و توضیحی ندارد که در جست‌وجو پیدا شود",
        "en": "This product has no name or description to search for",
    },
    "explain.no_chunks.to_do": {
        "fa": "برای محصول در فروشگاه نام و توضیح بنویسید",
        "en": "Add a name and a description to the product in the shop",
    },
}


LANGUAGES_READ = 20
"""How many languages of a header are read."""

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)


def _preferences(accept_language: str) -> Iterator[tuple[str, float]]:
    """Yields each language of the header with its quality; entries that cannot be parsed are skipped."""
    for part in accept_language.lower().split(",", LANGUAGES_READ)[:LANGUAGES_READ]:
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        qualities = [value[2:].strip() for value in parameters if value.startswith("q=")] or ["1"]
        if _QUALITY.fullmatch(qualities[0]):
            yield tag.split("-")[0], float(qualities[0])


def language(accept_language: str | None) -> str:
    """Returns `en` if the header prefers it to Persian, or else `fa`."""
    preferred: dict[str, float] = {}
    for name, quality in _preferences(accept_language or ""):
        preferred[name] = max(quality, preferred.get(name, 0.0))
    others = preferred.get("*", 0.0)
    return "en" if preferred.get("en", others) > preferred.get("fa", others) else "fa"


def message(name: str, accept_language: str | None) -> str:
    """Returns a message in the language that the header prefers."""
    return MESSAGES[name][language(accept_language)]


def in_language(accept_language: str | None) -> dict[str, str]:
    """Returns the headers of a response with a message."""
    return {"Content-Language": language(accept_language), "Vary": "Accept-Language"}
