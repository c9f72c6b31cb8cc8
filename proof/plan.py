"""The measurements of the page: which commands run, how long each may take, and which run side by side.

Each command is a process of its own with an end of its own, so that one that hangs is a row that fails.
Measurements of time run one after the other. The crash matrix waits most of its time for frozen parts, so it
and the memory of many events share the machine.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from proof import disk, embedding, freshness, growth, load, search, starvation, suites
from proof.crash import matrix
from proof.page import Section, verdicts
from proof.rows import Row, failed, read
from proof.running.stack import ROOT

SECONDS_FOR_THE_PAGE = 30 * 60
LAST_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command and the seconds that it may take; a patient one leaves the CPU to others in its turn."""

    command: tuple[str, ...]
    seconds: float
    is_patient: bool = False

    def __str__(self) -> str:
        return " ".join(f'"{word}"' if " " in word else word for word in self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A section of the page and the commands with its rows."""

    title: str
    about: str
    jobs: tuple[Job, ...]


def job(*command: str, minutes: float) -> Job:
    return Job(command=command, seconds=60 * minutes)


def _parts(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--part", name))


FRESHNESS = Chapter(
    title="Edited → searchable",
    about=freshness.__doc__ or "",
    jobs=(job("freshness", minutes=5),),
)
EMBEDDING = Chapter(
    title="Embedding calls avoided", about=embedding.__doc__ or "", jobs=(job("embedding", minutes=4),)
)
CRASHES = Chapter(
    title="Crash matrix",
    about=matrix.__doc__ or "",
    jobs=(
        job("crash", "--fault", "kill", minutes=12),
        job("crash", "--fault", "clock", minutes=12),
        job("crash", "--fault", "freeze", *_parts("worker", "API", "embedding server"), minutes=12),
        job("crash", "--fault", "freeze", *_parts("bulk worker", "Postgres", "Temporal"), minutes=12),
    ),
)
DISK = Chapter(title="Disk full", about=disk.__doc__ or "", jobs=(job("disk", minutes=6),))
LOAD = Chapter(title="Load held", about=load.__doc__ or "", jobs=(job("load", minutes=4),))
MEMORY = Chapter(
    title="Memory",
    about="A worker over 10,000 events, most of which change only a price.",
    jobs=(Job(command=("memory",), seconds=14 * 60, is_patient=True),),
)
STARVATION = Chapter(title="Starvation", about=starvation.__doc__ or "", jobs=(job("starvation", minutes=8),))
GROWTH = Chapter(title="Growth", about=growth.__doc__ or "", jobs=(job("growth", minutes=9),))
SUITES = Chapter(title="Outside suites", about=suites.__doc__ or "", jobs=(job("suites", minutes=9),))
SEARCH = Chapter(title="Search quality", about=search.__doc__ or "", jobs=(job("search", minutes=6),))

ORDER = (FRESHNESS, EMBEDDING, CRASHES, DISK, LOAD, MEMORY, STARVATION, GROWTH, SUITES, SEARCH)
"""As the page shows them."""

TURNS: tuple[tuple[Job, ...], ...] = (
    *(
        (each,)
        for chapter in (FRESHNESS, EMBEDDING, LOAD, GROWTH, STARVATION, SEARCH)
        for each in chapter.jobs
    ),
    (*CRASHES.jobs, *MEMORY.jobs),
    (*DISK.jobs, *SUITES.jobs),
)
"""The jobs of one turn run side by side."""


@dataclass
class Started:
    """A running job."""

    job: Job
    process: "subprocess.Popen[bytes]"
    out: Path
    log: Path
    began: float = field(default_factory=time.monotonic)

    def rows(self, *, until: float) -> list[Row]:
        """Wait for its rows. Returns one that fails if the job has none in time."""
        end = min(self.began + self.job.seconds, until)
        try:
            self.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            why = f"not complete after {time.monotonic() - self.began:.0f} s"
        else:
            if self.out.exists():
                return read(self.out)
            lines = self.log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
            why = f"ended with {self.process.returncode}: {' '.join(lines)}"
        return [failed(self.job.command[0], str(self.job), why)]


@contextmanager
def started(job: Job, folder: Path) -> Iterator[Started]:
    """Run a job until the end of the block; what remains of its process group ends then."""
    name = f"{job.command[0]}-{len(list(folder.iterdir()))}"
    out, log = folder / f"{name}.json", folder / f"{name}.log"
    patience = ["nice", "-n", "10"] if job.is_patient else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*patience, sys.executable, "-m", "proof", *job.command, "--out", str(out)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Started(job=job, process=process, out=out, log=log)
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a job; the servers it started end with it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def carry_out(
    turns: Sequence[Sequence[Job]] = TURNS,
    *,
    seconds: float = SECONDS_FOR_THE_PAGE,
    say: Callable[[str], object] = print,
) -> dict[Job, list[Row]]:
    """Run the turns one after the other. Returns the rows of every job, which fail where the time is over."""
    until = time.monotonic() + seconds
    found: dict[Job, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="pilito-proof-page-") as folder:
        for turn in turns:
            with ExitStack() as running:
                jobs = [running.enter_context(started(each, Path(folder))) for each in turn]
                for each in jobs:
                    found[each.job] = each.rows(until=until)
                    say(f"{each.job}: {verdicts(found[each.job])}, {time.monotonic() - each.began:.0f} s")
    return found


def sections(found: dict[Job, list[Row]], order: Sequence[Chapter] = ORDER) -> list[Section]:
    """Returns the page's sections with the rows of their jobs."""
    return [
        Section(
            title=chapter.title,
            about=chapter.about,
            rows=[row for each in chapter.jobs for row in found.get(each, [])],
        )
        for chapter in order
    ]
