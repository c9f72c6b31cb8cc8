"""Which fields of a product or variation a shop did not send: absent is not empty."""

from collections.abc import Collection, Mapping

from pydantic import BaseModel

from contracts.catalog import PUBLICATION

Sources = Mapping[str, tuple[str, ...]]
"""The fields of a body from which each field of a product or variation is read; one of them suffices."""

_WOOCOMMERCE: Sources = {
    "price": ("price",),
    "regular_price": ("regular_price",),
    "sale_price": ("sale_price",),
    "on_sale": ("on_sale",),
    "stock_quantity": ("stock_quantity",),
    "in_stock": ("stock_status", "in_stock", "stock_quantity"),
    "backorder": ("stock_status", "in_stock", "stock_quantity"),
    "sku": ("sku",),
    "gtin": ("global_unique_id", "gtin", "barcode"),
    "brands": ("brands",),
    "link": ("permalink",),
    "image": ("image", "images"),
    "gallery": ("gallery", "images"),
    "weight": ("weight",),
    "dimensions": ("dimensions",),
    "sale_end": ("sale_end_gmt", "date_on_sale_to_gmt"),
    "backorders": ("backorders",),
}

WOOCOMMERCE_VARIATIONS: Sources = {
    **{name: fields for name, fields in _WOOCOMMERCE.items() if name != "gallery"},
    "options": ("attributes",),
    "description": ("description",),
    "visible": ("status",),
}

WOOCOMMERCE_PRODUCTS: Sources = {
    **_WOOCOMMERCE,
    "title": ("name",),
    "short_description": ("short_description",),
    "description": ("description",),
    "categories": ("categories",),
    "tags": ("tags",),
    "attributes": ("attributes",),
    "currency": ("currency",),
    "status": ("status",),
    "catalog_visibility": ("catalog_visibility",),
    "post_password": ("post_password",),
    "average_rating": ("average_rating",),
    "rating_count": ("rating_count",),
    "review_count": ("review_count",),
    "grouped_children": ("grouped_children", "grouped_products"),
    "external_url": ("external_url",),
    "button_text": ("button_text",),
    "featured": ("featured",),
    "custom_fields": ("custom_fields",),
    "price_includes_tax": ("price_includes_tax",),
    "text_cut": ("text_cut", "description"),
}

SHOPIFY_VARIANTS: Sources = {
    "price": ("price",),
    "stock_quantity": ("inventory_quantity",),
    "in_stock": ("inventory_quantity",),
    "backorder": ("inventory_quantity",),
    "sku": ("sku",),
    "gtin": ("barcode",),
}

SHOPIFY_PRODUCTS: Sources = {
    "title": ("title",),
    "description": ("body_html",),
    "categories": ("product_type",),
    "tags": ("tags",),
    "brands": ("vendor",),
    "attributes": ("options",),
    "status": ("status",),
    PUBLICATION: (PUBLICATION,),
    "link": ("handle",),
    "image": ("images",),
    "gallery": ("images",),
}


def absent_from(body: BaseModel, sources: Sources, *, empty: Collection[str] = ()) -> frozenset[str]:
    """Returns the names of the fields without a source in the body that was validated.

    A source in `empty` counts as not sent if it is empty or null.
    """
    said_nothing = {field for field in empty if getattr(body, field, None) in (None, "")}
    sent = body.model_fields_set - said_nothing
    return frozenset(name for name, fields in sources.items() if sent.isdisjoint(fields))
