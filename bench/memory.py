"""The most memory a process has had."""

import re
import subprocess
import sys
from pathlib import Path


def peak(pid: int) -> int:
    """MiB that were resident at most; where the system does not keep that, what is resident now."""
    if sys.platform == "linux":
        status = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        kib = int(found[1]) if found else 0
    else:
        kib = int(subprocess.check_output(["/bin/ps", "-o", "rss=", "-p", str(pid)]))
    return round(kib / 1024)
