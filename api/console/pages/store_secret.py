"""Rotate the secret that signs the webhooks of a store; the new one is shown once."""

from fastapi import Request, Response

from api.actions.stores import rotate_secret
from api.console import forms
from api.console.forms import Form, FormProblem
from api.console.rendering import page
from api.console.routing import pages
from api.console.scope import own_store
from api.dependencies import app_state, read_store
from api.fields import PathId
from api.public_url import public_url
from api.schemas.stores import SecretRotation
from contracts.ids import webhook_address
from contracts.stores import Store

router = pages("/stores")

OVERLAPS = (24, 72, 0)
"""Hours for which the previous secret is accepted too; the first is chosen."""


@router.get("/{store_id:id}/secret/")
async def confirm(request: Request, store_id: PathId) -> Response:
    """What the rotation means for the shop, and the form."""
    await own_store(request, store_id)
    return _form(request, await read_store(app_state(request), store_id), {})


@router.post("/{store_id:id}/secret/")
async def rotate(request: Request, store_id: PathId) -> Response:
    """Rotate the secret; the page that follows is the only one that shows the new one."""
    await own_store(request, store_id)
    state, form = app_state(request), request.state.form
    store, public = await read_store(state, store_id), public_url(request)
    given = forms.filled(form, "webhook_secret")
    try:
        with forms.refused():
            wanted = SecretRotation(overlap_hours=forms.latin(form.get("overlap_hours", "")) or 0, **given)
            changed, secret = await rotate_secret(state, store, wanted)
    except FormProblem as problem:
        return _form(request, store, form, problem)
    return page(
        request,
        "store_secret_made.html",
        store=changed,
        secret=secret,
        webhook_url=webhook_address(public, store.type, store.id),
    )


def _form(request: Request, store: Store, entered: Form, problem: FormProblem | None = None) -> Response:
    return page(
        request,
        "store_secret.html",
        status=problem.status_code if problem else 200,
        store=store,
        entered=entered,
        problem=problem,
        overlaps=OVERLAPS,
    )
