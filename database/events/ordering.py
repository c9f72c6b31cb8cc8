"""Which of two changes is the later one: by the shop's time, then by arrival.

A change without a time of its own, as every deletion is, comes after all that arrived before it. Among
events it has the latest time of those, so that their order is the same from wherever one looks: an update
that comes late is not newer than a deletion whose product was changed after it.
"""


def _version(side: str, other: str) -> str:
    return f"coalesce(CAST({side}version AS timestamptz), CAST({other}version AS timestamptz), '-infinity')"


def _place(event: str) -> str:
    """An event's place among those of its thing, which are of :store_id and :external_id."""
    return f"""(
        coalesce(CAST({event}version AS timestamptz),
                 (SELECT max(known.version) FROM events known
                  WHERE known.store_id = :store_id AND known.external_id = :external_id
                    AND known.received_at <= {event}received_at),
                 '-infinity'),
        {event}received_at, {event}id)"""


def is_older(this: str, other: str) -> str:
    """SQL: whether `this` event is older than the `other`; both are prefixes of column names."""
    return f"{_place(this)} < {_place(other)}"


def may_be_newer(event: str, this: str) -> str:
    """SQL: what every event newer than `this` one fulfils, in terms that an index is searched by.

    One with a time has at least ours; one without came after ours or after the first with a later time.
    """
    return f"""(
        {event}version >= coalesce(CAST({this}version AS timestamptz),
                                   (SELECT max(known.version) FROM events known
                                    WHERE known.store_id = :store_id AND known.external_id = :external_id
                                      AND known.received_at <= {this}received_at),
                                   '-infinity')
        OR {event}version IS NULL
           AND {event}received_at >= least(CAST({this}received_at AS timestamptz),
                                           (SELECT min(known.received_at) FROM events known
                                            WHERE known.store_id = :store_id
                                              AND known.external_id = :external_id
                                              AND known.version > CAST({this}version AS timestamptz))))"""


def may_overwrite(row: str, change: str) -> str:
    """SQL: whether a change may overwrite a row; equal times may."""
    return f"({_version(row, change)}, {row}received_at) <= ({_version(change, row)}, {change}received_at)"


def latest(row: str, change: str) -> str:
    """SQL: the version a row has once a change is written over it."""
    return f"coalesce(CAST({change}version AS timestamptz), {row}version)"
