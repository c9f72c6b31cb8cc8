"""Log formats: one line per record, as JSON or as text; quoted input cannot forge a line."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Format = Literal["json", "text"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the current request; records that are logged during the request contain it."""

VERBOSE = ("httpx2", "httpx", "openai")
"""Libraries that would log the address of every request."""


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    """Returns the fields that a record has through `extra={"fields": {…}}`."""
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _trace(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""


class JsonLines(logging.Formatter):
    """Writes a record as JSON; everything but ASCII is escaped, so quoted text cannot end the line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current_id := request_id.get():
            fields["request_id"] = current_id
        fields |= fields_of(record)
        if trace := _trace(record):
            fields["exception"] = trace
        return json.dumps(fields, default=str)


class Text(logging.Formatter):
    """Writes a record as text; unprintable characters are escaped and tracebacks are indented."""

    def format(self, record: logging.LogRecord) -> str:
        current_id = request_id.get()
        message = "".join(
            letter if letter.isprintable() else ascii(letter)[1:-1] for letter in record.getMessage()
        )
        line = f"{_moment(record)} {record.levelname} {record.name} {message}"
        if current_id:
            line += f" [{current_id}]"
        return "\n    ".join([line, *_trace(record).splitlines()])


def configure(wanted: Format | None) -> None:
    """Log to stderr in the wanted format; by default as text on a terminal, else as JSON."""
    kind = wanted or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if kind == "json" else Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
