"""What the REST API is asked for: the fields, order and size of lists."""

PER_PAGE = 100

IN_ORDER = {"orderby": "id", "order": "asc", "per_page": str(PER_PAGE), "status": "any"}
# fmt: off
MANIFEST_FIELDS = (
    "id", "type", "name", "status", "catalog_visibility", "post_password", "date_modified_gmt", "price",
    "price_html", "stock_quantity", "stock_status", "backorders_allowed", "sku", "global_unique_id",
    "categories", "tags", "brands", "attributes", "variations",
)
# fmt: on
