"""`pilito events`: the log of deliveries, and retries of failed ones."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from temporalio.client import Client

from api.fields import Moment
from api.repeated import start_failed
from commands.environment import database, fail, run, settings, temporal
from commands.output import AsJson, Confirmed, Limit, confirm, print_fields, print_rows, say
from commands.shops.ids import OfStore
from contracts.events import EventStatus, EventType
from contracts.wording.counted import counted
from database.engine import Database
from database.events import log
from database.events.log import Cursor, EventFilter

events = typer.Typer(no_args_is_help=True, help="Show the log of deliveries, and retry failed ones.")

EventId = Annotated[
    int, typer.Argument(help="Id of the event, as `pilito events list` shows it.", metavar="EVENT")
]
OfType = Annotated[EventType | None, typer.Option("--type", help="What happened in the shop.")]
OfProduct = Annotated[str | None, typer.Option("--external-id", help="Id in the shop, such as woo_777.")]
Since = Annotated[str | None, typer.Option(help="Time of arrival, such as 2026-11-20T10:00:00Z, or later.")]
Until = Annotated[str | None, typer.Option(help="Time of arrival before this one.")]

COLUMNS = ("id", "received_at", "store_id", "event_type", "external_id", "status", "reason")

STARTED_AT_A_TIME = 200

_MOMENT: TypeAdapter[Any] = TypeAdapter(Moment)


def _moment(option: str, value: str | None) -> Any:
    try:
        return None if value is None else _MOMENT.validate_python(value)
    except ValidationError:
        raise fail(
            f"{option}: write a time such as 2026-11-20T10:00:00Z, or a day such as 2026-11-20."
        ) from None


@events.command("list")
def list_(
    status: Annotated[EventStatus | None, typer.Option(help="State of the event.")] = None,
    store_id: OfStore = None,
    event_type: OfType = None,
    external_id: OfProduct = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """List events, newest first, with the reason why each failed or waits."""
    filters = EventFilter(
        status=status,
        store_id=store_id,
        event_type=event_type,
        external_id=external_id,
        since=_moment("--since", since),
        until=_moment("--until", until),
    )

    async def work() -> tuple[list[dict[str, Any]], Cursor | None]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await log.list_events(connection, filters, after=None, limit=limit)

    rows, following = run(work())
    print_rows(rows, COLUMNS, as_json=as_json)
    if following and not as_json:
        typer.echo("There are older ones: add --until with the time of the last one, or a higher --limit.")


@events.command("show")
def show(event_id: EventId, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Show an event with its payload, its attempts and the id of its workflow."""

    async def work() -> dict[str, Any] | None:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await log.read_event(connection, event_id)

    if (found := run(work())) is None:
        raise fail(f"There is no event {event_id}. `pilito events list` shows their ids.")
    print_fields(found, as_json=as_json)


@events.command("retry")
def retry(
    event_id: Annotated[
        int | None,
        typer.Argument(help="Id of one event; without it, all that the options find.", metavar="EVENT"),
    ] = None,
    store_id: OfStore = None,
    event_type: OfType = None,
    external_id: OfProduct = None,
    since: Since = None,
    until: Until = None,
    confirmed: Confirmed = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Run failed events again, the oldest first: one, or all that the options find."""
    filters = EventFilter(
        store_id=store_id,
        event_type=event_type,
        external_id=external_id,
        since=_moment("--since", since),
        until=_moment("--until", until),
    )
    count = run(_count(filters, event_id))
    if count and event_id is None:
        confirm(f"Run {counted(count, 'failed event')} again?", confirmed=confirmed)
    started = run(_retry(filters, event_id)) if count else 0
    said = (
        f"{counted(started, 'failed event runs', 'failed events run')} again."
        if started
        else "No failed event was found."
    )
    say(said, {"found": count, "started": started}, as_json=as_json)


async def _count(filters: EventFilter, event_id: int | None) -> int:
    """Returns how many failed events there are; exits with a sentence if the only one did not fail."""
    async with database(settings(adopt=True)) as opened, opened.reading() as connection:
        if event_id is None:
            return await log.count_failed(connection, filters)
        event = await log.read_event(connection, event_id)
    if event is None:
        raise fail(f"There is no event {event_id}. `pilito events list` shows their ids.")
    if event["status"] != EventStatus.FAILED:
        raise fail(f"Event {event_id} is {event['status']}; only failed events can be retried.")
    return 1


async def _retry(filters: EventFilter, event_id: int | None) -> int:
    """Returns how many events were started; events that are added while this runs are left out."""
    configured = settings(adopt=True)
    client = await temporal(configured)
    async with database(configured) as opened:
        started, after = 0, None
        while True:
            async with opened.reading() as connection:
                found = await log.failed_events(
                    connection, filters, limit=STARTED_AT_A_TIME, after=after, only=event_id
                )
            started += await _start(opened, client, found.events, task_queue=configured.task_queue)
            if (after := found.following) is None:
                return started


async def _start(opened: Database, client: Client, found: Sequence[Any], *, task_queue: str) -> int:
    return sum([await start_failed(opened, client, event, task_queue=task_queue) for event in found])
