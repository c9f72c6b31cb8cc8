"""One line per record: JSON for machines, plain text for people; neither can be forged from outside."""

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
"""Of the request that is being answered; lines that are written meanwhile carry it."""

TALKATIVE = ("httpx2", "httpx", "openai")
"""Libraries that would write down each address they ask."""


def told(record: logging.LogRecord) -> Mapping[str, object]:
    """The fields a record was given as `extra={"fields": {…}}`."""
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _trace(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""


class JsonLines(logging.Formatter):
    """All but ASCII is escaped, so that a line ends where we end it, whatever it quotes."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if asked := request_id.get():
            fields["request_id"] = asked
        fields |= told(record)
        if trace := _trace(record):
            fields["exception"] = trace
        return json.dumps(fields, default=str)


class Text(logging.Formatter):
    """What cannot be printed is escaped; a traceback is indented, so that no line of it looks like ours."""

    def format(self, record: logging.LogRecord) -> str:
        asked = request_id.get()
        said = "".join(
            letter if letter.isprintable() else ascii(letter)[1:-1] for letter in record.getMessage()
        )
        line = f"{_moment(record)} {record.levelname} {record.name} {said}{f' [{asked}]' if asked else ''}"
        return "\n    ".join([line, *_trace(record).splitlines()])


def configure(wanted: Format | None) -> None:
    """Send everything to stderr: as text where that is a terminal, else as JSON, or as is wanted."""
    kind = wanted or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if kind == "json" else Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
