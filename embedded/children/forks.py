"""Child processes forked from this one: they share the memory of what it has imported, and start at once."""

import contextlib
import ctypes
import os
import runpy
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from setproctitle import setproctitle

from settings import load

PR_SET_PDEATHSIG = 1

FIRST_LISTENER = 3
"""The descriptor of a listening socket that a process is started with, as systemd numbers it."""

CAN_FORK = sys.platform == "linux"
"""Elsewhere the system's own libraries may fail in a process that was forked without a new program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A module to run as `python -m` does; `listener` is the descriptor of a socket it accepts on."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    listener: int | None = None

    @property
    def title(self) -> str:
        """Returns what the process list shows."""
        return " ".join(("pilito", *self.arguments))


class Forked:
    """A forked process, with what `embedded.children.processes` uses of `subprocess.Popen`."""

    def __init__(self, pid: int, title: str) -> None:
        self.pid = pid
        self._title = title
        self._descriptor = os.pidfd_open(pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Returns the exit code, the negative number of a signal, or None while the process runs."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
                os.close(self._descriptor)
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit code; raises subprocess.TimeoutExpired if it still runs after so many seconds."""
        if self.poll() is None:
            select.select([self._descriptor], [], [], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self._title, timeout or 0)
        return code


def fork(program: Program, *, death_signal: signal.Signals) -> Forked:
    """Run a program in a fork of this process; the kernel sends it the signal when this process dies.

    This process may have no other thread of Python: a lock that one holds would stay locked in the child.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # the terminal is gone
            stream.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Forked(pid, program.title)
    code = 1
    try:
        code = _exit_code(partial(_run, program, parent, death_signal))
    finally:
        os._exit(code)


def _exit_code(run: Callable[[], None]) -> int:
    """Returns the exit code with which Python would end a program."""
    try:
        run()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _run(program: Program, parent: int, death_signal: signal.Signals) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    setproctitle(program.title)  # finds its place by the environment this process began with
    _use_descriptors(program)
    os.environ.clear()
    os.environ.update(program.environment)
    load.cache_clear()
    if program.listener is not None:
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    sys.argv = [program.module, *program.arguments]
    runpy.run_module(program.module, run_name="__main__", alter_sys=True)


def _use_descriptors(program: Program) -> None:
    """Keep only the log and the listening socket of what this process has open."""
    log = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    empty = os.open(os.devnull, os.O_RDONLY)
    listener = log if program.listener is None else os.dup(program.listener)
    for descriptor, number in ((empty, 0), (log, 1), (log, 2), (listener, FIRST_LISTENER)):
        os.dup2(descriptor, number)
    os.closerange(FIRST_LISTENER + (program.listener is not None), os.sysconf("SC_OPEN_MAX"))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - stays open as long as the process
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
