"""Logs: one line per record, for any quoted input."""

import json
import logging
import os
import subprocess
import sys

import pytest

from observability.logs import JsonLines, Text, request_id
from tests.support.environment import ROOT

FORGED = 'x\r\n\x00\x1b[2J\x85\u2028{"level": "error", "message": "forged"}\n2026-11-21 ERROR forged \ud800'


def record(message: str, error: BaseException | None = None, **fields: object) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord("pilito.test", logging.WARNING, __file__, 1, message, (), info)
    made.fields = fields
    return made


def test_a_json_line_is_one_line_of_ascii() -> None:
    """No message and no field can end the line or start another one."""
    line = JsonLines().format(record(FORGED, ValueError(FORGED), client=FORGED))
    assert line.isascii()
    assert line.isprintable()
    parsed = json.loads(line)
    assert (parsed["message"], parsed["client"], parsed["level"]) == (FORGED, FORGED, "warning")
    assert "ValueError" in parsed["exception"]


def test_a_line_of_text_is_one_line_and_its_traceback_is_indented() -> None:
    """Only the first line of a record starts like a record."""
    first, *others = Text().format(record(FORGED, ValueError(FORGED))).splitlines()
    assert first.isprintable()
    assert all(line.startswith("    ") for line in others)


@pytest.mark.parametrize("formatter", [JsonLines(), Text()])
def test_a_line_carries_the_request_it_belongs_to(formatter: logging.Formatter) -> None:
    """Every record that is logged during a request has the request's id."""
    assert "abc-1" not in formatter.format(record("hello"))
    token = request_id.set("abc-1")
    try:
        assert "abc-1" in formatter.format(record("hello"))
    finally:
        request_id.reset(token)


@pytest.mark.parametrize(("wanted", "is_json"), [("", True), ("json", True), ("text", False)])
@pytest.mark.usefixtures("programs")
def test_logs_are_json_except_on_a_terminal(wanted: str, is_json: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """JSON is the default unless stderr is a terminal; a setting overrides it."""
    program = (
        "import logging, settings; from observability import logs; "
        "logs.configure(settings.load().log_format); "
    )
    ended = subprocess.run(
        [sys.executable, "-c", program + "logging.getLogger('a').info('hello')"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PILITO_LOG_FORMAT": wanted},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = ended.stderr.splitlines()
    assert line.startswith("{") == is_json
    if is_json:
        assert json.loads(line)["message"] == "hello"
