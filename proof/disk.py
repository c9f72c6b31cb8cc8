"""A full disk: how often shops have to send again, and whether anything is lost once there is room.

The service runs on a small disk of its own, a tmpfs in a mount namespace, which a file then fills.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from proof.crash.damage import Damage, of_events, of_products
from proof.crash.traffic import Traffic, change
from proof.rows import Row, absent, failed, read
from proof.running.stack import ROOT, Terms, running
from proof.running.store import eventually, opened

SIZES = {"Postgres": "320m", "Postgres and Temporal": "450m"}
"""What is on the small disk -> its size."""

MOUNT = 'mount -t tmpfs -o "size=$0,mode=0755" proof "$1" && shift && exec "$@"'
DIMENSIONS = 256
EVENTS = 20
NUMBERS = range(1, EVENTS + 1)
SECONDS_FULL = 10.0
SECONDS_TO_SETTLE = 120.0
SECONDS_FOR_ALL = 300.0
BLOCK = bytes(2**20)
TARGET = "0 lost, 0 doubled, 0 stale"


def measure(only: str | None = None) -> list[Row]:
    """Returns a row for each disk that becomes full."""
    return [_apart(what) for what in SIZES if only in (None, what)]


def _apart(what: str) -> Row:
    """Measure in a process with mounts of its own."""
    name, command = f"the disk of {what} full for {SECONDS_FULL:.0f} s", f'disk --of "{what}"'
    if (unshare := shutil.which("unshare")) is None:
        return absent(name, command, "not measured: there is no program `unshare`")
    with tempfile.TemporaryDirectory(prefix="pilito-proof-disk-") as folder:
        state, out = Path(folder, "state"), Path(folder, "rows.json")
        small = state / "postgres" if what == "Postgres" else state
        small.mkdir(parents=True)
        inside = [sys.executable, "-m", "proof", "disk-inside", str(state), "--of", what, "--out", str(out)]
        mounted = [unshare, *_namespaces(), "sh", "-c", MOUNT, SIZES[what], str(small)]
        try:
            done = subprocess.run(
                [*mounted, *_same_user(unshare), *inside],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=SECONDS_FOR_ALL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return failed(name, command, f"not complete after {SECONDS_FOR_ALL:.0f} s", TARGET)
        if out.exists():
            return read(out)[0]
    said = done.stderr.strip().splitlines() or ["it printed nothing"]
    if "unshare" in said[-1] or "mount:" in said[-1]:
        return absent(name, command, f"not measured: no mount namespace can be made here ({said[-1]})")
    return failed(name, command, said[-1], TARGET)


def _namespaces() -> list[str]:
    return ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]


def _same_user(unshare: str) -> list[str]:
    """Returns a command that gives a process inside of a namespace the user that it had outside."""
    if os.geteuid() == 0:
        return []
    return [unshare, "--user", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"]


def measure_inside(state: Path, what: str) -> Row:
    """Returns the row; `state` is on the small disk, or its folder `postgres` is."""
    small = state / "postgres" if what == "Postgres" else state
    name, command = f"the disk of {what} full for {SECONDS_FULL:.0f} s", f'disk --of "{what}"'
    with running(Terms(dimensions=DIMENSIONS), state_dir=state) as stack, opened(stack) as store:
        traffic = Traffic(store)
        changes = [change(number, version, "", mark="disk") for version in (1, 2) for number in NUMBERS]
        traffic.send(changes[:EVENTS])
        traffic.wait()
        ballast = small / "ballast"
        _fill(ballast)
        try:
            traffic.send(changes[EVENTS:])
            eventually(
                lambda: not stack.is_ready() or traffic.refusals > 0,
                seconds=SECONDS_TO_SETTLE,
                what="a sign of the full disk",
            )
            _fill(ballast)
            threading.Event().wait(SECONDS_FULL)
        finally:
            ballast.unlink()
        for part in stack.parts.values():
            part.revive()
        traffic.wait()
        ids = [each.event_id for each in traffic.accepted]
        eventually(lambda: not store.unfinished(ids), seconds=SECONDS_TO_SETTLE, what="the end of all events")
        titles = {f"woo_{number}": each.title for number, each in traffic.newest.items()}
        queries = {f"woo_{number}": f"SKU-{number}" for number in traffic.newest}
        found = of_events(store, ids) + of_products(store, titles, queries)
        traffic.close()
    return _row(name, command, found, traffic)


def _row(name: str, command: str, found: Damage, traffic: Traffic) -> Row:
    found.lost += len(traffic.given_up)
    measured = f"{found}; {traffic.refusals} tries were refused and sent again"
    return Row(
        name=name,
        command=command,
        measured="; ".join([measured, *found.notes[:3]]),
        target=TARGET,
        passed=found.total == 0,
    )


def _fill(ballast: Path) -> None:
    """Write until there is no room, down to the last blocks."""
    with ballast.open("ab", buffering=0) as file:
        for block in (BLOCK, BLOCK[:4096]):
            try:
                while file.write(block):
                    pass
            except OSError:
                continue
