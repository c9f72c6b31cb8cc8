"""Routes of the pages; each reads what a page shows and renders a template."""

from api.console.pages import (
    account,
    models,
    overview,
    products,
    questions,
    search,
    sign_in,
    static,
    store_secret,
    store_settings,
    stores,
    syncs,
    tokens,
    unknown,
    users,
)
from api.console.pages.events import log, retries

ROUTERS = [
    module.router
    for module in (
        *(static, sign_in, overview, log, retries),
        *(stores, store_settings, store_secret, syncs, tokens, users, account),
        *(products, search, questions, models),
        unknown,
    )
]
