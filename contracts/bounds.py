"""How much a product may hold.

A delivery of a sender that reads our answers is refused if it has more entries or longer names. All other
deliveries, and products that are read from shops, are cut to these bounds; the event or the sync notes it.
Long descriptions are always cut.
"""

ENTRIES = 1_000
"""Categories, tags, brands or images of a product."""

ATTRIBUTES = 250
OPTIONS = 4_096
OPTION_CHARACTERS = 100_000
"""Options of all attributes of a product together, and their characters."""

VARIATION_OPTIONS = 50
VARIATION_OPTION_CHARACTERS = 5_000
"""The same of a variation, which has one option for each attribute."""

CUSTOM_FIELDS = 50

VARIATIONS = 2_048
"""As Shopify allows; further variations are not stored."""

LINE_CHARACTERS = 5_000
"""A name, an option, an SKU, with its markup."""

ADDRESS_CHARACTERS = 2_000

DESCRIPTION_CHARACTERS = 500_000
"""A description with its markup, without embedded images."""

VARIATION_DESCRIPTION_CHARACTERS = 10_000
"""A variation's description. All variations together have at most `DESCRIPTION_CHARACTERS`."""

CHUNKS = 500
"""Chunks of a product's text that are embedded and found, about 200,000 tokens."""
