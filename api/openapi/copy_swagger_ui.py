"""Copy Swagger UI from its npm package into `assets/`: `python -m api.openapi.copy_swagger_ui [VERSION]`.

Without a version it copies the recorded one, which changes nothing unless a file was edited.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import orjson

from api.openapi.swagger_ui import FOLDER, RECORD, read_record

FILES = ("swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE")


def hashes(content: bytes) -> dict[str, str]:
    """Returns the SHA-256 in hex, and the SHA-384 as an `integrity` attribute has it."""
    sha384 = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return {"sha256": hashlib.sha256(content).hexdigest(), "integrity": f"sha384-{sha384}"}


def unpack(archive: Path) -> dict[str, bytes]:
    """Returns the content of each of `FILES` in an npm package; KeyError if one is missing."""
    contents = {}
    with tarfile.open(archive) as package:
        for name in FILES:
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise KeyError(f"{name} is not a file in {archive.name}")
            contents[name] = member.read()
    return contents


def download(package: str, version: str, folder: Path) -> Path:
    """Returns the path of the package's archive, which npm checks against the registry's hash."""
    command = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", str(folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
    return folder / printed.stdout.split()[-1]


def main() -> None:
    record = read_record()
    package, version = record["package"], [*sys.argv[1:], record["version"]][0]
    with tempfile.TemporaryDirectory() as folder:
        contents = unpack(download(package, version, Path(folder)))
    for name, content in contents.items():
        (FOLDER / name).write_bytes(content)
    files = {name: hashes(content) for name, content in contents.items()}
    record = {"package": package, "version": version, "files": files}
    RECORD.write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"{package} {version}: {len(files)} files in {FOLDER}")


if __name__ == "__main__":
    main()
