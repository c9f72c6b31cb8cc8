"""The verbs of `pilito`: one module for each verb or group of verbs, listed in `commands.verbs`.

Python loads this package before the rest of the product, so it looks at the disk. Where the disk is full,
Python caches a part of a module, and cannot load that module later, when there is room again.
"""

import shutil
import sys

ROOM = 64 * 1024 * 1024
"""Free bytes of the disk below which no module is cached."""

if shutil.disk_usage(__file__).free < ROOM:
    sys.dont_write_bytecode = True
