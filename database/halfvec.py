"""Send vectors to Postgres in pgvector's binary format, so that Postgres casts nothing."""

import struct

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.search import Vector


class Vectors(list[Vector]):
    """A value of `halfvec[]`."""


class _Dumper(Dumper):
    """Dumps a one-dimensional array; each element is a length, two unused bytes and the numbers."""

    format = Format.BINARY
    element_oid: int

    def dump(self, obj: Vectors) -> bytes:
        parts = [struct.pack(">iiIii", 1, 0, self.element_oid, len(obj), 1)]
        for vector in obj:
            parts += (struct.pack(">iHH", 4 + len(vector), len(vector) // 2, 0), vector)
        return b"".join(parts)


def accept_vectors(engine: AsyncEngine) -> None:
    """Register `Vectors` on new connections of an engine, once the extension is installed."""
    dumpers: list[type[_Dumper]] = []

    async def register(connection: psycopg.AsyncConnection) -> None:
        if not dumpers and (info := await TypeInfo.fetch(connection, "halfvec")):
            oids = {"oid": info.array_oid, "element_oid": info.oid}
            dumpers.append(type("_DumperOfThisDatabase", (_Dumper,), oids))
        for dumper in dumpers:
            connection.adapters.register_dumper(Vectors, dumper)

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: object, _: object) -> None:
        connection.run_async(register)  # type: ignore[attr-defined]  # SQLAlchemy's adapter, which it leaves untyped
