"""Change the synonyms of a store."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from api.dependencies import AppState
from api.errors import ApiError, invalid_field, not_found
from database.search import synonyms
from database.search.synonyms import SynonymList, Unchecked
from knowledge.search.keys import compact
from knowledge.search.synonym_lists import Group, problems, tidy

CHANGED = "The synonyms have another version now: read them again"


def checked(groups: list[Group]) -> list[Group]:
    """Returns groups as they are stored; raises a 400 for the first problem."""
    for problem in problems(groups):
        places = [number - 1 for number in (problem.group, problem.phrase) if number]
        raise invalid_field(".".join(map(str, ("groups", *places))), f"{problem}: {problem.reason}")
    return tidy(groups)


async def replace(
    state: AppState,
    store_id: int,
    groups: list[Group],
    *,
    owner: int | None,
    expected: UUID | Unchecked | None,
) -> SynonymList:
    """Replace all synonyms of a store of this owner, or of any store. Raises 400, 404 and 409."""
    wanted = await asyncio.to_thread(checked, groups)
    async with state.database.transaction() as connection:
        if await synonyms.read(connection, store_id, owner=owner) is None:
            raise not_found("store")
        stored = await synonyms.replace(connection, store_id, wanted, expected=expected)
    if stored is None:
        raise ApiError(409, {"error": CHANGED, "field": "version"})
    return stored


async def add_group(
    state: AppState, store_id: int, phrases: Sequence[str], *, owner: int | None
) -> SynonymList:
    """Add phrases that mean the same; groups that have one of them are joined with these.

    Raises 400, 404, and 409 if the list was changed at the same time.
    """
    async with state.database.reading() as connection:
        present = await synonyms.read(connection, store_id, owner=owner)
    if present is None:
        raise not_found("store")
    keys = {compact(phrase) for phrase in phrases}
    joined, others = list(phrases), list[Group]()
    for group in present.groups:
        if keys.isdisjoint(map(compact, group)):
            others.append(list(group))
        else:
            joined += group
    return await replace(state, store_id, [*others, *tidy([joined])], owner=owner, expected=present.version)


async def remove_group(state: AppState, store_id: int, phrase: str, *, owner: int | None) -> SynonymList:
    """Remove the group that has a phrase, if there is one; raises 404, and 409 as `add_group`."""
    async with state.database.reading() as connection:
        present = await synonyms.read(connection, store_id, owner=owner)
    if present is None:
        raise not_found("store")
    key = compact(phrase)
    others = [list(group) for group in present.groups if key not in map(compact, group)]
    if len(others) == len(present.groups):
        return present
    return await replace(state, store_id, others, owner=owner, expected=present.version)
