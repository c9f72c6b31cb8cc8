"""The products of a WooCommerce shop in memory, with the queries and bodies of its REST API."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

Body = dict[str, Any]

RECORDED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("woocommerce_rest.json").read_text())
"""Answers of a real shop: step, url, status, headers, body."""


def recorded(step: str) -> dict[str, Any]:
    """Returns the recorded exchange of the step with this prefix."""
    return next(exchange for exchange in RECORDED if f"{exchange['step']} ".startswith(f"{step} "))


_PRODUCT: Body = recorded("J23b")["body"]
_VARIATION: Body = recorded("J23d")["body"][0]
_PLAIN: Body = {"type": "simple", "variations": [], "attributes": [], "default_attributes": []}

TEHRAN = ZoneInfo("Asia/Tehran")
STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
ORDERS = {"id": "id", "date": "date_created", "modified": "date_modified"}
FIRST_ID = 11


@dataclass(eq=False, kw_only=True)
class Refused(Exception):
    """WordPress's error body with its status."""

    status: int
    code: str
    message: str
    params: Mapping[str, str] | None = None

    def body(self) -> bytes:
        data: Body = {"status": self.status}
        if self.params is not None:
            data["params"] = self.params
        return orjson.dumps({"code": self.code, "message": self.message, "data": data})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of a list."""

    ids: tuple[int, ...]
    total: int
    pages: int


def _invalid(name: str, problem: str) -> Refused:
    return Refused(
        status=400,
        code="rest_invalid_param",
        message=f"Invalid parameter(s): {name}",
        params={name: problem},
    )


def whole(asked: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = asked.get(name, str(default))
    if not value.lstrip("-").isdecimal() or not least <= int(value) <= most:
        between = f"between {least} (inclusive) and {most} (inclusive)"
        said = f"must be {between}" if most < 10**9 else f"must be greater than or equal to {least}"
        raise _invalid(name, f"{name} {said}")
    return int(value)


class ShopCatalogue:
    """Products and variations by id; `clock` gives the time of changes, in whole seconds as in WordPress."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.lock = threading.RLock()
        self.products: dict[int, Body] = {}
        self.variations: dict[int, Body] = {}
        self.categories: dict[int, Body] = {}
        self._next = FIRST_ID
        self._lists: dict[tuple[object, ...], list[int]] = {}

    def load(self, bodies: Iterable[Body]) -> None:
        """Add products as they were recorded, with any fields."""
        with self.lock:
            for body in bodies:
                self.products[body["id"]] = {"type": "simple", "variations": [], **body}
                self._next = max(self._next, body["id"] + 1)
            self._lists.clear()

    def add(self, *, variations: Iterable[Body] = (), **fields: Any) -> int:
        """Add a product, a variable one if it has variations. Returns its id."""
        with self.lock:
            id_ = self._take_id()
            body = {**deepcopy(_PRODUCT), **deepcopy(_PLAIN), "id": id_, "sku": "", "slug": f"product-{id_}"}
            body |= {"name": f"محصول {id_}", **self._dates(created=True), **fields}
            self.products[id_] = body
            for variation in variations:
                self.add_variation(id_, **variation)
            self._touched()
            return id_

    def add_variation(self, parent: int, **fields: Any) -> int:
        """Add a variation to a product. Returns its id."""
        with self.lock:
            id_ = self._take_id()
            own = {"id": id_, "parent_id": parent, "sku": "", "menu_order": 0}
            self.variations[id_] = {**deepcopy(_VARIATION), **own, **self._dates(created=True), **fields}
            product = self.products[parent]
            product |= {"type": "variable", "variations": [*product["variations"], id_], **self._dates()}
            self._touched()
            return id_

    def change(self, id_: int, **fields: Any) -> None:
        """Change a product, or a variation together with the modification time of its product."""
        with self.lock:
            rows = self.variations if id_ in self.variations else self.products
            rows[id_] |= {**self._dates(), **fields}
            parent = rows[id_].get("parent_id")
            if rows is self.variations and parent in self.products:
                self.products[parent] |= self._dates()
            self._touched()

    def trash(self, id_: int) -> None:
        """Trash a product and its variations: WooCommerce no longer lists them, but answers for their ids."""
        with self.lock:
            for gone in (*self._inside(id_), id_):
                self.change(gone, status="trash")

    def restore(self, id_: int) -> None:
        with self.lock:
            for back in (id_, *self._inside(id_)):
                self.change(back, status="publish")

    def delete(self, id_: int) -> None:
        """Delete permanently, bypassing the trash."""
        with self.lock:
            for variation in self._inside(id_):
                del self.variations[variation]
            removed = self.variations.pop(id_, None) or self.products.pop(id_)
            parent = removed.get("parent_id")
            if parent in self.products:
                product = self.products[parent]
                product["variations"] = [other for other in product["variations"] if other != id_]
                product |= self._dates()
            self._touched()

    def rename_category(self, old: str, new: str) -> None:
        """Rename a category; as in WooCommerce, no product's modification time changes."""
        with self.lock:
            for category in self.categories.values():
                if category["name"] == old:
                    category["name"] = new
            for body in self.products.values():
                for category in body.get("categories", ()):
                    if category["name"] == old:
                        category["name"] = new

    def add_category(self, name: str, parent: int = 0) -> Body:
        """Add a category. Returns it as products show it."""
        with self.lock:
            id_ = self._take_id()
            self.categories[id_] = {"id": id_, "name": name, "slug": f"category-{id_}", "parent": parent}
            return {"id": id_, "name": name, "slug": f"category-{id_}"}

    def category_page(self, asked: Mapping[str, str]) -> bytes:
        """Returns a page of the categories as JSON."""
        per_page, page = whole(asked, "per_page", 10, 1, 100), whole(asked, "page", 1, 1, 10**9)
        with self.lock:
            found = sorted(self.categories.items())
            return orjson.dumps([body for _, body in found[(page - 1) * per_page : page * per_page]])

    def find(self, asked: Mapping[str, str], *, parent: int | None = None) -> Found:
        """Returns a page of the products, or of one product's variations."""
        per_page = whole(asked, "per_page", 10, 1, 100)
        page = whole(asked, "page", 1, 1, 10**9)
        start = int(asked.get("offset", (page - 1) * per_page))
        with self.lock:
            ids = self._listed(asked, parent)
        return Found(ids=tuple(ids[start : start + per_page]), total=len(ids), pages=-(-len(ids) // per_page))

    def body(self, id_: int) -> Body | None:
        return self.products.get(id_) or self.variations.get(id_)

    def render(self, ids: Iterable[int], fields: str) -> bytes:
        """Returns their bodies as a JSON list, made for each request as WordPress does."""
        with self.lock:
            return b"[" + b",".join(self.rendered(id_, fields) for id_ in ids) + b"]"

    def rendered(self, id_: int, fields: str) -> bytes:
        with self.lock:
            body = self.body(id_) or {}
            names = set(fields.split(",")) if fields else body.keys()
            return orjson.dumps({name: value for name, value in body.items() if name in names})

    def _listed(self, asked: Mapping[str, str], parent: int | None) -> list[int]:
        names = ("status", "orderby", "order", "include", "modified_after", "dates_are_gmt", "sku")
        key = (parent, *(asked.get(name) for name in names))
        if key not in self._lists:
            self._lists[key] = self._select(asked, parent)
        return self._lists[key]

    def _select(self, asked: Mapping[str, str], parent: int | None) -> list[int]:
        status, orderby = asked.get("status", "any"), asked.get("orderby", "date")
        if status not in STATUSES:
            raise _invalid("status", f"status is not one of {', '.join(STATUSES)}.")
        if orderby not in ORDERS:
            raise _invalid("orderby", f"orderby is not one of {', '.join(ORDERS)}.")
        bodies = (
            self.products.values() if parent is None else [self.variations[v] for v in self._inside(parent)]
        )
        found = [b for b in bodies if (b["status"] != "trash" if status == "any" else b["status"] == status)]
        if include := asked.get("include"):
            wanted = {int(id_) for id_ in include.split(",")}
            found = [body for body in found if body["id"] in wanted]
        if after := asked.get("modified_after"):
            column, bound = self._bound(after, gmt=asked.get("dates_are_gmt") == "true")
            found = [body for body in found if self._time(body, column) > bound]
        backwards = asked.get("order", "desc") == "desc"
        found.sort(key=lambda body: (self._time(body, ORDERS[orderby]), body["id"]), reverse=backwards)
        return [body["id"] for body in found]

    @staticmethod
    def _time(body: Body, column: str) -> Any:
        """Returns a time column; local times that were not recorded follow from the shop's offset."""
        if column in body:
            return body[column]
        moment = datetime.fromisoformat(body[f"{column}_gmt"]).replace(tzinfo=UTC)
        return moment.astimezone(TEHRAN).replace(tzinfo=None).isoformat()

    @staticmethod
    def _bound(after: str, *, gmt: bool) -> tuple[str, str]:
        """Returns the time to compare with: one with a zone is converted to the shop's, for every column."""
        try:
            moment = datetime.fromisoformat(after)
        except ValueError:
            raise _invalid("modified_after", "Invalid date.") from None
        if "T" not in after:
            raise _invalid("modified_after", "Invalid date.")
        if moment.tzinfo is not None:
            moment = moment.astimezone(TEHRAN).replace(tzinfo=None)
        return ("date_modified_gmt" if gmt else "date_modified"), moment.isoformat(timespec="seconds")

    def _inside(self, parent: int) -> list[int]:
        return [id_ for id_ in self.products.get(parent, {}).get("variations", ()) if id_ in self.variations]

    def _dates(self, *, created: bool = False) -> Body:
        now = self.clock().astimezone(UTC).replace(microsecond=0)
        local = now.astimezone(TEHRAN).replace(tzinfo=None).isoformat()
        gmt = now.replace(tzinfo=None).isoformat()
        dates = {"date_modified": local, "date_modified_gmt": gmt}
        return {**dates, "date_created": local, "date_created_gmt": gmt} if created else dates

    def _take_id(self) -> int:
        self._next += 1
        return self._next - 1

    def _touched(self) -> None:
        self._lists.clear()
