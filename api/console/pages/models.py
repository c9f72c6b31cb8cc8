"""The embedding model, for admins: which one serves, whether it answers, and what is embedded with it."""

from fastapi import Request, Response

from api.actions.embedding import check_embedder
from api.console.formats import Formats
from api.console.rendering import page
from api.console.routing import staff_pages
from api.console.session import Visitor
from api.console.usage import DAYS, usage_panel
from api.dependencies import app_state
from database.chunks import models
from database.usage import days

router = staff_pages("/models")


@router.get("/")
async def show(request: Request) -> Response:
    """The model that serves, with its chunks and what it cost in thirty days."""
    state = app_state(request)
    visitor: Visitor = request.state.visitor
    label = state.embedding_label
    check = await check_embedder(state.embedder)
    async with state.database.reading() as connection:
        chunks = await models.by_model(connection)
        used = await days.glance(connection, None, days=DAYS, model=label)
    formats = Formats(visitor.language, state.database.clock.estimate())
    return page(
        request,
        "models.html",
        label=label,
        check=check,
        counts={label: chunks.counts.get(label, 0), **chunks.counts},
        is_exact=chunks.is_exact,
        has_chunks=bool(chunks.counts),
        usage=usage_panel(used, formats),
    )
