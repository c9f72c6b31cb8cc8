"""The marks of outside suites, which grade the running service; each is a test of this repository."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from proof.rows import Row, absent, failed
from proof.running.stack import ROOT

SECONDS_AT_MOST = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite by its name on the command line; `marks` describes what its tests demand, if all pass."""

    name: str
    title: str
    tests: tuple[str, ...]
    marks: Callable[[], str]


def _mcp() -> str:
    from tests.assistants.conformance.expected import EXPECTED, PASSED

    marks = ", ".join(f"{sum(passed.values())} of {version}" for version, passed in PASSED.items())
    return (
        f"checks passed: {marks}; {len(EXPECTED)} need what the server does not declare, each with its reason"
    )


def _ucp() -> str:
    from tests.api.routes.test_ucp_conformance import OVER_MCP, OVER_REST

    found = len(OVER_MCP | OVER_REST)
    return f"{found} of {found} checks that apply pass, and each of their mutants is found"


SUITES = (
    Suite(
        name="mcp",
        title="MCP conformance, the official suite",
        tests=("tests/assistants/conformance/test_protocol.py",),
        marks=_mcp,
    ),
    Suite(
        name="ucp",
        title="UCP catalogue, `spck-conformance`",
        tests=("tests/api/routes/test_ucp_conformance.py",),
        marks=_ucp,
    ),
    Suite(
        name="openapi",
        title="schemathesis, against the OpenAPI document",
        tests=("tests/api/test_whole_schema.py",),
        marks=lambda: "no operation deviates, as an admin, with a token and without one",
    ),
    Suite(
        name="plugin",
        title="the plugin's package, in a real WordPress",
        tests=("tests/plugin/test_package.py", "tests/plugin/test_page.py"),
        marks=lambda: "headers, readme, translations, the zip and the settings page",
    ),
)
PLUGIN_CHECK = absent(
    "Plugin Check of WordPress.org",
    "suites --suite plugin",
    "not measured: it is a plugin of WordPress.org that no Debian package has",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How many tests ran, and why the others did not pass."""

    passed: int
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


def read(report: Path) -> Result:
    """Returns what a report of pytest in JUnit's format says."""
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314 - our own file
    skipped = [case.find("skipped") for case in cases]
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    why = tuple(dict.fromkeys(one.get("message", "") for one in skipped if one is not None))
    return Result(
        passed=len(cases) - len(broken) - sum(one is not None for one in skipped),
        failed=tuple(str(case.get("name")) for case in broken),
        skipped=why,
    )


def run(suite: Suite) -> Row:
    """Returns the row of a suite."""
    command = f"suites --suite {suite.name}"
    with tempfile.TemporaryDirectory(prefix="pilito-proof-suite-") as folder:
        report = Path(folder, "report.xml")
        pytest = [sys.executable, "-m", "pytest", *suite.tests, "-q", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*pytest, f"--basetemp={folder}/tests", f"--junitxml={report}"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=SECONDS_AT_MOST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return failed(suite.title, command, f"not complete after {SECONDS_AT_MOST:.0f} s")
        if not report.exists():
            return failed(suite.title, command, (done.stdout.strip().splitlines() or ["no report"])[-1])
        result = read(report)
    return row(suite, command, result)


def row(suite: Suite, command: str, result: Result) -> Row:
    if result.failed:
        return failed(suite.title, command, f"failed: {', '.join(result.failed)}")
    if not result.passed:
        return absent(suite.title, command, f"not measured: {'; '.join(result.skipped)}")
    measured = f"{suite.marks()}; tests: {result.passed}"
    return Row(name=suite.title, command=command, measured=measured, target="all", passed=True)


def measure(names: Sequence[str] = ()) -> list[Row]:
    """Returns a row for each suite, or for those with these names."""
    rows = [run(suite) for suite in SUITES if not names or suite.name in names]
    return rows if names and "plugin" not in names else [*rows, PLUGIN_CHECK]
