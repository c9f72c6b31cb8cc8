"""Read the refusals of embedding servers: status, codes and words, in the forms that vendors give them.

Vendors disagree about the status: a wrong key is a 400 at one and a 401 at another, and a router answers 200
with an error in its body. So codes and words count as well, each list for one meaning.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson

from contracts.errors import EmbeddingProblem
from embeddings.base import Cause

MOST_READ = 65_536
"""Bytes of a refusal that are read; longer ones count as a refusal without words."""

MOST_WORDS = 2_000
MOST_SHOWN = 300
"""Characters of a server's sentence that are looked at, and that people are shown."""

KEY_LIKE = re.compile(
    r"^\W*(?:hf|aiza|pplx|jina|voyage)[-_]|(?:^|[\W_])(?:sk|pk|rk|gsk|nvapi|xai)[-_]|\*\*\*"
    r"|(?=[a-z_]*\d)(?=\d*[a-z])\w{16}",
    re.IGNORECASE,
)
"""A word with a key in it, whole or masked: by its prefix, by asterisks, or by sixteen letters and digits."""

LONGEST_KEY = 200
"""Characters of a word in which a key is looked for."""

ANNOUNCES_KEY = frozenset({"bearer", "basic"})

BUSY = (408, 409, 425, 429, 503, 529)
"""Statuses of a service that is busy, where a smaller request changes nothing."""

UNPAID = re.compile(
    r"insufficient[ _](?:quota|credits?|balance|funds)|credit[ _]balance|spend[ _]limit|usage_limit_exceeded"
    r"|billing_(?:hard_limit|not_active)|arrearage|overdue payment|exceeded your current quota"
    r"|payment required|out of credits"
)
KEY = re.compile(
    r"(?:invalid|incorrect|expired|missing|no|wrong|bad)[ _](?:api[ _-]?|subscription |access )key"
    r"|api[ _-]?key (?:not valid|is invalid|not found|expired|is missing)|api_key_invalid"
    r"|invalid_authentication|authentication[ _](?:error|fail)|unauthori[sz]ed|unauthenticated"
)
MODEL = re.compile(
    r"model[ _]not[ _](?:found|exist|supported)|model_?not_?exist|deploymentnotfound|no such model"
    r"|unknown model|invalid[ _]model|unsupported model"
    r"|model [^.]{0,200}(?:does not exist|not found|not supported|is not a valid)"
)
SLOW_DOWN = re.compile(
    r"rate[ _-]?limit|too many requests(?! (?:in|per) (?:\w+ )?batch)|resource[ _]exhausted|throttl"
    r"|requests per (?:second|minute|day)"
)
OVERLOADED = re.compile(
    r"overloaded|at capacity|(?:queue|server|system|service|model) (?:is )?(?:full|busy)|in (?:the )?queue"
    r"|(?:requests?|inputs?|items?|jobs?|tasks?) (?:\w+ )?(?:waiting|queued|pending|in progress|in flight)"
)
TEXT_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|sequence length|prompt (?:is )?too long|\binput length"
    r"|must have (?:less|fewer) than [\d,]+ tokens|input \([\d,]+ tokens\)|physical batch size"
    r"|(?:input|text|string) (?:is )?(?:too long|above)|(?:text|prompt) length"
    r"|at most [\d,]{1,12} (?:characters|tokens)(?! (?:per|in))"
    r"|(?:input|text|prompt) (?:token (?:count|length)|has [\d,]{1,12} tokens)|`?inputs?`? tokens"
    r"|tokens in (?:the |your )?(?:input|text|prompt)\b|longer than the (?:context|maximum|limit|model)"
    r"|(?<!array with )(?<!array with a )(?<!array_above_)\bmax(?:imum)?[ _]?length|string_above_max_length"
    r"|(?:reduce|shorten) (?:the |your )?(?:length|input|prompt|text)"
)
TOO_MANY_TOKENS = re.compile(
    r"too many (?:total )?tokens|tokens[ _]per[ _](?:\w+[ _])?(?:request|batch)|max_tokens_per"
    r"|tokens? in (?:the )?(?:batch|request)|total (?:number of )?tokens|token limit"
)
TOO_MANY_TEXTS = re.compile(
    r"batch[ _-]?size|batch is too|max_batch|number of (?:inputs|items|texts|documents)"
    r"|too many (?:inputs|items|texts|documents|entries|requests (?:in|per) (?:\w+ )?batch)"
    r"|(?:at most|no more than|up to|less than|fewer than|maximum(?: of)?|exceeds?) (?:\w+ ){0,8}"
    r"(?:inputs?|items?|texts?|documents|entries|batch)"
    r"|(?:inputs?|array|list|contents) (?:is |are )?(?:too (?:long|large|many))|array_above_max_length"
)
REQUEST_TOO_LARGE = re.compile(r"request (?:is )?too (?:large|big)")
TOO_LARGE = re.compile(r"(?:too|entity|payload|request|body) (?:large|big)|payload size")
SETTINGS = re.compile(
    r"input_type|task_type|api[ _-]?version|encoding_format|dimensions|unknown (?:parameter|argument|field)"
    r"|(?:un\w+|extra|missing|required) (?:\w+ )?(?:parameter|argument|field|inputs are not)|extra_forbidden"
    r"|field required|header"
)
UNKNOWN_PARAMETER = re.compile(
    r"(?:unknown|unrecogni[sz]ed|unsupported|unexpected|extra)[ _](?:request )?"
    r"(?:parameter|argument|field|input|keyword)|extra_forbidden|additional properties"
)


