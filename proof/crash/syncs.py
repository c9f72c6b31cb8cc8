"""The syncs of one fault: a store for each step, with a shop that changes before each sync."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from fakes.woocommerce import ShopServer
from proof.crash.damage import Damage, of_products
from proof.crash.steps import PAGE, Holds
from proof.running.stack import Stack
from proof.running.store import Admin, eventually, opened

PER_PAGE = 100
FEW = 24
EDITED = 4
SECONDS_TO_SYNC = 90.0


class SyncedShop:
    """A shop, its store, and the step at which the syncs of this store are held."""

    def __init__(self, stack: Stack, admin: Admin, step: str, stack_of_contexts: ExitStack) -> None:
        self.step = step
        self._admin = admin
        self._shop = stack_of_contexts.enter_context(ShopServer())
        self._store = stack_of_contexts.enter_context(opened(stack, self._shop))
        self._page_asked, self._page_released = threading.Event(), threading.Event()
        stack_of_contexts.callback(self.release)
        products = PER_PAGE + FEW if step == PAGE else FEW
        self._ids: list[int] = []
        self._removed: list[int] = []
        self._codes: dict[str, str] = {}
        for _ in range(products):
            self._add(0)
        self._syncs = 0

    def _add(self, version: int) -> None:
        code = f"SYN{len(self._ids) + len(self._removed):05}"
        id_ = self._shop.add(name=self._name(version), sku=code)
        self._ids.append(id_)
        self._codes[f"woo_{id_}"] = code

    def _name(self, version: int) -> str:
        return f"کالای همگام synced item {self.step} نسخه {version}"

    def change(self, version: int) -> None:
        """Edit products, add one and delete one; the next sync has to find all of it."""
        for number in range(EDITED):
            self._shop.change(self._ids[number], name=self._name(version))
        self._add(version)
        gone = self._ids.pop(EDITED)
        self._shop.delete(gone)
        self._removed.append(gone)

    def start(self, holds: Holds | None = None) -> None:
        """Start a full sync, held at its step if `holds` is given."""
        if holds is not None and self.step == PAGE:
            self._page_asked.clear()
            self._page_released.clear()
            self._shop.before_page(2, self._hold_page)
        elif holds is not None:
            moment = "after" if self.step == "compare" else "before"
            holds.hold(self.step, moment, f"sync_{self._store.id}_")
        self._syncs += 1
        self._admin.resync(self._store)

    def _hold_page(self) -> None:
        self._page_asked.set()
        self._page_released.wait()

    @property
    def is_reached(self) -> bool:
        """Whether the shop holds its page; for all other steps, `Holds` knows."""
        return self.step != PAGE or self._page_asked.is_set()

    def release(self) -> None:
        self._page_released.set()

    @property
    def has_ended(self) -> bool:
        """Whether every sync that was started has ended."""
        rows = self._store.rows(
            "SELECT count(*) AS ended FROM syncs WHERE store_id = %(store)s AND finished_at IS NOT NULL",
            store=self._store.id,
        )
        return bool(rows[0]["ended"] >= self._syncs)

    def wait(self) -> None:
        eventually(
            lambda: self.has_ended, seconds=SECONDS_TO_SYNC, what=f"the end of the sync at {self.step}"
        )

    def damage(self) -> Damage:
        """Compares what the shop has with what the service has, and looks for what the shop removed."""
        bodies = self._shop.products
        titles = {f"woo_{id_}": str(bodies[id_]["name"]) for id_ in self._ids}
        changed = [f"woo_{id_}" for id_ in (*self._ids[:EDITED], self._ids[-1])]
        found = of_products(self._store, titles, {id_: self._codes[id_] for id_ in changed})
        rows = self._store.rows(
            "SELECT external_id FROM products WHERE store_id = %(store)s AND is_active"
            " AND external_id = ANY(%(ids)s)",
            store=self._store.id,
            ids=[f"woo_{id_}" for id_ in self._removed],
        )
        found.checked += len(self._removed)
        found.stale += len(rows)
        found.notes += [f"{row['external_id']} was removed in the shop and is still found" for row in rows]
        last = self._store.rows(
            "SELECT status, reason FROM syncs WHERE store_id = %(store)s ORDER BY id DESC LIMIT 1",
            store=self._store.id,
        )
        found.checked += 1
        if not last or last[0]["status"] != "succeeded":
            found.lost += 1
            found.notes.append(f"the sync at {self.step} ended as {last[0] if last else 'nothing'}")
        return found


def shops(stack: Stack, admin: Admin, steps: Sequence[str], contexts: ExitStack) -> list[SyncedShop]:
    """Returns a shop for each of these steps of a sync, after two syncs."""
    made = [SyncedShop(stack, admin, step, contexts) for step in steps]
    for each in made:
        each.start()
    for each in made:
        each.wait()
    for each in made:  # the first sync imports; the second one runs every step that can be held
        each.change(1)
        each.start()
    for each in made:
        each.wait()
    return made
