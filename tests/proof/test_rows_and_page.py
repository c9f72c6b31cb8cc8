"""Rows, their targets, and the page: a row that fails is shown failing."""

from pathlib import Path

import pytest

from proof import suites
from proof.__main__ import app
from proof.crash.damage import Damage
from proof.page import Section, render, replaced
from proof.plan import CRASHES, ORDER, TURNS, Job
from proof.rows import Row, Target, absent, failed, percentile, read, shown, write
from proof.running.stack import PARTS

PASSING = Target(most=3, unit=" s").row("آهسته‌ترین رویداد", "freshness --rate 5", 2.5, "2.50 s | of 30")
FAILING = Target(most=3, unit=" s").row("slowest event", "freshness --rate 9", 3.5, "3.50 s")
ROWS = [PASSING, FAILING, absent("clock", "crash", "not measured: <no library>")]


@pytest.mark.parametrize(
    ("target", "shown_as", "holds", "breaks"),
    [
        (Target(most=1.5, unit=" s"), "≤ 1.5 s", 1.5, 1.51),
        (Target(least=10), "≥ 10", 10, 9.9),
        (Target(least=0, most=0, unit=" calls"), "0 calls", 0, 1),
        (Target(least=1, most=2), "≥ 1, ≤ 2", 1, 3),
    ],
)
def test_a_target_has_bounds(target: Target, shown_as: str, holds: float, breaks: float) -> None:
    """The bounds themselves hold."""
    assert (str(target), target.holds(holds), target.holds(breaks)) == (shown_as, True, False)


def test_rows_are_written_and_read(tmp_path: Path) -> None:
    """With their cells, in both languages; a row without a measurement fails or has no verdict."""
    rows = [*ROWS, Row(name="n", command="c", measured="m", cells={"save": "0"}), failed("x", "y", "broken")]
    write(rows, tmp_path / "rows.json")
    assert read(tmp_path / "rows.json") == rows
    assert [row.passed for row in rows] == [True, False, None, None, False]
    assert shown(rows).row_count == 5


def test_the_page_shows_a_failing_row() -> None:
    """And counts it; each row names its command, and no text leaves its cell."""
    page = render(
        [Section(title="Freshness", about="One\nsentence.\n\nAnother.", rows=ROWS)], {"Date": "today"}
    )
    assert "| slowest event | 3.50 s | ≤ 3 s | **FAIL** | `python -m proof freshness --rate 9` |" in page
    assert "2.50 s \\| of 30" in page
    assert "&lt;no library>" in page
    assert "* Verdicts: 1 pass, 1 fail, 1 without a target" in page
    assert "One sentence.\n\nAnother.\n\n| what | measured | target |" in page


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_section_is_measured_again(at: int) -> None:
    """The page is as if it had been written whole, with the time of that section."""
    old = [Section(title=title, about="What.", rows=ROWS) for title in ("Load", "Memory", "Load held")]
    new = [*old]
    new[at] = Section(title=old[at].title, about="What else.", rows=[PASSING, FAILING, FAILING])
    page = render(old, {"Date": "today"})
    for when in ("noon", "evening"):
        page = replaced(page, new[at], when)
        said = f"* {old[at].title}, measured again: {when}\n"
        assert page.replace(said, "") == render(new, {"Date": "today"})
    with pytest.raises(ValueError, match="no section Growth"):
        replaced(page, Section(title="Growth", about="", rows=[]), "now")


def test_columns_of_steps_are_on_the_page() -> None:
    """A row without a cell leaves it empty."""
    rows = [Row(name="a", command="c", measured="m", cells={"save": "0", "page": "not held"}), PASSING]
    lines = render([Section(title="Crashes", about="", rows=rows)], {}).splitlines()
    assert "| what | save | page | measured | target |  | command |" in lines
    assert "| a | 0 | not held | m |  | — | `python -m proof c` |" in lines


def test_percentiles() -> None:
    """Of one value too."""
    assert percentile([2.0], 99) == 2.0
    assert percentile([float(n) for n in range(101)], 95) == 95


def test_damage_adds_up() -> None:
    """With what was seen."""
    both = Damage(lost=1, checked=2, notes=["a"]) + Damage(stale=2, doubled=1, checked=3, notes=["b"])
    assert (both.total, both.notes) == (4, ["a", "b"])
    assert str(both) == "1 lost, 1 doubled, 2 stale of 5 checked"


def test_every_job_of_the_page_is_carried_out_once() -> None:
    """And every part meets every fault."""
    planned = [job for chapter in ORDER for job in chapter.jobs]
    assert sorted(map(str, planned)) == sorted(str(job) for turn in TURNS for job in turn)
    frozen = [job.command for job in CRASHES.jobs if "freeze" in job.command]
    assert sorted(word for command in frozen for word in command if word in PARTS) == sorted(PARTS)
    assert {job.command[0] for job in planned} <= {
        str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands
    }


def test_a_command_is_shown_as_a_shell_reads_it() -> None:
    """Words with a space are quoted."""
    assert str(Job(command=("crash", "--part", "bulk worker"), seconds=1)) == 'crash --part "bulk worker"'


def report(folder: Path, *cases: str) -> Path:
    file = folder / "report.xml"
    body = "".join(f'<testcase name="{n}">{case}</testcase>' for n, case in enumerate(cases))
    file.write_text(f"<testsuites><testsuite>{body}</testsuite></testsuites>")
    return file


def test_a_suite_passes_fails_or_was_not_run(tmp_path: Path) -> None:
    """A skipped suite has no verdict, and says why."""
    suite = suites.SUITES[2]
    passing = suites.row(suite, "suites", suites.read(report(tmp_path, "", "")))
    assert (passing.passed, passing.measured.endswith("; tests: 2")) == (True, True)
    broken = suites.row(suite, "suites", suites.read(report(tmp_path, "", "<failure/>")))
    assert (broken.passed, broken.measured) == (False, "failed: 1")
    skipped = suites.row(suite, "suites", suites.read(report(tmp_path, '<skipped message="no PHP"/>')))
    assert (skipped.passed, skipped.measured) == (None, "not measured: no PHP")


def test_the_marks_of_suites_are_those_that_the_tests_demand() -> None:
    """A sentence each."""
    for suite in suites.SUITES:
        assert suite.marks()
    assert "2026-07-28" in suites.SUITES[0].marks()
