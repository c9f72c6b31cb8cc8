"""`make plugin`: the WordPress plugin as the zip that wp-admin takes, the same bytes wherever it is built."""

import ast
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent
SOURCE = ROOT / "pilito-product-sync"
EPOCH = (1980, 1, 1, 0, 0, 0)
MO_MAGIC = 0x950412DE


def translations(po: str) -> dict[str, str]:
    """The messages of a .po file; without contexts and plurals, which the plugin has none of."""
    found: dict[str, str] = {}
    message = {"msgid": "", "msgstr": ""}
    part = ""
    for line in [*po.splitlines(), ""]:
        keyword, _, rest = line.partition(" ")
        if keyword in message:
            part, text = keyword, rest
            message[part] = ""
        elif line.startswith('"'):
            text = line
        elif not line or line.startswith("#"):
            if part:
                found[message["msgid"]] = message["msgstr"]
            part = ""
            continue
        else:
            raise ValueError(f"cannot read {line!r}")
        message[part] += ast.literal_eval(text)
    return found


def mo(messages: dict[str, str]) -> bytes:
    """The form WordPress reads: two tables of lengths and offsets, then the texts, sorted by message."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items() if value)
    at = 28 + 16 * len(pairs)
    tables, texts = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), at + len(texts)))
            texts += pair[column] + b"\0"
    head = struct.pack("<7I", MO_MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return head + b"".join(tables) + texts


def contents() -> Iterator[tuple[str, bytes]]:
    """Returns every file of the zip; each .po comes with its .mo."""
    for file in sorted(SOURCE.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            name = file.relative_to(ROOT).as_posix()
            yield name, file.read_bytes()
            if file.suffix == ".po":
                yield name.removesuffix(".po") + ".mo", mo(translations(file.read_text("utf-8")))


def build(target: Path) -> Path:
    """Write the zip. Stored, not deflated: compressors differ between machines."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return target


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "pilito-product-sync.zip"))
