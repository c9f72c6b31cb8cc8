"""SQL of what is shown of products and variations, and is not a column of its own."""


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
