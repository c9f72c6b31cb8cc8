"""The bodies of forms: what a browser sends, read into fields, or refused with a reason."""

from urllib.parse import unquote_to_bytes

from fastapi import Request

from api.errors import ApiError, invalid, invalid_field

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


async def form_of(request: Request) -> dict[str, str]:
    """Returns the fields of a form; files are left out.

    Raises 415 for a body of another kind, 413 for a long one, and 400 for one that is damaged.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind not in (URL_ENCODED, MULTIPART) and (kind or body):
        raise ApiError(415, {"error": f"The body is not a form: {kind or 'it has no Content-Type'}"})
    if kind == URL_ENCODED:
        _check_encoding(body)
    form = await request.form()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    for name, value in fields.items():
        if "\0" in name + value:
            raise invalid_field(name.replace("\0", ""), "has a character that cannot be stored")
    return fields


def _check_encoding(body: bytes) -> None:
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        raise invalid("The form is not UTF-8") from None
