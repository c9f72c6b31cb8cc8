"""What people ask the search of a store, what got no good answer, and synonyms that give one."""

from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import Field, TypeAdapter

from api.actions import synonyms as change
from api.console.cursors import PageCursors
from api.console.params import PageQuery
from api.console.rendering import address, go, page
from api.console.routing import pages
from api.console.scope import one_store, own_store
from api.dependencies import app_state
from api.errors import ApiError
from api.fields import LARGEST_ID, Id, Words
from database import questions
from database.access.store_names import StoreName
from database.questions import Place, QuestionFilter
from database.search import synonyms
from knowledge.normalise import normalise
from knowledge.search.keys import compact
from knowledge.search.synonym_lists import LONGEST_PHRASE, MOST_PHRASES, MOST_WORDS

router = pages("/questions")

PAGE = 50
LIST = "/console/questions/"
SYNONYM = f"{LIST}synonym/"
PERIODS = (1, 7, 30)
"""In days; longer ones than questions are kept are not offered."""

_CURSORS = PageCursors[tuple[int, str]](
    TypeAdapter(tuple[Annotated[int, Field(ge=0, le=LARGEST_ID)], Annotated[str, Field(max_length=1_000)]])
)


class QuestionQuery(PageQuery):
    """The filters of the list."""

    store: Id | None = None
    kind: Literal["all", "unanswered"] = "all"
    days: Annotated[int, Field(ge=1, le=3_650)] = 7
    search: Words = ""
    cursor: str | None = None

    def filter(self) -> QuestionFilter:
        search = " ".join(normalise(self.search).split())
        return QuestionFilter(days=self.days, only_unanswered=self.kind == "unanswered", search=search)


class SynonymForm(PageQuery):
    """Phrases that mean the same: the question, and one or more a line."""

    store: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0
    text: Annotated[str, Field(max_length=1_000)] = ""
    phrase: Annotated[str, Field(max_length=1_000)] = ""
    others: Annotated[str, Field(max_length=10_000)] = ""

    def phrases(self) -> list[str]:
        """Returns the phrases, the one of the question first; different spellings of one are one."""
        lines = filter(None, (line.strip() for line in (self.phrase, *self.others.splitlines())))
        found: dict[str, str] = {}
        for line in lines:
            found.setdefault(compact(line) or line, line)
        return list(found.values())


@router.get("/")
async def show(request: Request) -> Response:
    """A page of questions, the ones asked or unanswered most first."""
    query = QuestionQuery(**request.query_params)
    scope = await one_store(request, query.store)
    store, state = scope.chosen, app_state(request)
    if store is None:
        return page(request, "overview_empty.html", scope=scope)
    after = _CURSORS.read(query.cursor)
    async with state.database.reading() as connection:
        rows, following = await questions.list_questions(
            connection,
            store.id,
            query.filter(),
            after=Place(rank=after[0], text=after[1]) if after else None,
            limit=PAGE,
        )
        is_kept = await questions.keeps(connection, store.id)
    kept = query.query(cursor=None, store=store.id)
    cursor = _CURSORS.write((following.rank, following.text)) if following else ""
    days = state.settings.questions_days
    return page(
        request,
        "questions.html",
        scope=scope,
        store=store,
        query=query,
        rows=[(row, _links(store, row.text)) for row in rows],
        periods=sorted({*(period for period in PERIODS if period <= days), query.days}),
        days=days,
        is_kept=is_kept,
        first=address(LIST, kept) if query.cursor else "",
        following=address(LIST, {**kept, "cursor": cursor}) if cursor else "",
    )


def _links(store: StoreName, question: str) -> dict[str, str]:
    """Returns where a question leads: to the playground, to a synonym, and to a product's explanation."""
    return {
        "search": address("/console/search/", {"store": store.id, "q": question}),
        "synonym": address(SYNONYM, {"store": store.id, "text": question}),
        "explain": address("/console/products/explain/", {"store": store.id, "external_id": question}),
    }


@router.post("/switch/")
async def switch(request: Request) -> Response:
    """Count the questions of a store, or remove all of them and count none."""
    form = QuestionQuery(**request.state.form)
    store = await own_store(request, form.store or 0)
    keep = request.state.form.get("keep") == "yes"
    async with app_state(request).database.transaction() as connection:
        await questions.switch(connection, store.id, keep=keep)
    return go(LIST, store=store.id, done="questions_on" if keep else "questions_off")


@router.get("/synonym/")
async def show_synonym(request: Request) -> Response:
    """The form that adds phrases to the synonyms of a store."""
    form = SynonymForm(**request.query_params)
    store = await own_store(request, form.store)
    return await _form(request, store, form)


@router.post("/synonym/")
async def add_synonym(request: Request) -> Response:
    """Add phrases to the synonyms of a store, and ask the question again."""
    form = SynonymForm(**request.state.form)
    store = await own_store(request, form.store)
    phrases = form.phrases()
    if len(phrases) < 2:
        return await _form(request, store, form, problem="few")
    try:
        await change.add_group(app_state(request), store.id, phrases, owner=store.user_id)
    except ApiError as error:
        if error.status_code != 400:
            raise
        return await _form(request, store, form, problem="wrong", said=str(error.content["error"]))
    return go("/console/search/", store=store.id, q=form.text or form.phrase, done="synonym_added")


@router.post("/synonym/remove/")
async def remove_synonym(request: Request) -> Response:
    """Remove the group of a phrase from the synonyms of a store."""
    form = SynonymForm(**request.state.form)
    store = await own_store(request, form.store)
    await change.remove_group(app_state(request), store.id, form.phrase, owner=store.user_id)
    return go(SYNONYM, store=store.id, text=form.text, done="synonym_removed")


async def _form(
    request: Request, store: StoreName, form: SynonymForm, *, problem: str = "", said: str = ""
) -> Response:
    """Returns the form, after a problem with what was entered."""
    async with app_state(request).database.reading() as connection:
        present = await synonyms.read(connection, store.id)
    return page(
        request,
        "synonym.html",
        status=400 if problem else 200,
        store=store,
        form=form,
        phrase=form.phrase or " ".join(normalise(form.text[:1_000]).split())[:LONGEST_PHRASE],
        problem=problem,
        said=said,
        groups=present.groups if present else [],
        most={"words": MOST_WORDS, "characters": LONGEST_PHRASE, "phrases": MOST_PHRASES},
    )
