"""The documentation site builds without a warning and needs no other host."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.repository import ROOT

FOREIGN = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=["']?(?:https?:)?//[^>]*>""")
FOREIGN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    """Below `docs/` there is no Markdown outside of the site."""
    documents = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    assert documents <= {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    """Fonts, scripts, styles and pictures are files of the site; links are not loaded."""
    pages, styles = list(site.rglob("*.html")), list(site.rglob("*.css"))
    assert pages
    assert styles
    assert {str(page): found for page in pages if (found := FOREIGN.findall(page.read_text()))} == {}
    assert [str(style) for style in styles if FOREIGN_STYLE.search(style.read_text())] == []


def test_the_site_is_searched_in_the_browser(site: Path) -> None:
    """The index is a file of the site."""
    assert "debounce" in (site / "search" / "search_index.json").read_text().lower()


def test_persian_pages_are_written_from_right_to_left(site: Path) -> None:
    """And their Markdown is rendered, not shown."""
    page = (site / "start" / "wordpress.fa.html").read_text()
    assert re.search(r'<div dir="rtl">\s*<h1', page)
