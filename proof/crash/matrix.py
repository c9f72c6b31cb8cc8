"""Each part with each fault, at every step of an event and of a sync at once.

An event is held before and after each step and inside of the embedding call, others are in their debounce,
and a crowd of three versions of each product is under way in random order, each sent twice and again until it
is accepted. A sync is held at each of its steps. Then the fault comes, all holds end, and once everything has
ended, all of it is checked: rows of events, products, chunks, and hits of searches.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from embedded.children.processes import StartFailed
from proof.crash.damage import Damage, of_events, of_products
from proof.crash.faults import CLOCK, FAULTS, SECONDS_FROZEN, Fault
from proof.crash.steps import DEBOUNCE, DURING, EVENT_STEPS, MOMENTS, STEPS
from proof.crash.traffic import CROWD, Change, Traffic, change, crowd, repriced
from proof.crash.world import SECONDS_TO_SETTLE, World, running_world
from proof.rows import Row, absent, failed
from proof.running.faketime import PACKAGE, library
from proof.running.stack import PARTS
from proof.running.store import eventually

DEBOUNCED = 3
SECONDS_TO_HOLD = 120.0
NOTES = 3
BROKEN = (TimeoutError, LookupError, StartFailed, OSError, RuntimeError)
TARGET = "0 lost, 0 doubled, 0 stale"
IN_FLIGHT = "in flight"
WITHOUT_CLOCK = {
    "Temporal": "not measured: its server is a Go program, which asks the kernel and not libc for the time"
}


class Case:
    """One part with one fault."""

    def __init__(self, world: World, part: str, fault: Fault, *, seconds_frozen: float) -> None:
        self._world = world
        self._part = world.stack.parts[part]
        self._fault = fault
        self._seconds_frozen = seconds_frozen
        self._mark = f"{fault.name}{part.replace(' ', '')}".lower()
        self._traffic = Traffic(world.store)
        self._crowd = crowd(world.numbers(world.crowd_products), world.source, mark=self._mark)
        self._missed: list[str] = []

    def run(self) -> Row:
        """Returns the row of this case; raises TimeoutError where something never ended."""
        began = time.monotonic()
        try:
            self._hold_everything()
            self._fault.befall(self._part, self._release, self._seconds_frozen)
            self._traffic.wait()
            self._settle()
        finally:
            self._world.holds.release()
            for shop in self._world.shops:
                shop.release()
            if self._part.clock is not None:
                self._part.clock.set(0)
            self._traffic.close()
        return self._row(time.monotonic() - began)

    @property
    def has_missed(self) -> bool:
        """Returns whether a step was not held, so that the fault did not meet it."""
        return bool(self._missed)

    def _hold_everything(self) -> None:
        version = self._world.next_version()
        for shop in self._world.shops:
            shop.change(version)
            shop.start(self._world.holds)
        held = self._held()
        self._traffic.send(held)
        half = len(self._crowd) // 2
        try:
            eventually(self._is_held, seconds=SECONDS_TO_HOLD, what="a hold")
        except TimeoutError:
            self._missed = [
                *self._world.holds.missed,
                *(shop.step for shop in self._world.shops if not shop.is_reached),
            ]
        debounced = [
            change(number, 1, DEBOUNCE, mark=self._mark) for number in self._world.numbers(DEBOUNCED)
        ]
        self._traffic.send(debounced)
        ids = [each.event_id for each in debounced]
        eventually(
            lambda: len(self._recorded(ids)) == DEBOUNCED, seconds=SECONDS_TO_HOLD, what="the debounce"
        )
        self._traffic.send(self._crowd[:half])
        if any(row["has_ended"] for row in self._recorded(ids)):
            self._missed.append(DEBOUNCE)

    def _held(self) -> list[Change]:
        """Returns an event for each step and moment, with its hold.

        An event with a text may be indexed and ended in one step: a call that fails leads to the step
        `publish`, and a change of the price alone to the step `finish`.
        """
        places = [(step, moment) for step in EVENT_STEPS for moment in MOMENTS] + [("embed", DURING)]
        held = []
        for (step, moment), number in zip(places, self._world.numbers(len(places)), strict=True):
            mark = f"{self._mark}{step}{moment}{number}"
            made = change(number, 1, step, mark=mark)
            if step == "finish":
                indexed = self._world.indexed[MOMENTS.index(moment)]
                made = repriced(indexed, self._world.next_version(), step, mark=mark)
            if step == "publish":
                self._world.holds.refuse_call(mark)
            if moment == DURING:
                self._world.holds.hold_call(mark)
            else:
                self._world.holds.hold(step, moment, made.event_id)
            held.append(made)
        return held

    def _is_held(self) -> bool:
        return not self._world.holds.missed and all(shop.is_reached for shop in self._world.shops)

    def _recorded(self, ids: list[str]) -> list[dict[str, Any]]:
        """Returns which of the events have a row."""
        return self._world.store.rows(
            "SELECT finished_at IS NOT NULL AS has_ended FROM events"
            " WHERE store_id = %(store)s AND event_id = ANY(%(ids)s)",
            store=self._world.store.id,
            ids=ids,
        )

    def _release(self) -> None:
        """Let everything continue that can, and send the rest of the crowd."""
        self._world.holds.release()
        for shop in self._world.shops:
            shop.release()
        self._traffic.send(self._crowd[len(self._crowd) // 2 :])

    def _settle(self) -> None:
        ids = [each.event_id for each in self._traffic.accepted]
        store = self._world.store
        until = time.monotonic() + SECONDS_TO_SETTLE
        while store.unfinished(ids) and time.monotonic() < until:
            time.sleep(0.1)  # what is unfinished then counts as lost
        for shop in self._world.shops:
            shop.wait()

    def _row(self, seconds: float) -> Row:
        found = {step: self._of_step(step) for step in (*EVENT_STEPS, DEBOUNCE, CROWD)}
        found |= {shop.step: shop.damage() for shop in self._world.shops}
        whole = sum(found.values(), Damage())
        whole.lost += len(self._traffic.given_up)
        cells = {step: _cell(found[step], is_hit=step not in self._missed) for step in STEPS if step in found}
        events = len({each.event_id for each in self._traffic.accepted})
        measured = f"{whole}; {events} events, {self._traffic.refusals} refused tries, {seconds:.0f} s"
        said = [*(f"not held: {step}" for step in self._missed), *whole.notes[:NOTES]]
        return Row(
            name=f"{self._part.name}, {self._fault.title}",
            command=_command(self._part.name, self._fault),
            measured="; ".join([measured, *said]),
            target=TARGET,
            passed=whole.total == 0 and not self._missed,
            cells={**cells, IN_FLIGHT: _cell(found[CROWD], is_hit=True)},
        )

    def _of_step(self, step: str) -> Damage:
        sent = self._traffic.by_step.get(step, [])
        newest = {number: each for number, each in self._traffic.newest.items() if each.step == step}
        titles = {f"woo_{number}": each.title for number, each in newest.items()}
        queries = {f"woo_{number}": f"SKU-{number}" for number in newest}
        prices = {f"woo_{number}": each.price for number, each in newest.items()}
        store = self._world.store
        events = of_events(store, (each.event_id for each in sent))
        return events + of_products(store, titles, queries, prices)


def _cell(damage: Damage, *, is_hit: bool) -> str:
    if not is_hit:
        return "not held"
    return "0" if damage.total == 0 else str(damage)


def _command(part: str, fault: Fault) -> str:
    return f'crash --fault {fault.name} --part "{part}"'


def measure(
    faults: Sequence[str] = tuple(FAULTS),
    parts: Sequence[str] = PARTS,
    *,
    seconds_frozen: float = SECONDS_FROZEN,
) -> list[Row]:
    """Returns a row for each part and fault; after a case that breaks the service, a new one is started."""
    cases = [(part, FAULTS[name]) for name in faults for part in parts]
    rows = _all([case for case in cases if case[1].name != CLOCK], "", seconds_frozen)
    for part, fault in cases:
        if fault.name != CLOCK:
            continue
        if why := _without_clock(part):
            rows.append(absent(f"{part}, {fault.title}", _command(part, fault), why))
        else:  # libfaketime slows a process down, so that one part at a time has it
            rows += _all([(part, fault)], part, seconds_frozen)
    return rows


def _all(cases: list[tuple[str, Fault]], movable: str, seconds_frozen: float) -> list[Row]:
    """Returns the rows of cases on one service, or on several where a case breaks it."""
    rows: list[Row] = []
    while cases:
        try:
            with running_world(movable) as world:
                rows += _some(world, cases, seconds_frozen)
        except BROKEN as error:
            why = f"the service did not start: {error}"
            rows += [failed(_name(case), _command(*case), why, TARGET) for case in cases]
            cases.clear()
    return rows


def _name(case: tuple[str, Fault]) -> str:
    part, fault = case
    return f"{part}, {fault.title}"


def _without_clock(part: str) -> str:
    """Returns why the clock of a part cannot be moved; empty if it can be."""
    if part in WITHOUT_CLOCK:
        return WITHOUT_CLOCK[part]
    return "" if library() else f"not measured: the Debian package {PACKAGE} is not installed"


def _run(world: World, part: str, fault: Fault, seconds_frozen: float) -> Row:
    """Returns the row of a case; where a busy machine kept a step from being held, of a second try."""
    case = Case(world, part, fault, seconds_frozen=seconds_frozen)
    row = case.run()
    return Case(world, part, fault, seconds_frozen=seconds_frozen).run() if case.has_missed else row


def _some(world: World, left: list[tuple[str, Fault]], seconds_frozen: float) -> Iterator[Row]:
    """Yields rows until a case breaks the service; takes what it did out of `left`."""
    while left:
        part, fault = left.pop(0)
        try:
            yield _run(world, part, fault, seconds_frozen)
        except BROKEN as error:
            yield failed(
                f"{part}, {fault.title}", _command(part, fault), f"{type(error).__name__}: {error}", TARGET
            )
            return
