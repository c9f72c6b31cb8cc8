"""The pages and forms of the console, for tests that look at all of them. A new page needs a line here."""

import re
from dataclasses import dataclass, field

from api.console.pages import ROUTERS

SERVED = "/console/static/"
"""Where style sheets, scripts and fonts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The objects that the addresses of pages name: all belong to one owner."""

    store: int
    event: int
    product: str = "woo_7"

    def fill(self, address: str) -> str:
        """Returns an address with its `{names}` replaced."""
        return address.format(store=self.store, event=self.event, product=self.product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page by its address; `who` is anyone, user, owner (of what the address names) or staff."""

    name: str
    address: str
    who: str = "user"

    @property
    def path(self) -> str:
        """Returns the path with every number as `{}`, as `routes` has it."""
        return _generic(self.address.partition("?")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Page):
    """A form, with the fields that it needs besides the token of the session."""

    fields: dict[str, str] = field(default_factory=dict)


PAGES = (
    Page(name="sign-in", address="/console/sign-in/", who="anyone"),
    Page(name="overview", address="/console/?store={store}", who="owner"),
    Page(name="events", address="/console/events/?store={store}", who="owner"),
    Page(name="event", address="/console/events/{event}/", who="owner"),
    Page(name="retry", address="/console/events/retry/?store={store}", who="owner"),
)

FORMS = (
    Form(
        name="sign-in",
        address="/console/sign-in/",
        who="anyone",
        fields={"email": "nobody@example.com", "password": "wrong"},
    ),
    Form(name="sign-out", address="/console/sign-out/"),
    Form(name="look", address="/console/look/", who="anyone", fields={"language": "fa"}),
    Form(name="retry-all", address="/console/events/retry/", who="owner", fields={"store": "{store}"}),
    Form(name="retry-one", address="/console/events/{event}/retry/", who="owner"),
)


def _generic(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def routes() -> set[tuple[str, str]]:
    """Returns the method and path of every page and form that the console has."""
    return {
        (method, _generic(path))
        for router in ROUTERS
        for route in router.routes
        if (path := getattr(route, "path", "")).startswith("/console/") and not path.startswith(SERVED)
        for method in getattr(route, "methods", None) or ()
    } - {("HEAD", "")}
