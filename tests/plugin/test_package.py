"""The zip a shop owner uploads is whole."""

import gettext
import io
import re
import zipfile
from pathlib import Path

import pytest

from plugin_zip import SOURCE, build, mo, translations
from tests.plugin.conftest import required

PHP = sorted(SOURCE.rglob("*.php"))
PERSIAN = SOURCE / "languages/pilito-product-sync-fa_IR.po"
SPOKEN = re.compile(
    r"(?:__|esc_(?:html|attr)__|esc_(?:html|attr)_e)\(\s*'((?:[^'\\]|\\.)*)',\s*'([^']*)'\s*\)"
)
PLACEHOLDER = re.compile(r"%(?:\d\$)?[sd]")


def spoken() -> set[str]:
    """Everything the plugin says."""
    found = [match for file in PHP for match in SPOKEN.findall(file.read_text("utf-8"))]
    assert {domain for _, domain in found} == {"pilito-product-sync"}
    return {text.replace("\\'", "'") for text, _ in found} | {header("Plugin Name"), header("Description")}


def header(name: str) -> str:
    found = re.search(rf"^ \* {name}: (.+)$", (SOURCE / "pilito-product-sync.php").read_text("utf-8"), re.M)
    assert found, name
    return found[1]


def test_the_zip_is_the_same_each_time(tmp_path: Path) -> None:
    """Every build has the same bytes."""
    first, second = build(tmp_path / "a.zip"), build(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_the_zip_holds_what_the_contract_names(tmp_path: Path) -> None:
    """One folder, as wp-admin expects it, with its translations compiled and nothing of ours for making it."""
    with zipfile.ZipFile(build(tmp_path / "plugin.zip")) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {"pilito-product-sync"}
    assert {f"pilito-product-sync/{name}" for name in (
        "pilito-product-sync.php", "includes/helpers.php", "includes/class-pilito-api.php",
        "includes/class-pilito-hooks.php", "admin/class-admin-page.php", "admin/views/settings.php",
        "admin/css/admin.css", "admin/js/admin.js", "uninstall.php", "readme.txt", "LICENSE",
        "languages/pilito-product-sync-fa_IR.mo",
    )} <= names  # fmt: skip
    assert {Path(name).suffix for name in names} == {".php", ".css", ".js", ".txt", ".po", ".mo", ""}
    assert [name for name in names if not Path(name).suffix] == ["pilito-product-sync/LICENSE"]


def test_everything_said_is_said_in_persian() -> None:
    """Every sentence of the plugin has a translation, and every translation a sentence."""
    known = translations(PERSIAN.read_text("utf-8"))
    assert spoken() == set(known) - {""}
    assert all(re.search("[آ-ی]", text) for text in known.values() if text != known[""])


def test_translations_keep_the_placeholders() -> None:
    """A sentence and its translation have the same placeholders."""
    translated = translations(PERSIAN.read_text("utf-8"))
    assert [
        text
        for text in sorted(spoken())
        if sorted(PLACEHOLDER.findall(translated[text])) != sorted(PLACEHOLDER.findall(text))
    ] == []


def test_translations_use_persian_letters() -> None:
    """No Arabic ye or kaf, which look the same on many screens."""
    translated = translations(PERSIAN.read_text("utf-8"))
    assert [text for text in sorted(spoken()) if re.search("[يك]", translated[text])] == []


def test_the_compiled_translations_can_be_read() -> None:
    """The .mo is what gettext reads."""
    known = translations(PERSIAN.read_text("utf-8"))
    read = gettext.GNUTranslations(io.BytesIO(mo(known)))
    assert {text: read.gettext(text) for text in known if text} == {t: said for t, said in known.items() if t}


def test_files_requested_directly_do_nothing() -> None:
    """Every PHP file exits unless WordPress loads it."""
    guard = re.compile(r"defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \) \|\| exit;")
    assert [file.name for file in PHP if not guard.search(file.read_text("utf-8"))] == []


def test_the_license_is_the_one_that_the_header_names() -> None:
    """The zip carries the full text of version 2 of the GPL."""
    text = (SOURCE / "LICENSE").read_text("utf-8")
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 2, June 1991" in text
    assert header("License") == "GPL-2.0-or-later"


def test_the_versions_agree() -> None:
    """The header, the constant and the directory's page name one version and the same requirements."""
    readme = (SOURCE / "readme.txt").read_text("utf-8")
    for name, key in (
        ("Version", "Stable tag"),
        *((k, k) for k in ("Requires at least", "Requires PHP", "License")),
    ):
        assert f"{key}: {header(name)}\n" in readme, name
    assert f"'PILITO_PS_VERSION', '{header('Version')}'" in (SOURCE / "pilito-product-sync.php").read_text()
    assert header("Requires Plugins") == "woocommerce"


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_machine_without_php(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """The message names the packages to install: CI fails, another machine skips."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("tests.plugin.shop.search_path", lambda: "/nowhere")
    with pytest.raises(outcome, match=r"php-cli .* wordpress"):
        required()
