"""Words for stock by their meaning, in any spelling: of WooCommerce, schema.org, Google, and Persian."""

import re
import unicodedata
from decimal import Decimal
from enum import Enum, auto


class Stock(Enum):
    """Whether a product can be bought; `BACKORDER` is bought now and delivered later."""

    IN = auto()
    OUT = auto()
    BACKORDER = auto()


_LONGEST = 200
_ADDRESS = re.compile(r"https?://[^\s/#?]*+", re.IGNORECASE)
_BEFORE_NAME = re.compile(r"[a-z]+:(?=\w+$)", re.IGNORECASE)
_BETWEEN_NAMES = re.compile("[/#?&=]")
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_JOINED = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "آ": "ا"})

# fmt: off
_MEANINGS = {
    Stock.IN: (
        "in stock", "available", "in store only", "online only", "limited availability", "limited stock",
        "low stock", "low in stock", "available now", "in stock online", "yes", "true", "1",
        "موجود", "موجود است", "موجود در انبار", "در انبار موجود است", "در انبار", "موجودی محدود",
        "موجود می‌باشد", "متوفر",
    ),
    Stock.OUT: (
        "out of stock", "out stock", "sold out", "discontinued", "insufficient stock", "no stock",
        "not in stock", "unavailable", "not available", "reserved", "sold", "oos", "none", "no", "false", "0",
        "ناموجود", "نا موجود", "موجود نیست", "موجود نمی‌باشد", "اتمام موجودی", "تمام شد", "تمام شده",
        "عدم موجودی", "فروخته شد", "فروخته شده", "توقف تولید", "غير متوفر", "نفدت الكمية",
    ),
    Stock.BACKORDER: (
        "on backorder", "backorder", "backordered", "backorders", "available on backorder",
        "available for backorder", "backorder available", "preorder", "pre-order", "on preorder",
        "available for preorder", "presale", "pre-sale", "made to order", "available for order",
        "available to order",
        "پیش‌فروش", "پیش‌خرید", "پیش‌سفارش", "قابل پیش‌خرید", "سفارشی", "قابل سفارش", "بر اساس سفارش",
    ),
}
# fmt: on

_NOT = r"\b(?:not?|none|nothing|never|without|cannot|(?:is|are|do|does|has|have|ca|wo)n ?t)"
_GONE = r"(?:out ?(?:of ?)?stock|stock ?out|sold ?out|unavailable|discontinued|nicht verfügbar|ausverkauft)"
_LATER = r"(?:back ?orders?|back ?ordered|pre ?orders?|pre ?ordered|pre ?sale)"
_DATE = (r"(?:[0-9]{1,4} (?:[0-9]{1,2}\b|(?:MONTH))|(?:MONTH)|(?:1[34]|20)[0-9]{2}\b|next\b)").replace(
    "MONTH", "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
)

_DENIED = re.compile(
    rf"(?:{_NOT}|\b(?:almost|nearly|until|till|before|unless|if|when))"
    rf"(?: (?:yet|currently|it|is|they|are))*+ {_GONE}"
    rf"|{_NOT} {_LATER}(?: (?:allowed|accepted|possible))?"
    rf"|{_LATER}(?: are| is)? not (?:allowed|accepted|possible)"
)
"""What says nothing of stock, such as `never sold out`, `until sold out` and `no backorders`."""

_OFFERED = re.compile(
    r"(?<!not )(?<!longer )(?<!currently )\bavailable (?:(?:on|for|to|as) )?"
    rf"(?:a )?{_LATER}|\b{_LATER} (?:now|available\b(?! (?:from|soon|again)))"
)

