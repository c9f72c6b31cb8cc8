"""Vectors on their way into Postgres: in binary and as precise as they are kept, so that it casts nothing."""

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
    """An array of one dimension whose elements are pgvector's: a length, two unused bytes, the numbers."""

    format = Format.BINARY
    element_oid: int

    def dump(self, obj: Vectors) -> bytes:
        parts = [struct.pack(">iiIii", 1, 0, self.element_oid, len(obj), 1)]
        for vector in obj:
            parts += (struct.pack(">iHH", 4 + len(vector), len(vector) // 2, 0), vector)
        return b"".join(parts)


def accept_vectors(engine: AsyncEngine) -> None:
    """Let connections of an engine take `Vectors`; one that is made before pgvector is there does not."""
    dumpers: list[type[_Dumper]] = []

    async def teach(connection: psycopg.AsyncConnection) -> None:
        if not dumpers and (info := await TypeInfo.fetch(connection, "halfvec")):
            oids = {"oid": info.array_oid, "element_oid": info.oid}
            dumpers.append(type("_DumperOfThisDatabase", (_Dumper,), oids))
        for dumper in dumpers:
            connection.adapters.register_dumper(Vectors, dumper)

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: object, _: object) -> None:
        connection.run_async(teach)  # type: ignore[attr-defined]  # SQLAlchemy's adapter, which it leaves untyped
