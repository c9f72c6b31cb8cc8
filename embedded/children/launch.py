"""Replaces itself with the given command, which the kernel ends with the process that started it.

A script, not a module: `python -I -S launch.py PARENT SIGNAL UID GID COMMAND...`. It stands between
`subprocess` and the command because the death signal must be asked for in the child, after its user has
changed (a change of user clears it), and `preexec_fn` is unsafe with threads. UID -1 keeps the user.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)  # before the user changes: the new one may not reach Python's files
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.umask(0o077)
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the process that asked for this one has ended")
    os.execv(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main()
