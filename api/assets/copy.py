"""Copy files of npm packages into our folders: `python -m api.assets.copy [PACKAGE VERSION]`.

Without a package it copies the recorded versions, which changes nothing unless a file was edited.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson

from api.assets.vendored import FOLDERS, read_record


def hashes(content: bytes) -> dict[str, str]:
    """Returns the SHA-256 in hex, and the SHA-384 as an `integrity` attribute has it."""
    sha384 = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return {"sha256": hashlib.sha256(content).hexdigest(), "integrity": f"sha384-{sha384}"}


def unpack(archive: Path, paths: Mapping[str, str]) -> dict[str, bytes]:
    """Returns the content of files of an npm package: name -> path in it; KeyError if one is missing."""
    contents = {}
    with tarfile.open(archive) as package:
        for name, path in paths.items():
            member = package.extractfile(f"package/{path}")
            if member is None:
                raise KeyError(f"{path} is not a file in {archive.name}")
            contents[name] = member.read()
    return contents


def download(package: str, version: str, folder: Path) -> Path:
    """Returns the path of the package's archive, which npm checks against the registry's hash."""
    command = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", str(folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
    return folder / printed.stdout.split()[-1]


def main() -> None:
    wanted = dict([sys.argv[1:3]]) if sys.argv[1:] else {}
    for folder in FOLDERS:
        record = read_record(folder)
        package = record["package"]
        version = wanted.get(package, record["version"])
        paths = {name: about["from"] for name, about in record["files"].items()}
        with tempfile.TemporaryDirectory() as place:
            contents = unpack(download(package, version, Path(place)), paths)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        files = {name: {"from": paths[name], **hashes(content)} for name, content in contents.items()}
        record = {"package": package, "version": version, "files": files}
        (folder / "record.json").write_bytes(
            orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
        print(f"{package} {version}: {len(files)} files in {folder}")


if __name__ == "__main__":
    main()
