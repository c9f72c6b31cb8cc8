"""`/docs` shows Swagger UI from our own copies, and the browser may load nothing else."""

import base64
import hashlib
import io
import re
import tarfile
from pathlib import Path

import pytest

from api.assets import copy as vendor
from api.assets.vendored import FOLDERS, SWAGGER_UI, read_record
from api.openapi.docs_page import ASSETS, FOREVER
from tests.support.system import System

LICENCES = {"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_copies_are_the_recorded_ones(folder: Path) -> None:
    """Each file has the hashes of the record, and no file is without a record."""
    recorded = {
        name: {kind: about[kind] for kind in ("sha256", "integrity")}
        for name, about in read_record(folder)["files"].items()
    }
    stored = {
        file.name: vendor.hashes(file.read_bytes()) for file in folder.iterdir() if file.suffix != ".json"
    }
    assert stored == recorded
    assert any(name.startswith("LICENSE") for name in recorded)


def test_swagger_ui_is_served_without_its_licences() -> None:
    assert set(read_record(SWAGGER_UI)["files"]) == LICENCES | set(ASSETS)


def packed(folder: Path, contents: dict[str, bytes]) -> Path:
    archive = folder / "package.tgz"
    with tarfile.open(archive, "w:gz") as package:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return archive


def test_copying_takes_the_named_files_of_a_package(tmp_path: Path) -> None:
    """The others, source maps of megabytes among them, stay out."""
    archive = packed(tmp_path, {"dist/htmx.js": b"code", "LICENSE": b"licence", "dist/htmx.js.map": b"{}"})
    paths = {"htmx.js": "dist/htmx.js", "LICENSE": "LICENSE"}
    assert vendor.unpack(archive, paths) == {"htmx.js": b"code", "LICENSE": b"licence"}


def test_copying_fails_where_the_package_lacks_a_file(tmp_path: Path) -> None:
    """Nothing is copied then."""
    with pytest.raises(KeyError, match=re.escape("swagger-ui-bundle.js")):
        vendor.unpack(packed(tmp_path, {"LICENSE": b""}), {"bundle": "swagger-ui-bundle.js"})


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
async def test_the_page_loads_and_runs_only_our_own_files(system: System, path: str) -> None:
    """One script and one style, checked by hash, and one line in the page, allowed by its hash."""
    page = await system.http.get(path)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    (inline,) = re.findall(r"<script>(.*?)</script>", page.text)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["connect-src"] == "'self'"
    assert '"/openapi.json"' in inline
    loaded = re.findall(
        r'<(?:script src|link rel="stylesheet" href)="([^"]+)" integrity="([^"]+)">', page.text
    )
    assert sorted(loaded) == sorted((asset.path, asset.integrity) for asset in ASSETS.values())
    assert "/api/v1/knowledge/search/" in page.text, "readable without a script"
    assert (await system.http.get("/openapi.json")).status_code == 200


async def test_the_page_names_no_other_host(system: System) -> None:
    """Neither in its tags nor in its policy; addresses in examples are text."""
    page = await system.http.get("/docs")
    assert re.findall(r"<[^>]*(?:https?:)?//[^>]*>", page.text) == []
    assert "//" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "media_type"), [("swagger-ui-bundle.js", "javascript"), ("swagger-ui.css", "css")]
)
async def test_files_are_served_with_their_type_and_kept_by_browsers(
    system: System, name: str, media_type: str
) -> None:
    """The version is in the path, so a copy never has to be asked for again."""
    asset = ASSETS[name]
    served = await system.http.get(asset.path)
    assert served.status_code == 200
    assert served.headers["content-type"] == f"text/{media_type}; charset=utf-8"
    assert served.headers["cache-control"] == FOREVER
    assert vendor.hashes(served.content)["integrity"] == asset.integrity
    assert read_record(SWAGGER_UI)["version"] in asset.path


async def test_other_files_of_the_folder_are_not_served(system: System) -> None:
    """There is a route for each file, and none that takes a name."""
    folder = ASSETS["swagger-ui.css"].path.rpartition("/")[0]
    for path in (f"{folder}/record.json", f"{folder}/../page.py", "/docs/record.json", f"{folder}/"):
        assert (await system.http.get(path)).status_code == 404
