"""What is logged is one line per record, whoever had a hand in what it quotes."""

import json
import logging
import os
import subprocess
import sys

import pytest

from observability.logs import JsonLines, Text, request_id
from tests.conftest import ROOT

FORGED = 'x\r\n\x00\x1b[2J\x85\u2028{"level": "error", "message": "forged"}\n2026-11-21 ERROR forged \ud800'


def record(message: str, error: BaseException | None = None, **fields: object) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord("pilito.test", logging.WARNING, __file__, 1, message, (), info)
    made.fields = fields
    return made


def test_a_json_line_is_one_line_of_ascii() -> None:
    """Neither a message nor a field can end it, or begin another."""
    line = JsonLines().format(record(FORGED, ValueError(FORGED), client=FORGED))
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert (told["message"], told["client"], told["level"]) == (FORGED, FORGED, "warning")
    assert "ValueError" in told["exception"]


def test_a_line_of_text_is_one_line_and_its_traceback_is_indented() -> None:
    """No line but the first begins like one of ours."""
    first, *others = Text().format(record(FORGED, ValueError(FORGED))).splitlines()
    assert first.isprintable()
    assert all(line.startswith("    ") for line in others)


@pytest.mark.parametrize("formatter", [JsonLines(), Text()])
def test_a_line_carries_the_request_it_belongs_to(formatter: logging.Formatter) -> None:
    """Whatever is written while a request is answered."""
    assert "abc-1" not in formatter.format(record("hello"))
    token = request_id.set("abc-1")
    try:
        assert "abc-1" in formatter.format(record("hello"))
    finally:
        request_id.reset(token)


@pytest.mark.parametrize(("wanted", "is_json"), [("", True), ("json", True), ("text", False)])
@pytest.mark.usefixtures("programs")
def test_logs_are_json_unless_somebody_reads_along(wanted: str, is_json: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Where stderr is no terminal; a setting decides otherwise."""
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
