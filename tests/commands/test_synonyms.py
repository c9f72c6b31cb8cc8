"""`pilito synonyms export`, `import` and `builtin`."""

import json
from pathlib import Path

from tests.support.pilito import Pilito

TEXT = "# everyday words\nموبایل = گوشی = phone\n\nماگ = mug\n"


async def test_a_list_is_imported_and_exported(pilito: Pilito, owner: str, tmp_path: Path) -> None:
    """The text survives without its comments, and a new import replaces all."""
    store_id = (await pilito.token("--email", owner, "--store", "Synonyms"))["store_id"]
    printed = await pilito("synonyms", "export", store_id)
    assert (printed.code, printed.text) == (0, "")
    file = tmp_path / "synonyms.txt"
    file.write_text(TEXT, encoding="utf-8")
    printed = await pilito("synonyms", "import", store_id, file)
    assert (printed.code, printed.text) == (0, f"Store {store_id} has 2 groups of synonyms.\n")
    printed = await pilito("synonyms", "export", store_id)
    assert printed.text == "موبایل = گوشی = phone\nماگ = mug\n"
    file.write_text("یخچال = fridge\n", encoding="utf-8")
    await pilito("synonyms", "import", store_id, file)
    assert (await pilito("synonyms", "export", store_id)).text == "یخچال = fridge\n"
    as_json = json.loads((await pilito("synonyms", "export", store_id, "--json")).text)
    assert as_json == [["یخچال", "fridge"]]


async def test_a_faulty_file_changes_nothing(pilito: Pilito, owner: str, tmp_path: Path) -> None:
    """Every problem is named with its group and phrase."""
    store_id = (await pilito.token("--email", owner, "--store", "Faulty"))["store_id"]
    file = tmp_path / "synonyms.txt"
    file.write_text("موبایل = گوشی\n= گوشی\n", encoding="utf-8")
    printed = await pilito("synonyms", "import", store_id, file)
    assert (printed.code, printed.text.splitlines()[1:]) == (
        1,
        [
            "  group 2, phrase 1: The phrase has no letter or digit.",
            "  group 2, phrase 2: The phrase is in group 1 too. Join the two groups.",
        ],
    )
    file.write_bytes(b"\xff\xfe")
    printed = await pilito("synonyms", "import", store_id, file)
    assert (printed.code, "not text in UTF-8" in printed.text) == (1, True)
    file.write_bytes(b" " * (4 * 2**20 + 1))
    printed = await pilito("synonyms", "import", store_id, file)
    assert (printed.code, "larger than" in printed.text) == (1, True)
    printed = await pilito("synonyms", "import", store_id, "/dev/zero")
    assert (printed.code, "larger than" in printed.text) == (1, True)
    assert (await pilito("synonyms", "export", store_id)).text == ""


async def test_a_problem_of_the_whole_list_has_no_place(pilito: Pilito, owner: str, tmp_path: Path) -> None:
    """The sentence stands alone, and one problem is not several."""
    store_id = (await pilito.token("--email", owner, "--store", "Long"))["store_id"]
    file = tmp_path / "synonyms.txt"
    file.write_text("".join(f"word{number}\n" for number in range(501)), encoding="utf-8")
    printed = await pilito("synonyms", "import", store_id, file)
    assert printed.code == 1
    assert printed.text.splitlines() == [
        f"{file} has 1 problem; nothing was changed.",
        "  The list has 501 groups; the most is 500.",
    ]


async def test_an_unknown_store_is_named(pilito: Pilito, tmp_path: Path) -> None:
    """Neither verb creates one."""
    file = tmp_path / "synonyms.txt"
    file.write_text(TEXT, encoding="utf-8")
    for arguments in (("export", 10**9), ("import", 10**9, file)):
        printed = await pilito("synonyms", *arguments)
        assert (printed.code, printed.text) == (1, f"There is no store {10**9}.\n")


async def test_the_built_in_synonyms_are_printed(pilito: Pilito) -> None:
    """An owner can see what the store has already."""
    printed = await pilito("synonyms", "builtin")
    assert printed.code == 0
    assert "سامسونگ = samsung\n" in printed.text
    as_json = json.loads((await pilito("synonyms", "builtin", "--json")).text)
    assert any("samsung" in group for groups in as_json.values() for group in groups)
