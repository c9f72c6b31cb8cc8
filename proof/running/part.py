"""One part of a running service: a process that can be killed, frozen, started again and moved in time."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from embedded.children.processes import Child
from proof.running import processes

SECONDS_TO_START = 90.0


class Clock:
    """The offset of a part's clock in seconds; libfaketime reads it from a file."""

    def __init__(self, file: Path, library: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._library = library
        self.set(0)

    @property
    def variables(self) -> dict[str, str]:
        """Returns the environment of a process with this clock; only the time of day moves."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # or Python compiles every module again
        }

    @property
    def prefix(self) -> tuple[str, ...]:
        """Returns words before a command that give it this clock, once it has changed its user."""
        return ("/usr/bin/env", *(f"{name}={value}" for name, value in self.variables.items()))

    def set(self, seconds: int) -> None:
        """Move the clock of a running process within a second."""
        self._file.write_text(f"{seconds:+d}")
        self._file.chmod(0o644)


class Part:
    """A part by its name; `launch` starts its process, `ready` is whether it serves."""

    def __init__(
        self,
        name: str,
        launch: Callable[[], Child],
        ready: Callable[[], bool] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self._launch = launch
        self._ready = ready
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._child.pid

    def start(self) -> None:
        """Start it and wait until it serves; raises StartFailed."""
        self._child = self._launch()
        if self._ready is not None:
            self._child.wait_until(self._ready, seconds=SECONDS_TO_START, pause=time.sleep)

    def kill(self) -> None:
        """End its main process by SIGKILL; what remains of its group ends as well."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        if self._child is not None:
            self._child.stop(0)

    def revive(self) -> None:
        """Start it again if it has ended."""
        if self._child is not None and self._child.exit_code is not None:
            self._child.stop(0)
            self.start()

    def stop(self) -> None:
        if self._child is not None:
            processes.thaw(self._child.pid)
            self._child.stop(5)
            self._child = None

    def freeze(self) -> None:
        processes.freeze(self.pid)

    def thaw(self) -> None:
        processes.thaw(self.pid)

    @property
    def cpu_seconds(self) -> float:
        return processes.cpu_seconds(self.pid)

    @property
    def memory(self) -> float:
        """MiB, its descendants included."""
        return processes.memory(self.pid)
