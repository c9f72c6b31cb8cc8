"""`pilito feed`."""

import gzip
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from database.engine import Database
from tests.catalogue.feeds.specification import google_rows, openai_rows
from tests.support.environment import ROOT
from tests.support.many_products import add_products, add_variations
from tests.support.pilito import Pilito


@pytest_asyncio.fixture(loop_scope="session")
async def store_id(pilito: Pilito, owner: str, request: pytest.FixtureRequest) -> int:
    """An empty store of a shop that sells in toman."""
    created = await pilito.token("--email", owner, "--store", request.node.name, "--currency", "IRT")
    number: int = created["store_id"]
    return number


def packed(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def report_of(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


async def test_a_feed_for_openai_is_written(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """With the report of what its products lack; the folder is created."""
    await add_products(database, store_id, 3, inactive=3)
    await add_variations(database, store_id, 2, 12)
    out = tmp_path / "new" / "folder"
    printed = await pilito("feed", store_id, "--format", "openai", "--out", out)
    assert printed.code == 0, printed.text
    assert f"13 rows of 2 products in store-{store_id}-openai-001.jsonl.gz." in printed.text
    assert "left out" not in printed.text
    assert list(files(out)) == [
        f"store-{store_id}-openai-001.jsonl.gz",
        f"store-{store_id}-openai-report.jsonl",
    ]
    rows = openai_rows(packed(out / f"store-{store_id}-openai-001.jsonl.gz"))
    assert [row["item_id"] for row in rows][:2] == ["woo_1", "woo_2_1"]
    assert {row["store_country"] for row in rows} == {"IR"}
    report = report_of(out / f"store-{store_id}-openai-report.jsonl")
    assert [(line["id"], line["rows"], line["lacks"]) for line in report] == [
        ("woo_1", 1, {"gtin": 1}),
        ("woo_2", 12, {"gtin": 12}),
    ]


async def test_a_feed_for_google_is_written(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """For which no country has to be known."""
    await add_products(database, store_id, 2)
    printed = await pilito("feed", store_id, "--format", "google", "--out", tmp_path, "--condition", "new")
    assert printed.code == 0, printed.text
    rows = google_rows((tmp_path / f"store-{store_id}-google-001.tsv").read_bytes())
    assert [row["id"] for row in rows] == ["woo_1", "woo_2"]
    assert {row["condition"] for row in rows} == {"new"}
    printed = await pilito("feed", store_id, "--format", "google", "--out", tmp_path, "--json")
    report = orjson.loads(printed.text)
    assert (report["rows"], report["products"], report["files"]) == (
        2,
        2,
        [f"store-{store_id}-google-001.tsv"],
    )


async def test_products_without_required_values_are_named(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """In a table and in the file; the exit code is 0."""
    await add_products(database, store_id, 3)
    async with database.transaction() as connection:
        for change in ("price = NULL", "link = 'javascript:x'", "brands = '{}'"):
            number = change.split(" ")[0]
            product = {"price": "woo_1", "link": "woo_2", "brands": "woo_3"}[number]
            await connection.exec_driver_sql(
                f"UPDATE products SET {change} WHERE store_id = {store_id} AND external_id = '{product}'"
            )
    printed = await pilito("feed", store_id, "--format", "openai", "--out", tmp_path)
    assert printed.code == 0
    assert "0 rows of 3 products" in printed.text
    assert "3 rows were left out" in printed.text
    lines = {line.split("│")[1].strip(): line for line in printed.text.splitlines() if line.count("│") == 5}
    for meaning in ("a price above zero", "an http or https address of the product's page", "a brand"):
        assert [cell.strip() for cell in lines[meaning].split("│")[2:5]] == ["1", "1", "left out"]
    assert [cell.strip() for cell in lines["a GTIN"].split("│")[2:5]] == ["3", "3", "written"]
    report = report_of(tmp_path / f"store-{store_id}-openai-report.jsonl")
    assert {line["id"]: set(line["lacks"]) - {"gtin"} for line in report} == {
        "woo_1": {"price"},
        "woo_2": {"link"},
        "woo_3": {"brand"},
    }
    assert {line["id"]: line["link"] for line in report}["woo_2"] == ""


async def test_a_large_feed_has_several_files(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """With the same names each time; parts that a smaller feed no longer has are removed."""
    await add_products(database, store_id, 5)
    arguments = ("feed", store_id, "--format", "google", "--out", tmp_path, "--rows-per-file")
    printed = await pilito(*arguments, 2)
    names = [f"store-{store_id}-google-{part:03}.tsv" for part in (1, 2, 3)]
    assert f"5 rows of 5 products in 3 files, {names[0]} to {names[2]}." in printed.text
    parts = [google_rows((tmp_path / name).read_bytes()) for name in names]
    assert [[row["id"] for row in rows] for rows in parts] == [
        ["woo_1", "woo_2"],
        ["woo_3", "woo_4"],
        ["woo_5"],
    ]
    other = tmp_path / "store-99999999-google-002.tsv"
    other.touch()
    await pilito(*arguments, 4)
    assert list(files(tmp_path)) == [
        *names[:2],
        f"store-{store_id}-google-report.jsonl",
        other.name,
    ]


async def test_an_empty_store_has_an_empty_feed(pilito: Pilito, store_id: int, tmp_path: Path) -> None:
    """A file without rows removes all products from what the last one had."""
    for kind in ("openai", "google"):
        printed = await pilito("feed", store_id, "--format", kind, "--out", tmp_path)
        assert (printed.code, "0 rows of 0 products" in printed.text) == (0, True)
    assert packed(tmp_path / f"store-{store_id}-openai-001.jsonl.gz") == []
    assert google_rows((tmp_path / f"store-{store_id}-google-001.tsv").read_bytes()) == []


async def test_the_country_of_a_dollar_shop_has_to_be_named(
    pilito: Pilito, owner: str, database: Database, tmp_path: Path
) -> None:
    """The sentence names the option."""
    created = await pilito.token("--email", owner, "--store", "Dollars", "--currency", "USD")
    feed = ("feed", created["store_id"], "--format", "openai", "--out", tmp_path)
    printed = await pilito(*feed)
    assert printed.code == 1
    assert printed.text == (
        "--country: the country of the store is not certain from the currency USD;"
        " name it in two letters, such as US.\n"
    )
    printed = await pilito(*feed, "--country", "US", "--target", "US,UK")
    assert (printed.code, printed.text.startswith("--target: 'UK' is no country")) == (1, True)
    assert files(tmp_path) == {}
    await add_products(database, created["store_id"], 1)
    assert (await pilito(*feed, "--country", "us", "--target", "ca, US")).code == 0
    (row,) = openai_rows(packed(tmp_path / f"store-{created['store_id']}-openai-001.jsonl.gz"))
    assert (row["store_country"], row["target_countries"]) == ("US", ["CA", "US"])


async def test_an_unknown_store_is_named(pilito: Pilito, tmp_path: Path) -> None:
    """Nothing is written."""
    printed = await pilito("feed", 10**9, "--format", "google", "--out", tmp_path / "x")
    assert (printed.code, printed.text) == (1, f"There is no store {10**9}.\n")
    assert files(tmp_path) == {}


async def test_a_folder_that_cannot_be_written_is_one_sentence(
    pilito: Pilito, store_id: int, tmp_path: Path
) -> None:
    """With the system's own words for the reason."""
    file = tmp_path / "file"
    file.touch()
    for out, reason in ((file, "File exists"), (file / "below", "Not a directory")):
        printed = await pilito("feed", store_id, "--format", "google", "--out", out)
        assert printed.code == 1
        assert printed.text == (
            f"The feed cannot be written to {out}: {reason}. Free the disk, or name another --out.\n"
        )


async def program(pilito: Pilito, lines: str, *arguments: object) -> tuple[str, str]:
    """Run a program that calls `feed`, the command, in a process of its own. Returns what it printed.

    It caches no modules (`-B`): below a limit of the size of files they would be cut off for all that follow.
    """
    begin = (
        "import ctypes, pathlib, re, resource, sys\n"
        "from cli import app\n"
        "def feed(*arguments):\n"
        "    return app([*arguments], standalone_mode=False)\n"
    )
    process = await create_subprocess_exec(
        *(sys.executable, "-B", "-c", begin + lines, "feed", *map(str, arguments)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**pilito.environment, "PYTHONPATH": str(ROOT)},
    )
    printed, errors = await process.communicate()
    return printed.decode(), errors.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a file's size is a signal elsewhere")
async def test_a_full_disk_is_one_sentence_and_leaves_the_last_feed(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """A limit of the size of files stands for the disk; nothing of the new feed stays."""
    await add_products(database, store_id, 20)
    arguments = (store_id, "--format", "google", "--out", tmp_path)
    await pilito("feed", *arguments)
    before = files(tmp_path)
    await add_products(database, store_id, 1_000, first=100)
    lines = "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\nprint(feed(*sys.argv[1:]))"
    assert await program(pilito, lines, *arguments) == (
        "1\n",
        f"The feed cannot be written to {tmp_path}: File too large. Free the disk, or name another --out.\n",
    )
    assert files(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
async def test_the_memory_does_not_grow_with_the_store(
    pilito: Pilito, database: Database, store_id: int, tmp_path: Path
) -> None:
    """10,000 products make a file of 24 MB, and take at most 16 MB more than 200 products."""
    lines = (
        "few, many, *options = sys.argv[2:]\n"
        "own = pathlib.Path('/proc/self')\n"
        "def memory(name):\n"
        "    return int(re.search(name + r':\\s+([0-9]+) kB', (own / 'status').read_text())[1])\n"
        "feed('feed', few, *options)\n"
        "ctypes.CDLL(None).malloc_trim(0)\n"
        "(own / 'clear_refs').write_text('5')\n"
        "before = memory('VmRSS')\n"
        "feed('feed', many, *options)\n"
        "print(memory('VmHWM') - before)\n"
    )
    other = await pilito.token("--email", "owner@example.com", "--store", "Few", "--currency", "IRT")
    await add_products(database, other["store_id"], 200, characters=1_500)
    await add_products(database, store_id, 10_000, characters=1_500)
    options = ("--format", "google", "--out", tmp_path)
    printed, errors = await program(pilito, lines, other["store_id"], store_id, *options)
    assert errors == ""
    assert len(files(tmp_path)[f"store-{store_id}-google-001.tsv"]) > 20_000_000
    assert int(printed.splitlines()[-1]) < 16 * 1024
