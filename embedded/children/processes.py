"""Child processes that end with this process.

Three nets, from the usual to the last: `Child.stop`; on Linux the kernel's death signal, should we be
killed; everywhere the record of a child in the state directory, by which the next start ends what is left.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from embedded.children import forks, logs

LAUNCH = Path(__file__).with_name("launch.py")
TAIL_LINES = 15

Pause = Callable[[float], None]
"""Sleeps for so many seconds; may raise to give up waiting."""


class StartFailed(Exception):
    """A process ended, or did not answer in time, before it was ready; the message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The operating system user a child runs as."""

    uid: int
    gid: int


class Process(Protocol):
    """What a child is asked, of `subprocess.Popen` or of `embedded.children.forks.Forked`."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def send_signal(self, number: int, /) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Child:
    """A running process in a session of its own, so that Ctrl-C at the terminal does not reach it."""

    def __init__(
        self,
        *,
        name: str,
        process: Process,
        record: Path,
        log: Path,
        stop_signal: signal.Signals,
        death_signal: signal.Signals,
    ) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._record = record
        self._stop_signal = stop_signal
        self._death_signal = death_signal

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Returns None while the process runs; a negative number is the signal that ended it."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Send the signal that stops it in order, if it still runs."""
        self._process.send_signal(self._stop_signal)

    def wait(self, seconds: float) -> bool:
        """Returns whether it ended within so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.exit_code is not None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, pause: Pause) -> None:
        """Return when `ready` is true; raise `StartFailed` with the end of the log if it does not start."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self.exit_code is not None
            if ready():
                return
            if ended:
                raise StartFailed(f"{self.name} ended while starting ({self.ending}).\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{self.name} was not ready after {seconds:.0f} s.\n{self.tail()}")
            pause(0.03)

    def stop(self, seconds: float) -> None:
        """Send the stop signal, wait so many seconds, then kill its group. Returns when it has ended."""
        self.ask_to_stop()
        if not self.wait(seconds) and self._death_signal != signal.SIGKILL:
            self._process.send_signal(self._death_signal)
            self.wait(1.0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._record.unlink(missing_ok=True)

    @property
    def ending(self) -> str:
        code = self.exit_code
        if code is None:
            return "still running"
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def tail(self) -> str:
        """Returns the last lines of its log and the path of the rest."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([*(f"    {line}" for line in lines), f"The whole log: {self.log}"])


def start_child(
    name: str,
    command: Sequence[str | Path],
    *,
    state_dir: Path,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
    directory: Path | None = None,
) -> Child:
    """Start `command` (its program an absolute path), ending first what an earlier run left under this name.

    The child appends to `logs/<name>.log`. It stops orderly by `stop_signal` and quickly by `death_signal`,
    which the kernel sends where we die; since Linux ties that to the thread that started the child, only
    the main thread may call this.
    """
    log = _prepare(name, state_dir)
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    launch = [sys.executable, "-I", "-S", LAUNCH, os.getpid(), int(death_signal), uid, gid]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [str(part) for part in (*launch, *command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    return _recorded(name, process, state_dir=state_dir, stop_signal=stop_signal, death_signal=death_signal)


def start_module(
    name: str,
    module: str,
    arguments: Sequence[str],
    *,
    state_dir: Path,
    environment: Mapping[str, str],
    listener: socket.socket | None = None,
) -> Child:
    """Start `python -m module`, in a fork of this process where the system allows it.

    A fork is given the listening socket, by the variables of systemd's socket activation.
    """
    if not forks.CAN_FORK:
        command = [sys.executable, "-m", module, *arguments]
        return start_child(name, command, state_dir=state_dir, environment=environment)
    log = _prepare(name, state_dir)
    program = forks.Program(
        module=module,
        arguments=arguments,
        environment=environment,
        log=log,
        listener=listener.fileno() if listener else None,
    )
    process = forks.fork(program, death_signal=signal.SIGKILL)
    return _recorded(name, process, state_dir=state_dir)


def _prepare(name: str, state_dir: Path) -> Path:
    """End what an earlier run left under this name; returns the log for a new child."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children live only as long as the thread that starts them: use the main thread")
    record = _record_of(name, state_dir)
    log = logs.folder_of(state_dir) / f"{name}.log"
    for folder in (record.parent, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _end_recorded(record)
    return log


def _record_of(name: str, state_dir: Path) -> Path:
    return state_dir / "run" / f"{name}.json"


def _recorded(
    name: str,
    process: Process,
    *,
    state_dir: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Child:
    record = _record_of(name, state_dir)
    draft = record.with_suffix(".draft")
    draft.write_text(
        json.dumps({"pid": process.pid, "born": birth(process.pid), "signal": int(death_signal)})
    )
    draft.replace(record)
    return Child(
        name=name,
        process=process,
        record=record,
        log=logs.folder_of(state_dir) / f"{name}.log",
        stop_signal=stop_signal,
        death_signal=death_signal,
    )


def stop_together(children: Iterable[Child], *, seconds: float) -> None:
    """Ask all to stop at once, and end by force what is left when the seconds are over."""
    running = list(children)
    deadline = time.monotonic() + seconds
    for child in running:
        child.ask_to_stop()
    for child in running:
        child.wait(max(0.0, deadline - time.monotonic()))
        child.stop(0)


def end_leftovers(state_dir: Path) -> None:
    """End every recorded child of an earlier run that was killed before it could stop them."""
    for record in sorted((state_dir / "run").glob("*.json")):
        _end_recorded(record)


def _end_recorded(record: Path) -> None:
    """End the process in this record, if it still runs, and delete the record."""
    try:
        entry = json.loads(record.read_text())
        pid, born, number = int(entry["pid"]), entry["born"], int(entry["signal"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):  # the disk lost it: nothing to go by
        record.unlink()
        return
    since = time.monotonic()
    while born is not None and birth(pid) == born:
        waited = time.monotonic() - since
        if waited > 10:
            raise StartFailed(f"Process {pid} of an earlier run ({record.stem}) does not end.")
        try:
            os.killpg(pid, signal.SIGKILL if waited > 5 else number)
        except ProcessLookupError:
            break
        except PermissionError:
            raise StartFailed(
                f"Process {pid} of an earlier run ({record.stem}) belongs to another user; end it first."
            ) from None
        time.sleep(0.05)
    record.unlink(missing_ok=True)


def birth(pid: int) -> str | None:
    """Returns the start time of a process in the system's own format; None if it does not run.

    Pids are reused; a pid and a start time together identify one process.
    """
    if sys.platform != "linux":
        found = subprocess.run(  # noqa: S603 - a fixed program and a number
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return found.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks_since_boot = fields[0], fields[19]
    if state in "ZX":
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {ticks_since_boot}"
