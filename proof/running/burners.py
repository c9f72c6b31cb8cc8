"""Processes that burn CPU for a bounded time: `python -m proof.running.burners SECONDS`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from proof.running.stack import ROOT


@contextmanager
def burning(count: int, *, seconds: float) -> Iterator[None]:
    """Burn CPU in so many processes until the end of the block, or until the seconds are over."""
    command = [sys.executable, "-m", "proof.running.burners", str(seconds)]
    burners = [subprocess.Popen(command, cwd=ROOT) for _ in range(count)]
    try:
        yield
    finally:
        for each in burners:
            each.kill()
        for each in burners:
            each.wait()


def burn(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


if __name__ == "__main__":
    burn(float(sys.argv[1]))
