"""Routes of the pages; each reads what a page shows and renders a template."""

from api.console.pages import events, overview, sign_in, static

ROUTERS = [module.router for module in (static, sign_in, overview, events)]
