"""Where a person goes on after sign-in is always a page of the console."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.console.pages.sign_in import own_path

HOME = "/console/"
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/console/",
    "/\\evil.example",
    "\\\\evil.example",
    "/console/\\evil.example",
    "/console/..//evil.example",
    "/console/%2e%2e//evil.example",
    "/console/.%2E/api/v1/",
    "/console/x/../../docs",
    "/console/..#",
    "/console/%2e%2e#/?a",
    "/console/%5c..%5c..",
    "javascript:alert(1)",
    "/console/\r\nSet-Cookie: a=b",
    "/console/\t/evil.example",
    "/\t/evil.example",
    "/consoleevil",
    "//[",
    "/docs",
    " /console/",
    "/console/ ",
    "console/",
    "/console/\u202e",
    "",
)
PIECES = [
    "/",
    "\\",
    "..",
    ".",
    "console",
    "%2e",
    "%2E",
    "%5c",
    "%2f",
    "//",
    ":",
    "@",
    "evil.example",
    "\t",
    "\n",
]
PIECES += ["?", "#", "[", "]", "https", "javascript", "\0", " ", "é", "فا", "a"]


def leads(address: str) -> str:
    """Returns where a browser goes from a page of the console: like the URL standard, for http addresses."""
    written = re.sub(r"[\t\r\n]", "", address.strip("".join(map(chr, range(33))))).replace("\\", "/")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", written):
        return "elsewhere"
    path = re.split(r"[?#]", written)[0]
    if not path.startswith("/"):
        return "elsewhere"
    kept: list[str] = []
    for part in path.split("/")[1:]:
        plain = re.sub("%2e", ".", part, flags=re.IGNORECASE)
        if plain == "..":
            kept = kept[:-1]
        elif plain != ".":
            kept.append(part)
    return "/" + "/".join(kept)


@pytest.mark.parametrize("given_", ELSEWHERE)
def test_other_addresses_lead_home(given_: str) -> None:
    assert own_path(given_) == HOME


@pytest.mark.parametrize(
    "page", ["/console/", "/console/events/?store=3&status=failed", "/console/events/?external_id=%D9%81"]
)
def test_pages_of_the_console_are_kept(page: str) -> None:
    assert own_path(page) == page


@given(
    st.lists(st.sampled_from(PIECES)).map("".join).flatmap(lambda end: st.sampled_from([end, HOME + end]))
    | st.text()
)
@example("/console/..//evil.example")
@example("//[")
def test_no_address_leads_out_of_the_console(address: str) -> None:
    path = own_path(address)
    assert leads(path).startswith(HOME)
    assert urlsplit(path).netloc == ""
    assert path.isprintable()