_ABSENT = re.compile(
    rf"{_GONE}"
    rf"|{_NOT}(?: (?:currently|yet|longer|more|any|at|the|this|moment|enough|be|have|it|them|items?"
    r"|units?|pieces?|now))*+ (?:in ?stock|on stock|stock(?:ed)?(?! (?:limit|issue|problem))"
    r"|available|availability|left|remaining|for sale|sold|made|produced|purchasable|orderable|inventory)\b"
    r"|\b(?:0|zero)(?: (?:items?|units?|pieces?|pcs|are|is|products?|عدد))*+"
    r" (?:in ?stock|stock|available|left|remaining|on hand|in inventory|موجود)"
    r"|\b(?:stock|instock|available|availability|quantity|qty|inventory|موجود|موجودی|تعداد)"
    r" (?:0|zero|no|none|nil|false|صفر|خیر)(?: (?:items?|units?|pieces?|pcs|left|عدد))?$"
    r"|^(?:0|zero|صفر)(?: (?:items?|units?|pieces?|pcs|عدد))?$"
    r"|\b(?:insufficient|temporarily out|notify me|wait ?list|awaiting stock|restock|coming soon|end of life)"
    r"|\b(?:stock|instock|available|back)(?: again)? soon\b|^soon\b|^(?:expected|back on|back in [0-9])"
    rf"|\b(?:stock|instock|available|back)(?: again)?"
    rf" (?:from|on|after|as of|starting|expected(?: on)?) {_DATE}"
    rf"|\bback in ?stock (?:in|by|{_DATE})"
    r"|agotado|esgotado|esaurito|épuisé|rupture de stock|uitverkocht|nicht (?:auf lager|lieferbar|vorrätig)"
    r"|non disponibil|no disponible|indisponible|нет в наличии|tükendi|stokta yok"
    r"|نا ?موجود|موجود(?:ی)?(?: (?:در|انبار|حال|حاضر|فعلا|دیگر|کافی|این|کالا|محصول))*+"
    r" (?:نیست|نمی ?باشد|ندارد|نداریم|نشده|نمی ?شود)"
    r"|(?:در دسترس|در انبار|قابل (?:خرید|سفارش|فروش)) (?:نیست|نمی ?باشد|نداریم)"
    r"|(?:اتمام|عدم|فاقد|بدون|نبود) موجودی|(?<!رو )به (?:اتمام|پایان) رسید|(?:تمام|تموم|فروخته) (?:شد|گردید)"
    r"|توقف (?:تولید|فروش)|متوقف شد|به ?زودی (?:موجود|عرضه|شارژ)|^به ?زودی|خبرم کن|خبر بده"
    r"|غیر (?:متوفر|متاح|موجود)|(?:نفدت|نفذت)"
)
"""Expressions that say the same inside of longer ones: absence, negations, zero, and stock on a later day."""

_LABEL = re.compile("(?:(?:stock|product) )?(?:availability|status)|وضعیت(?: موجودی)?|موجودی")
_TO_COME = re.compile(rf"{_LATER}|made to order|پیش ?(?:فروش|خرید|سفارش)")


def _spaced(text: str) -> str:
    """Returns words in one case and one spelling of Persian letters and digits, with single spaces."""
    folded = unicodedata.normalize("NFKC", _HUMP.sub(" ", text)).casefold().translate(_JOINED)
    return " ".join("".join(map(_letter, folded)).split())


def _letter(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind[0] in "LN":
        return character
    return "" if kind in ("Cf", "Mn") else " "


def _joined(words: str) -> str:
    return _spaced(words).replace(" ", "")


_WORDS = {_joined(word): meaning for meaning, words in _MEANINGS.items() for word in words}


def meaning(word: str) -> Stock | None:
    """Returns what a word, a sentence or the address of a word means; None for an unknown one."""
    text = word.strip()[:_LONGEST]
    if address := _ADDRESS.match(text):
        names = _BETWEEN_NAMES.split(text[address.end() :])
        return next(filter(None, map(_meaning, filter(None, names))), None)
    return _meaning(_BEFORE_NAME.sub("", text))


def _meaning(text: str) -> Stock | None:
    said = _spaced(text)
    known = _WORDS.get(said.replace(" ", "")) or _WORDS.get(_LABEL.sub("", said, 1).replace(" ", ""))
    if known is not None:
        return known
    said = _DENIED.sub(" ", said)
    if _OFFERED.search(said):
        return Stock.BACKORDER
    if _ABSENT.search(said):
        return Stock.OUT
    return Stock.BACKORDER if _TO_COME.search(said) else None


def stock_of(word: str, *, flag: bool | None, quantity: Decimal | None, backorders: bool) -> Stock:
    """Returns whether a product can be bought.

    `word` is the shop's word for it, `flag` its yes or no, `quantity` the pieces that it counts (None: it
    counts none), and `backorders` whether it sells what it does not have. A known word decides, then the
    flag, then the quantity. An unknown word is no promise: both the flag and the quantity may deny it.
    """
    word, known = word.strip(), meaning(word)
    is_empty = quantity is not None and quantity <= 0
    if known is Stock.IN or (known is None and not word and flag):
        return Stock.BACKORDER if is_empty and backorders else Stock.IN
    if known is not None:
        return known
    if flag is False:
        return Stock.OUT
    if is_empty:
        return Stock.BACKORDER if backorders else Stock.OUT
    return Stock.IN
