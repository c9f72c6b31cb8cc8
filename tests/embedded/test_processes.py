"""Children end with us, however we end, and nothing else does."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from embedded.children.processes import StartFailed, birth, end_leftovers, start_child, stop_together
from tests.support.waiting import gone, until

pytestmark = pytest.mark.usefixtures("programs")

SLEEP = "import time; print('began', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_CHILD = f"import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True); {SLEEP}"

SUPERVISOR = """
import sys, time
from pathlib import Path
from embedded.children.processes import start_child
child = start_child("nap", ["/bin/sleep", "600"], state_dir=Path(sys.argv[1]))
child.wait_until(lambda: True, seconds=1, pause=time.sleep)
print(child.pid, flush=True)
time.sleep(600)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def killed_supervisor(state_dir: Path) -> int:
    """Returns the pid of a child after its supervisor was killed with `kill -9`."""
    with subprocess.Popen(
        [*python(SUPERVISOR), str(state_dir)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    return pid


def test_a_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C at our terminal does not reach it."""
    child = start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        child.stop(5)
    assert child.ending == "SIGTERM"


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    """What does not stop when asked is ended by force."""
    child = start_child("stubborn", python(STUBBORN), state_dir=tmp_path)
    until(lambda: "began" in child.log.read_text(), what="its start")
    child.stop(0.1)
    assert child.ending == "SIGKILL"


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    """Its own children do not stay behind."""
    child = start_child("parent", python(WITH_CHILD), state_dir=tmp_path)
    until(lambda: "began" in child.log.read_text(), what="its start")
    grandchild = int(child.log.read_text().split()[0])
    stop_together([child], seconds=5)
    gone(child.pid, grandchild)


def test_a_child_that_ends_early_says_why(tmp_path: Path) -> None:
    """The error carries the exit code and the end of the log."""
    child = start_child("broken", python("raise SystemExit('no such thing')"), state_dir=tmp_path)
    with pytest.raises(StartFailed, match=r"broken ended while starting \(exit code 1\)\.\n *no such thing"):
        child.wait_until(lambda: False, seconds=30, pause=lambda _: None)
    child.stop(0)


def test_a_silent_child_is_given_up(tmp_path: Path) -> None:
    """Waiting ends when its time is over."""
    child = start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
    try:
        with pytest.raises(StartFailed, match="was not ready"):
            child.wait_until(lambda: False, seconds=0, pause=lambda _: None)
    finally:
        child.stop(5)


def test_only_the_main_thread_starts_children(tmp_path: Path) -> None:
    """Another thread's end would be the child's end."""
    raised: list[RuntimeError] = []

    def attempt() -> None:
        try:
            start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a death signal")
def test_the_kernel_ends_the_children_of_a_killed_supervisor(tmp_path: Path) -> None:
    """No cleanup is needed after `kill -9`."""
    gone(killed_supervisor(tmp_path))


def test_the_next_start_ends_what_is_left(tmp_path: Path) -> None:
    """Where the kernel does not help, the record does."""
    child = start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
    end_leftovers(tmp_path)
    gone(child.pid)
    assert not list((tmp_path / "run").iterdir())
    child.stop(0)


def test_a_child_ends_the_one_of_the_same_name_before_it(tmp_path: Path) -> None:
    """Two children of one name never run side by side."""
    first = start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
    second = start_child("nap", ["/bin/sleep", "600"], state_dir=tmp_path)
    try:
        gone(first.pid)
        assert birth(second.pid) is not None
    finally:
        second.stop(5)
        first.stop(0)


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "born": "y", "signal": 9}'])
def test_an_unreadable_record_is_deleted(tmp_path: Path, record: str) -> None:
    """A record that a crash of the machine spoiled does no harm."""
    file = tmp_path / "run" / "nap.json"
    file.parent.mkdir()
    file.write_text(record)
    end_leftovers(tmp_path)
    assert not file.exists()


def test_an_unrelated_process_with_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    """A pid alone does not make a process ours."""
    with subprocess.Popen(["sleep", "600"]) as stranger:
        file = tmp_path / "run" / "nap.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"pid": stranger.pid, "born": "long ago", "signal": signal.SIGKILL}))
        end_leftovers(tmp_path)
        assert stranger.poll() is None
        stranger.kill()
