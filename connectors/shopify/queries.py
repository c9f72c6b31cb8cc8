"""Our GraphQL queries to Shopify's Admin API.

A query may cost 1,000 points: one per object, two per connection plus its objects. The page sizes keep each
query below that even if every requested connection is full.
"""

from dataclasses import dataclass

VERSION = "2026-10"
"""The version of the Admin API; Shopify supports each for a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named query; queries of one name cost about the same."""

    name: str
    text: str


_LIGHT = """
      id
      title
      handle
      vendor
      productType
      tags
      status
      publishedAt
      updatedAt
      options { name values }
"""

_PAGE = "pageInfo { hasNextPage endCursor }"

FIRST_VARIANTS, FIRST_MEDIA = 25, 10
"""How many of them are in the answer about a product; the others are requested separately."""

_VARIANTS = f"""
        nodes {{
          id
          title
          price
          compareAtPrice
          sku
          barcode
          inventoryQuantity
          inventoryPolicy
          inventoryItem {{ tracked }}
          selectedOptions {{ name value }}
          updatedAt
        }}
        {_PAGE}
"""

_MEDIA = f"""
        nodes {{ ... on MediaImage {{ image {{ url }} }} }}
        {_PAGE}
"""

MANIFEST_SIZE = 100
MANIFEST = Query(
    name="Manifest",
    text=f"""
query Manifest($first: Int!, $after: String, $query: String) {{
  products(first: $first, after: $after, query: $query, sortKey: ID) {{
    nodes {{ {_LIGHT}
      priceRangeV2 {{ minVariantPrice {{ amount }} }}
    }}
    {_PAGE}
  }}
  productsCount(query: $query, limit: null) {{ count precision }}
}}
""",
)

PRODUCTS_SIZE = 8
PRODUCTS = Query(
    name="Products",
    text=f"""
query Products($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    ... on Product {{ {_LIGHT}
      descriptionHtml
      variants(first: {FIRST_VARIANTS}) {{ {_VARIANTS} }}
      media(first: {FIRST_MEDIA}) {{ {_MEDIA} }}
    }}
  }}
}}
""",
)

MORE_SIZE = 250
MORE_VARIANTS = Query(
    name="MoreVariants",
    text=f"""
query MoreVariants($id: ID!, $first: Int!, $after: String) {{
  product(id: $id) {{
    variants(first: $first, after: $after) {{ {_VARIANTS} }}
  }}
}}
""",
)
MORE_MEDIA = Query(
    name="MoreMedia",
    text=f"""
query MoreMedia($id: ID!, $first: Int!, $after: String) {{
  product(id: $id) {{
    media(first: $first, after: $after) {{ {_MEDIA} }}
  }}
}}
""",
)

CURRENCY = Query(name="Currency", text="query Currency { shop { currencyCode } }")
