"""SQL of what is shown of products and variations, and is not a column of its own."""

from contracts.products.details import DETAILS


def availability(row: str) -> str:
    """Returns SQL of a row's availability: `in_stock`, `backorder` or `out_of_stock`."""
    return (
        f"CASE WHEN NOT {row}.in_stock THEN 'out_of_stock'"
        f" WHEN {row}.backorder THEN 'backorder' ELSE 'in_stock' END"
    )


def link(row: str) -> str:
    """Returns SQL of a row's link, an http or https address or empty.

    A platform that sends no addresses has paths in the shop, which follow the address of the store.
    """
    return (
        f"CASE WHEN {row}.link LIKE '/%' THEN coalesce((SELECT rtrim(s.base_url, '/') || {row}.link"
        f" FROM stores s WHERE s.id = {row}.store_id AND s.base_url ~* '^https?://'), '') ELSE {row}.link END"
    )


def details(row: str) -> str:
    """Returns SQL of a JSON object of the details in a row's metadata."""
    names = ", ".join(f"'{name}'" for name in sorted(DETAILS))
    return (
        f"(SELECT coalesce(jsonb_object_agg(detail.key, detail.value), '{{}}')"
        f" FROM jsonb_each({row}.metadata) AS detail WHERE detail.key IN ({names}))"
    )


def variation(row: str, **more: str) -> str:
    """Returns SQL of a JSON object of a variation's row, with `more` fields: name -> SQL.

    `options` has name -> option; numbers are strings, so that no digit is lost.
    """
    fields = {
        "external_id": f"{row}.external_id",
        "options": f"""(
            SELECT coalesce(json_object_agg(option ->> 'name', option -> 'options' ->> 0), '{{}}')
            FROM jsonb_array_elements({row}.options) AS option
            WHERE option ->> 'name' <> '' AND option -> 'options' ->> 0 IS NOT NULL)""",
        "price": f"CAST({row}.price AS text)",
        "in_stock": f"{row}.in_stock",
        "availability": availability(row),
        "stock_quantity": f"CAST({row}.stock_quantity AS text)",
        "sku": f"coalesce({row}.metadata ->> 'sku', '')",
        "gtin": f"coalesce({row}.metadata ->> 'gtin', '')",
        **more,
    }
    pairs = ", ".join(f"'{name}', {sql}" for name, sql in fields.items())
    return f"json_build_object({pairs})"
