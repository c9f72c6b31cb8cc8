"""Forks run a program as a process of its own would, and share what is imported."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.children.forks import CAN_FORK
from tests.support.waiting import gone

pytestmark = [
    pytest.mark.usefixtures("programs"),
    pytest.mark.skipif(not CAN_FORK, reason="nothing is forked on this system"),
]

SUPERVISOR = """
import os, socket, sys, time
from pathlib import Path
from embedded.children.processes import start_module
listener = socket.create_server(("127.0.0.1", 0))
child = start_module(
    "program",
    "program",
    sys.argv[2:],
    state_dir=Path(sys.argv[1]),
    environment={"ONLY": "this"},
    listener=listener,
)
print(child.pid, flush=True)
if "wait" in sys.argv:
    time.sleep(600)
child.wait(20)
print(child.ending, child.log.read_text(), sep="\\n", end="", flush=True)
"""


class Programs:
    """Programs named `program`, and what a supervisor that forks them prints."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def supervise(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        (self._folder / "program.py").write_text(program)
        return subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(self._folder / "state"), *arguments],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, program: str, *arguments: str) -> list[str]:
        """Returns how the program ended, and the lines of its log."""
        with self.supervise(program, *arguments) as supervisor:
            assert supervisor.stdout
            return supervisor.stdout.read().splitlines()[1:]


@pytest.fixture
def programs_of(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


def test_a_program_has_its_own_arguments_and_environment(programs_of: Programs) -> None:
    """It is the main module of a session of its own, with no variable of the supervisor."""
    printed = programs_of.run(
        "import os, sys; print(__name__, sys.argv[1:], os.environ['ONLY'], 'PATH' in os.environ,"
        " os.getsid(0) == os.getpid())",
        "one",
        "two",
    )
    assert printed == ["exit code 0", "__main__ ['one', 'two'] this False True"]


@pytest.mark.parametrize(
    ("program", "ending", "last_line"),
    [
        ("raise SystemExit(3)", "exit code 3", ""),
        ("raise SystemExit('no database')", "exit code 1", "no database"),
        ("raise ValueError('پیام')", "exit code 1", "ValueError: پیام"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL", ""),
    ],
)
def test_a_program_ends_as_python_ends_it(
    programs_of: Programs, program: str, ending: str, last_line: str
) -> None:
    """Exit code and message are as if the program had an interpreter to itself."""
    printed = programs_of.run(program)
    assert (printed[0], printed[-1]) == (ending, last_line or printed[-1])


def test_a_program_accepts_on_the_socket_it_is_given(programs_of: Programs) -> None:
    """By the variables of systemd's socket activation, and without any other open file."""
    printed = programs_of.run(
        "import os, socket\n"
        "assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n"
        "with socket.socket(fileno=3) as listener:\n"
        "    print(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))\n"
        "    print(sorted(os.listdir('/proc/self/fd'))[:4], len(os.listdir('/proc/self/fd')))\n"
    )
    assert printed == ["exit code 0", "1", "['0', '1', '2', '3'] 5"]  # the fifth lists the folder


def test_a_program_ends_with_its_supervisor(programs_of: Programs) -> None:
    """Also when that one is killed."""
    with programs_of.supervise("import time; time.sleep(600)", "wait") as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        supervisor.send_signal(signal.SIGKILL)
    gone(pid)