OPTIONAL = ("encoding_format", "dimensions")
"""Parameters that a request can do without."""


class ErrorAnswer(EmbeddingProblem):
    """An answer with status 200 that has an error instead of vectors."""

    def __init__(self, body: object) -> None:
        super().__init__("the embedding service answered an error")
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a server answered: its status, its codes and words in lower case, and its sentence for people.

    `shown_codes` are its codes as people may see them.
    """

    status: int
    codes: tuple[str, ...]
    shown_codes: tuple[str, ...]
    words: str
    sentence: str

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Returns whether a code or the sentence has this meaning."""
        return any(pattern.search(text) for text in (*self.codes, self.words))

    @property
    def is_busy(self) -> bool:
        """Returns whether the service has too much to do: the same request is accepted later."""
        if self.status in BUSY:
            return True
        words_count = self.status in (400, 422) or self.status >= 500
        return words_count and (self.says(SLOW_DOWN) or self.says(OVERLOADED))

    @property
    def size(self) -> Cause | None:
        """Returns which size was refused, if one was."""
        named = {
            Cause.TEXT_TOKENS: TEXT_TOO_LONG,
            Cause.TOKENS: TOO_MANY_TOKENS,
            Cause.TEXTS: TOO_MANY_TEXTS,
        }
        if self.is_busy:
            return Cause.SIZE if self.status == 429 and self.says(REQUEST_TOO_LARGE) else None
        if self.status not in (400, 413, 422) and self.status < 500:
            return None
        for cause, pattern in named.items():
            if self.says(pattern):
                return cause
        return Cause.SIZE if self.status == 413 or self.says(TOO_LARGE) else None

    def refuses(self, parameter: str) -> bool:
        """Returns whether this parameter was refused, or an unknown one that is not named."""
        if self.status in (401, 402, 403, 408, 413, 429) or not 400 <= self.status <= 501:
            return False
        said = " ".join((*self.codes, self.words))
        named = [name for name in OPTIONAL if name in said]
        return parameter in named or (not named and self.says(UNKNOWN_PARAMETER))


def of(status: int, content: bytes, secrets: tuple[str, ...] = ()) -> Refusal:
    """Returns the refusal in a response; `secrets` are left out of its sentence."""
    body: object = None
    if len(content) <= MOST_READ:
        try:
            body = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            text = content.decode(errors="replace").strip()
            body = None if text.startswith("<") else text
    return read(status, body, secrets)


def in_answer(error: ErrorAnswer, secrets: tuple[str, ...] = ()) -> Refusal:
    """Returns the refusal in an answer with status 200; its status is the code in it, else 500."""
    found = read(500, error.body, secrets)
    statuses = [int(code) for code in found.codes if code.isdecimal() and len(code) == 3]
    status = next((one for one in statuses if 400 <= one < 600), 500)
    return replace(found, status=status)


def has_error(body: object) -> bool:
    """Returns whether an answer has an error instead of vectors."""
    return isinstance(body, dict) and (
        bool(body.get("error"))
        or (bool(body.get("errors")) and not body.get("result"))
        or (bool(body.get("code")) and isinstance(body.get("message"), str) and "data" not in body)
    )


def read(status: int, body: object, secrets: tuple[str, ...] = ()) -> Refusal:
    """Returns the refusal in a body."""
    named = list(dict.fromkeys(_fields(body, ("code", "type", "status", "param"))))[:8]
    sentences = list(dict.fromkeys(_sentences(body)))
    sentence = " ".join(" ".join(sentences)[:MOST_WORDS].split())
    return Refusal(
        status=status,
        codes=tuple(_plain(code[:100]).lower() for code in named),
        shown_codes=tuple(_shown(code[:MOST_WORDS], secrets)[:100].lower() for code in named),
        words=sentence.lower(),
        sentence=_shown(sentence, secrets),
    )


def _inside(body: object, depth: int = 0) -> Iterator[dict[str, object]]:
    """Yields the objects of a refusal, from the outside to the inside."""
    if depth > 4:
        return
    if isinstance(body, list):
        for entry in body[:4]:
            yield from _inside(entry, depth + 1)
    if isinstance(body, dict):
        yield body
        for name in ("error", "errors", "detail", "details", "metadata"):
            yield from _inside(body.get(name), depth + 1)


def _fields(body: object, names: tuple[str, ...]) -> Iterator[str]:
    for part in _inside(body):
        for name in names:
            value = part.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                yield str(value)


def _sentences(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    for part in _inside(body):
        place = part.get("loc")
        if isinstance(place, list):
            yield ".".join(map(str, place[:4])) + ":"
        for name in ("message", "msg", "error", "detail", "error_description", "reason", "raw"):
            value = part.get(name)
            if isinstance(value, str):
                yield value


def _plain(text: str) -> str:
    """Returns a text on one line, without control characters and marks of direction."""
    return "".join(letter for letter in " ".join(text.split()) if unicodedata.category(letter)[0] != "C")


def _shown(sentence: str, secrets: tuple[str, ...]) -> str:
    """Returns a sentence as people may see it: plain text without keys, bounded."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            sentence = sentence.replace(secret, "…")
    plain = _plain(sentence)
    shown, announced = [], False
    for word in plain[:MOST_WORDS].split(" "):
        hidden = announced or KEY_LIKE.search(word[:LONGEST_KEY]) is not None
        shown.append("…" if hidden else word)
        announced = word.lower() in ANNOUNCES_KEY
    text = " ".join(shown)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
