"""Removes WordPress shortcodes, which remain in texts that WordPress has not rendered."""

import html as entities
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knowledge.encoded import decoded, is_encoded

_OPENING = re.compile(r"(?<!\[)\[(/?)([a-z][\w-]*+)(?=[\s/\]=]|<br)", re.ASCII | re.IGNORECASE)
_CLOSING = re.compile(r"\[/([a-z][\w-]*+)\s*+\]", re.ASCII | re.IGNORECASE)
_CORE = frozenset(("audio", "caption", "embed", "gallery", "playlist", "products", "video"))

_QUOTES = (
    '"',
    "'",
    "[“”„″]|&quot;|&#0?34;|&#822[0-2];|&#8243;|&[lrb]dquo;",
    "[‘’‚′]|&#0?39;|&#821[6-8];|&#8242;",
)
"""Alternatives that may close each other: WordPress's typography makes other signs of a pair of quotes."""

_QUOTE = "|".join(f"({quote})" for quote in _QUOTES)
_CLOSING_QUOTES = tuple(map(re.compile, _QUOTES))
_SIGN = re.compile(rf"[\[\]<]|=\s*+(?:{_QUOTE})?|(?<=\s)(?:{_QUOTE})", re.IGNORECASE)
_AFTER_VALUE = re.compile(r"[\s/\]<]|&nbsp;")
_VALUE = re.compile(r"(?<=[\w-])=\s*+[^\s\]]", re.ASCII)
_INNER = re.compile(r"\[(?!/)[^\[\]=]{0,80}\]")
_LINE_TAG = re.compile(r"<(?:br|/?p)(?:[\s/][^<>]{0,100})?>|<(?![a-z/!?])", re.IGNORECASE)
_CODE = re.compile("(?:^|[_-])(?:raw|code|base64)", re.IGNORECASE)
_SCRIPT = re.compile("js|css|script|style", re.IGNORECASE)
_DATA = re.compile(r'\s*(?:[{\[]\s*["\[{\]}]|a:\d+:\{)')

GAP, BREAK = " ", "\n\n"


@dataclass(frozen=True, slots=True)
class _Tag:
    """The tag of a shortcode at [start:end] of a text; `value`: it has a named value."""

    start: int
    end: int
    name: str
    closing: bool
    value: bool


def without_shortcodes(text: str, read: Callable[[str], str] | None) -> str:
    """Returns HTML `text` without the tags of shortcodes; their content and ordinary brackets stay.

    Each tag leaves a space, and a tag right after another one a blank line, so no words are joined. `read`
    returns the text of HTML, for content that is encoded; without it, encoded content is left out.
    Takes time linear in the text.
    """
    if "[" not in text:
        return text
    paired = frozenset(name.lower() for name in _CLOSING.findall(text))
    pieces, at, last = list[str](), 0, -1
    for tag in _tags(text):
        if tag.start < at or not _is_shortcode(text, tag, paired):
            continue
        pieces += text[at : tag.start], BREAK if tag.start == last else GAP
        at = last = tag.end
        if not tag.closing and (content := _encoded_content(text, tag)):
            pieces.append(_shown(tag.name, content, read))
            at = last = tag.end + len(content)
    return "".join((*pieces, text[at:]))


def _tags(text: str) -> Iterator[_Tag]:
    """Yields all that has the form of a shortcode's tag."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        start, name_end = opening.span()
        end, value, is_closed = _end(text, name_end)
        if is_closed:
            yield _Tag(start, end, opening[2].lower(), bool(opening[1]), value)
        at = end


def _end(text: str, name_end: int) -> tuple[int, bool, bool]:
    """Returns where a tag ends, whether it has a named value, and whether a bracket closes it.

    What is not closed ends where the search for the next tag goes on, so each character is passed once.
    """
    at, value = name_end, False
    while (sign := _SIGN.search(text, at)) is not None:
        at, kind = sign.end(), sign[0]
        if kind == "]":
            return at, value, True
        if kind == "[":
            inner = _INNER.match(text, sign.start()) if value else None
            if inner is None:
                return sign.start(), value, False
            at = inner.end()
        elif kind == "<":
            line_tag = _LINE_TAG.match(text, sign.start())
            if line_tag is None:
                return at, value, False
            at = line_tag.end()
        else:
            is_named = kind[0] == "=" and sign.start() > name_end
            value = value or (is_named and _VALUE.match(text, sign.start()) is not None)
            if sign.lastindex is not None:
                at = _after_quoted(text, at, (sign.lastindex - 1) % len(_QUOTES))
    return len(text), value, False


def _after_quoted(text: str, at: int, quote: int) -> int:
    """Returns the end of a quoted value that begins here, or `at` if no sign ends it like a value."""
    closing = _CLOSING_QUOTES[quote].search(text, at)
    if closing is None or not _AFTER_VALUE.match(text, closing.end()):
        return at
    return closing.end()


def _is_shortcode(text: str, tag: _Tag, paired: frozenset[str]) -> bool:
    if text.startswith("]", tag.end):
        return False
    is_bare = text.startswith("]", tag.start + 1 + len(tag.name))
    return (
        tag.closing
        or tag.name in paired
        or tag.name in _CORE
        or ("_" in tag.name and is_bare)
        or text.endswith("/]", tag.start, tag.end)
        or tag.value
    )


def _encoded_content(text: str, tag: _Tag) -> str:
    """Returns the content of a shortcode if all of it is encoded; else an empty text.

    Of a shortcode for code, the end of its content may have been cut off.
    """
    end = text.find("[", tag.end)
    if end < 0:
        content = text[tag.end :] if _CODE.search(tag.name) else ""
    else:
        closing = _CLOSING.match(text, end)
        content = text[tag.end : end] if closing is not None and closing[1].lower() == tag.name else ""
    return content if content and is_encoded(content) else ""


def _shown(name: str, content: str, read: Callable[[str], str] | None) -> str:
    """Returns the text of encoded content as HTML; empty for scripts, styles and data."""
    html = decoded(content) if read is not None and not _SCRIPT.search(name) else None
    if html is None or read is None or _DATA.match(html):
        return ""
    lines = filter(None, read(html).split("\n"))
    return BREAK + BREAK.join(map(entities.escape, lines)) + BREAK
