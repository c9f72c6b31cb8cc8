"""No line of a page mixes two scripts by accident: names and codes of the other one are isolated."""

import re
from html.parser import HTMLParser

import pytest

from tests.console.browser import Browser
from tests.console.pages import PAGES, Page
from tests.console.scene import Scene

FOREIGN = {"fa": re.compile(r"[A-Za-z_]{2,}"), "en": re.compile(r"[\u0600-\u06ff]{2,}")}
NAMES = {"Postgres", "Temporal"}
"""Names of parts of the service, each alone in its line."""

APART = {"bdi", "pre", "code", "textarea", "option", "title", "script", "style"}
"""Elements that browsers isolate, or that hold text without a line of its own."""

VOID = {"meta", "link", "input", "img", "br", "hr", "rect", "path", "line"}
ISOLATED = re.compile("\u2066.*?\u2069")


class Lines(HTMLParser):
    """Collects the text that stands in lines of the page's own language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._open: list[tuple[str, bool]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            given = dict(attrs)
            is_apart = tag in APART or given.get("lang", self._language) != self._language
            self._open.append((tag, is_apart))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_apart for _, is_apart in self._open):
            self.found.append(ISOLATED.sub("", data))


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
async def test_a_page_isolates_the_words_of_the_other_script(
    admin_browser: Browser, made: Scene, page: Page, language: str
) -> None:
    secret = "" if page.who == "anyone" else f"pilito={admin_browser.http.cookies['pilito']}; "
    answer = await admin_browser.http.get(
        made.places.fill(page.address), headers={"Cookie": f"{secret}pilito_language={language}"}
    )
    assert answer.status_code == 200
    lines = Lines(language)
    lines.feed(answer.text)
    foreign = {line.strip(): FOREIGN[language].findall(line) for line in lines.found}
    assert {line: words for line, words in foreign.items() if set(words) - NAMES} == {}
