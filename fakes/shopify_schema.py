"""The part of Shopify's GraphQL schema that we query, and what queries cost and return."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import graphql
import orjson

SCHEMA = graphql.build_schema("""
    scalar DateTime
    scalar Decimal
    scalar HTML
    scalar Money
    scalar URL
    enum CountPrecision { EXACT AT_LEAST }
    enum ProductSortKeys { CREATED_AT ID TITLE UPDATED_AT }
    enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
    enum ProductVariantInventoryPolicy { CONTINUE DENY }
    interface Node { id: ID! }
    interface Media { alt: String }
    type Count { count: Int! precision: CountPrecision! }
    type Image { url: URL! }
    type InventoryItem { tracked: Boolean! }
    type MediaConnection { nodes: [Media!]! pageInfo: PageInfo! }
    type MediaImage implements Media { alt: String image: Image }
    type MoneyV2 { amount: Decimal! currencyCode: String! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type ProductConnection { nodes: [Product!]! pageInfo: PageInfo! }
    type ProductOption { name: String! values: [String!]! }
    type ProductPriceRangeV2 { minVariantPrice: MoneyV2! maxVariantPrice: MoneyV2! }
    type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
    type SelectedOption { name: String! value: String! }
    type Shop { currencyCode: String! }
    type Video implements Media { alt: String }
    type Product implements Node {
      id: ID!
      title: String!
      handle: String!
      vendor: String!
      productType: String!
      tags: [String!]!
      status: ProductStatus!
      publishedAt: DateTime
      updatedAt: DateTime!
      descriptionHtml: HTML!
      options(first: Int): [ProductOption!]!
      priceRangeV2: ProductPriceRangeV2!
      media(first: Int, after: String): MediaConnection!
      variants(first: Int, after: String): ProductVariantConnection!
    }
    type ProductVariant implements Node {
      id: ID!
      title: String!
      price: Money!
      compareAtPrice: Money
      sku: String
      barcode: String
      inventoryQuantity: Int
      inventoryPolicy: ProductVariantInventoryPolicy!
      inventoryItem: InventoryItem!
      selectedOptions: [SelectedOption!]!
      updatedAt: DateTime!
    }
    type Query {
      nodes(ids: [ID!]!): [Node]!
      product(id: ID!): Product
      products(first: Int, after: String, query: String, sortKey: ProductSortKeys = ID): ProductConnection!
      productsCount(query: String, limit: Int = 10000): Count
      shop: Shop!
    }
""")

Body = dict[str, Any]


def cost_of(type_: Any, selected: graphql.SelectionSetNode, variables: Mapping[str, Any]) -> float:
    """Returns points: an object costs one, a connection two plus its objects, a scalar nothing."""
    total = 0.0
    for selection in selected.selections:
        if isinstance(selection, graphql.InlineFragmentNode):
            assert selection.type_condition
            total += cost_of(
                SCHEMA.get_type(selection.type_condition.name.value), selection.selection_set, variables
            )
        elif isinstance(selection, graphql.FieldNode) and selection.selection_set:
            definition = type_.fields[selection.name.value]
            inner = graphql.get_named_type(definition.type)
            arguments = {
                argument.name.value: graphql.value_from_ast_untyped(argument.value, dict(variables))
                for argument in selection.arguments or ()
            }
            children = cost_of(inner, selection.selection_set, variables)
            if inner.name.endswith("Connection"):
                total += 2 + arguments["first"] * children
            elif inner.name != "PageInfo":
                total += len(arguments.get("ids", [None])) * (1 + children)
    return total


def query_cost(document: graphql.DocumentNode, variables: Mapping[str, Any]) -> float:
    operation = document.definitions[0]
    assert isinstance(operation, graphql.OperationDefinitionNode)
    return cost_of(SCHEMA.query_type, operation.selection_set, variables)


def node_of(body: Body) -> Body:
    """Returns a product as GraphQL answers it, made from the body of a webhook."""
    prices = [variant["price"] for variant in body["variants"]]
    names = [option["name"] for option in body["options"]]
    return {
        "__typename": "Product",
        "id": f"gid://shopify/Product/{body['id']}",
        "title": body["title"],
        "handle": body["handle"],
        "vendor": body["vendor"],
        "productType": body["product_type"],
        "tags": [tag for tag in body["tags"].split(", ") if tag],
        "status": body["status"].upper(),
        "publishedAt": body["published_at"],
        "updatedAt": body["updated_at"],
        "descriptionHtml": body["body_html"] or "",
        "options": body["options"],
        "priceRangeV2": {
            "minVariantPrice": {"amount": min(prices, key=float), "currencyCode": "EUR"},
            "maxVariantPrice": {"amount": max(prices, key=float), "currencyCode": "EUR"},
        },
        "media": [{"__typename": "MediaImage", "image": {"url": image["src"]}} for image in body["images"]],
        "variants": [
            {
                "id": f"gid://shopify/ProductVariant/{variant['id']}",
                "title": variant["title"],
                "price": variant["price"],
                "compareAtPrice": variant["compare_at_price"],
                "sku": variant["sku"],
                "barcode": variant.get("barcode"),
                "inventoryQuantity": variant["inventory_quantity"],
                "inventoryPolicy": variant["inventory_policy"].upper(),
                "inventoryItem": {"tracked": variant.get("inventory_management") == "shopify"},
                "selectedOptions": [
                    {"name": name, "value": variant[f"option{at}"]} for at, name in enumerate(names, start=1)
                ],
                "updatedAt": variant["updated_at"],
            }
            for variant in body["variants"]
        ],
    }


def number_of(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def connection(items: Sequence[Body], first: int, after: str | None) -> Body:
    """Returns a page of items. The cursor is the id of the last one, or its position if it has no id."""

    def key(at: int) -> int:
        return number_of(items[at]["id"]) if "id" in items[at] else at

    at = 0
    if after is not None:
        try:
            last = orjson.loads(base64.b64decode(after, validate=True))["last_id"]
        except ValueError:
            raise graphql.GraphQLError("Invalid cursor for current pagination sort.") from None
        at = next((at for at in range(len(items)) if key(at) > last), len(items))
    end = min(at + first, len(items))
    cursor = base64.b64encode(orjson.dumps({"last_id": key(end - 1)})).decode() if end > at else None
    return {
        "nodes": items[at:end],
        "pageInfo": {"hasNextPage": end < len(items), "endCursor": cursor},
    }
