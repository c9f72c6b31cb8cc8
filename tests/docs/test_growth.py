"""Every table has a bound that the documents name."""

import re

from database.tables import metadata
from tests.docs.repository import ROOT

PAGE = (ROOT / "docs" / "scale.md").read_text()


def test_the_page_says_what_bounds_each_table() -> None:
    """A table that nothing bounds would grow until the disk is full."""
    growth = PAGE.partition("## Growth")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \| [^|]*[^|\s] \|$", growth, flags=re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) == set(metadata.tables)
