"""The pages and forms of the console, for tests that look at all of them. A new page needs a line here."""

import re
from dataclasses import dataclass, field

from api.console.pages import ROUTERS
from api.console.pages.unknown import ANY

SERVED = "/console/static/"
"""Where style sheets, scripts and fonts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The objects that the addresses of pages name: all belong to one owner."""

    store: int
    event: int
    sync: int = 1
    token: int = 1
    user: int = 1
    session: int = 1
    row: int = 1
    retry: int = 1
    product: str = "woo_7"

    def of(self, address: str) -> list[str]:
        """Returns the names of the objects in an address."""
        return [name for name in self.__slots__ if f"{{{name}}}" in address]

    def fill(self, address: str) -> str:
        """Returns an address with its `{names}` replaced."""
        return address.format_map({name: getattr(self, name) for name in self.__slots__})


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
    Page(name="retried", address="/console/events/retries/{retry}/", who="owner"),
    Page(name="products", address="/console/products/?store={store}", who="owner"),
    Page(name="product", address="/console/products/{row}/", who="owner"),
    Page(
        name="explain", address="/console/products/explain/?store={store}&external_id={product}", who="owner"
    ),
    Page(name="search", address="/console/search/?store={store}&q=چراغ", who="owner"),
    Page(name="questions", address="/console/questions/?store={store}", who="owner"),
    Page(name="synonym", address="/console/questions/synonym/?store={store}&text=چراغ", who="owner"),
    Page(name="stores", address="/console/stores/"),
    Page(name="store", address="/console/stores/{store}/", who="owner"),
    Page(name="store-new", address="/console/stores/new/", who="staff"),
    Page(name="store-settings", address="/console/stores/{store}/settings/", who="staff"),
    Page(name="store-secret", address="/console/stores/{store}/secret/", who="owner"),
    Page(name="store-remove", address="/console/stores/{store}/remove/", who="staff"),
    Page(name="sync-now", address="/console/stores/{store}/sync/", who="owner"),
    Page(name="syncs", address="/console/stores/{store}/syncs/", who="owner"),
    Page(name="sync", address="/console/stores/{store}/syncs/{sync}/", who="owner"),
    Page(name="tokens", address="/console/tokens/?store={store}", who="owner"),
    Page(name="token-new", address="/console/tokens/new/?store={store}", who="owner"),
    Page(name="token", address="/console/tokens/{token}/", who="owner"),
    Page(name="account", address="/console/account/"),
    Page(name="models", address="/console/models/", who="staff"),
    Page(name="users", address="/console/users/", who="staff"),
    Page(name="user-new", address="/console/users/new/", who="staff"),
    Page(name="user", address="/console/users/{user}/", who="staff"),
)

NEW_USER = {"email": "forged@example.com", "password": "a long enough password"}

FORMS = (
    Form(name="sign-in", address="/console/sign-in/", who="anyone", fields={"email": "a@example.com"}),
    Form(name="sign-out", address="/console/sign-out/"),
    Form(name="look", address="/console/look/", who="anyone", fields={"language": "fa"}),
    Form(name="retry-all", address="/console/events/retry/", who="owner", fields={"store": "{store}"}),
    Form(name="retry-on", address="/console/events/retries/{retry}/", who="owner"),
    Form(name="retry-stop", address="/console/events/retries/{retry}/stop/", who="owner"),
    Form(name="retry-one", address="/console/events/{event}/retry/", who="owner"),
    Form(
        name="product-retry",
        address="/console/products/retry/",
        who="owner",
        fields={"store": "{store}", "external_id": "{product}"},
    ),
    Form(
        name="questions-off", address="/console/questions/switch/", who="owner", fields={"store": "{store}"}
    ),
    Form(
        name="synonym",
        address="/console/questions/synonym/",
        who="owner",
        fields={"store": "{store}", "phrase": "چراغ", "others": "لامپ"},
    ),
    Form(
        name="synonym-remove",
        address="/console/questions/synonym/remove/",
        who="owner",
        fields={"store": "{store}", "phrase": "چراغ"},
    ),
    Form(name="store-new", address="/console/stores/new/", who="staff", fields={"name": "forged"}),
    Form(name="store-settings", address="/console/stores/{store}/settings/", who="staff"),
    Form(name="store-secret", address="/console/stores/{store}/secret/", who="owner"),
    Form(name="store-remove", address="/console/stores/{store}/remove/", who="staff"),
    Form(
        name="store-access",
        address="/console/stores/{store}/access/",
        who="owner",
        fields={"assistant_access": "public"},
    ),
    Form(name="sync", address="/console/stores/{store}/sync/", who="owner", fields={"which": "full"}),
    Form(name="token-new", address="/console/tokens/new/", who="owner", fields={"store": "{store}"}),
    Form(name="token", address="/console/tokens/{token}/", who="owner", fields={"name": "forged"}),
    Form(name="token-active", address="/console/tokens/{token}/active/", who="owner"),
    Form(name="token-revoke", address="/console/tokens/{token}/revoke/", who="owner"),
    Form(name="password", address="/console/account/password/", fields={"password": "another password"}),
    Form(name="session-end", address="/console/account/sessions/{session}/end/"),
    Form(name="sessions-end", address="/console/account/sessions/end-others/"),
    Form(name="user-new", address="/console/users/new/", who="staff", fields=NEW_USER),
    Form(name="user-active", address="/console/users/{user}/active/", who="staff"),
    Form(name="user-role", address="/console/users/{user}/role/", who="staff", fields={"staff": "on"}),
    Form(name="user-password", address="/console/users/{user}/password/", who="staff", fields=NEW_USER),
)


def _generic(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def routes() -> set[tuple[str, str]]:
    """Returns the method and path of every page and form that the console has."""
    return {
        (method, _generic(path))
        for router in ROUTERS
        for route in router.routes
        if (path := getattr(route, "path", "")).startswith("/console/")
        and not path.startswith(SERVED)
        and not path.endswith(ANY)
        for method in getattr(route, "methods", None) or ()
    }
