"""The formats of feeds: what they require, how their files are named and how large they may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalogue.feeds import google, openai
from catalogue.feeds.gaps import Gap
from catalogue.feeds.items import Item
from catalogue.feeds.parts import Limits, Parts
from catalogue.feeds.terms import FeedFormat, FeedTerms

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of a feed; `packed` files are packed with gzip."""

    kind: FeedFormat
    suffix: str
    media_type: str
    packed: bool
    head: bytes
    limits: Limits
    longest_id: int
    required: frozenset[Gap]
    row: Callable[[Item, FeedTerms], bytes]

    def file_name(self, store_id: int, part: int) -> str:
        """Returns the name of a file of a store's feed, the same each time."""
        return f"store-{store_id}-{self.kind}-{part:03}.{self.suffix}"

    def report_name(self, store_id: int) -> str:
        """Returns the name of the file that says what the products of a store lack."""
        return f"store-{store_id}-{self.kind}-report.jsonl"

    def parts(self, limits: Limits | None = None) -> Parts:
        """Returns a count of parts, by these limits or the limits of the format."""
        return Parts(limits or self.limits, head=len(self.head))

    def gaps(self, item: Item) -> frozenset[Gap]:
        """Returns what an item lacks in this format."""
        more = {
            Gap.ID: len(item.id) > self.longest_id,
            Gap.AVAILABILITY_DATE: item.availability == "backorder"
            and Gap.AVAILABILITY_DATE in self.required,
        }
        return item.gaps | {gap for gap, lacks in more.items() if lacks}


FORMATS: Mapping[FeedFormat, Format] = {
    FeedFormat.OPENAI: Format(
        kind=FeedFormat.OPENAI,
        suffix="jsonl.gz",
        media_type="application/gzip",
        packed=True,
        head=b"",
        limits=Limits(rows=500_000, size=500 * MEGABYTE),
        longest_id=openai.LONGEST_ID,
        required=openai.REQUIRED,
        row=openai.row,
    ),
    FeedFormat.GOOGLE: Format(
        kind=FeedFormat.GOOGLE,
        suffix="tsv",
        media_type="text/tab-separated-values; charset=utf-8",
        packed=False,
        head=google.head(),
        limits=Limits(rows=10_000_000, size=4_000 * MEGABYTE),
        longest_id=google.LONGEST_ID,
        required=google.REQUIRED,
        row=google.row,
    ),
}
