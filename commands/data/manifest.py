"""The manifest of a backup: what its dump has, and how to see that it is whole."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from commands.data.files import new_file, sha256_of
from commands.environment import fail

MANIFEST, DUMP = "manifest.json", "postgres.dump"

LARGEST = 1_000_000
"""Bytes of a manifest; larger ones are not read."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,100}$")]
Count = Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """What was dumped, by which versions, and the checksum of the dump.

    `rows` are the rows by table at the moment `made_at`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    version: Name
    migration: Name
    postgres: Name
    pg_dump: Name
    made_at: AwareDatetime
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows: dict[Name, Count]


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a dump that is complete; raises OSError."""
    draft = folder / f"{MANIFEST}.part"
    with new_file(draft) as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
    draft.rename(folder / MANIFEST)


def read(folder: Path) -> Manifest:
    """Returns the manifest of a backup; exits with a sentence if there is none, or none that can be read."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > LARGEST:
            raise fail(f"{path} is larger than a manifest can be: this is no backup.")
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise fail(f"{path} does not exist: this is no backup, or `pilito backup` did not end.") from None
    except OSError as error:
        raise fail(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise fail(f"{path} is no manifest of this version: {field}: {first['msg']}.") from None


def check(folder: Path, manifest: Manifest) -> None:
    """Exit with a sentence if the dump of a backup is missing, cut off or changed."""
    dump = folder / DUMP
    try:
        size = dump.stat().st_size
        if size != manifest.bytes:
            raise fail(f"{dump} has {size:,} bytes instead of {manifest.bytes:,}: copy the backup again.")
        if sha256_of(dump) != manifest.sha256:
            raise fail(f"{dump} was changed since the backup: its checksum differs. Use another backup.")
    except OSError as error:
        raise fail(f"{dump} cannot be read: {error.strerror}.") from None
