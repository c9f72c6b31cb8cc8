"""The unprivileged user that Postgres runs as when we are root, and its way to the files it needs.

Postgres refuses to run as root, and a checkout or state directory may lie beneath one that only root may
enter. Copies elsewhere would outlive the checkout, and `chmod o+x` would open root's home to everybody; so
each closed directory on the way gets one access control entry: this user may pass through, not list. Only
a file system without such entries gets `o+x` instead.
"""

import contextlib
import os
import pwd
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path

from embedded.children.processes import Account, StartFailed

USER_NAME = "pilito-postgres"

ACL_ATTRIBUTE = "system.posix_acl_access"
ACL_VERSION = struct.Struct("<I")
ACL_ENTRY = struct.Struct("<HHI")
NOBODY_NAMED = 0xFFFFFFFF
OWNER, NAMED_USER, GROUP, NAMED_GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
PASS = 0o1

Acl = dict[tuple[int, int], int]
"""(kind, user or group) -> permission bits."""


def service_account() -> Account | None:
    """Returns the user that Postgres must run as, created if missing; None if it can run as our own user."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return _account()
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise StartFailed(
            "Postgres does not run as root and there is no `useradd` to make a user for it: "
            "start as an ordinary user, or set PILITO_DATABASE_URL."
        )
    made = subprocess.run(  # noqa: S603 - a fixed command
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return _account()
    except KeyError:
        raise StartFailed(f"The user {USER_NAME} could not be made: {made.stderr.strip()}") from None


def _account() -> Account:
    entry = pwd.getpwnam(USER_NAME)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def let_pass(account: Account, target: Path) -> None:
    """Let the account reach `target` through every directory above it."""
    for folder in reversed(target.resolve().parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IXOTH:
            continue
        try:
            _add_entry(folder, account.uid)
        except OSError:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def let_read(folder: Path) -> None:
    """Let all users read and run files that were installed under a strict umask."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if mode != wanted:
            path.chmod(wanted)


def _add_entry(folder: Path, uid: int) -> None:
    """Add `user:<uid>:--x` to the directory's access control list."""
    if sys.platform != "linux":
        raise OSError("no POSIX access control lists here")
    acl = _read_acl(folder)
    acl[NAMED_USER, uid] = acl.get((NAMED_USER, uid), 0) | PASS
    mask = acl.get((MASK, NOBODY_NAMED), acl[GROUP, NOBODY_NAMED])
    acl[MASK, NOBODY_NAMED] = mask | PASS
    entries = b"".join(ACL_ENTRY.pack(kind, acl[kind, who], who) for kind, who in sorted(acl))
    os.setxattr(folder, ACL_ATTRIBUTE, ACL_VERSION.pack(2) + entries)


def _read_acl(folder: Path) -> Acl:
    """Returns the directory's access control list, or the list equivalent to its mode."""
    if sys.platform == "linux" and ACL_ATTRIBUTE in os.listxattr(folder):
        raw = os.getxattr(folder, ACL_ATTRIBUTE)[ACL_VERSION.size :]
        return {(kind, who): bits for kind, bits, who in ACL_ENTRY.iter_unpack(raw)}
    mode = folder.stat().st_mode
    return {
        (OWNER, NOBODY_NAMED): mode >> 6 & 7,
        (GROUP, NOBODY_NAMED): mode >> 3 & 7,
        (OTHERS, NOBODY_NAMED): mode & 7,
    }
