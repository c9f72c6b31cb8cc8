"""Query parameters, bodies and responses of accounts; none of them shows a password or a secret."""

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic.config import JsonDict

from api.bodies import RequestBody
from api.fields import Words
from api.openapi.build import ResponseModel, example
from api.schemas.pagination import Page, PageParams, page_example
from database.access.accounts import LEAST_PASSWORD, LONGEST_EMAIL, MOST_PASSWORD
from database.access.users import Person

EXAMPLE: JsonDict = {
    "id": 2,
    "email": "owner@shop.example",
    "is_staff": False,
    "is_active": True,
    "created_at": "2026-11-01T08:00:00Z",
    "stores": 1,
    "seen_at": "2026-11-20T10:00:00Z",
}

_EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}"


def _email(value: str) -> str:
    if len(value) > LONGEST_EMAIL or not re.fullmatch(_EMAIL, value):
        raise ValueError("expected an email address such as owner@shop.example")
    return value


Email = Annotated[
    str,
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_EMAIL, "pattern": f"^{_EMAIL}$"}),
]
Password = Annotated[str, Field(min_length=LEAST_PASSWORD, max_length=MOST_PASSWORD)]


class UserOut(ResponseModel):
    """An account."""

    model_config = example(EXAMPLE)

    id: int
    email: str
    is_staff: bool = Field(description="whether it is an admin")
    is_active: bool = Field(description="false once it is disabled: no one signs in, its tokens are refused")
    created_at: datetime
    stores: int = Field(description="how many stores it owns")
    seen_at: datetime | None = Field(description="its last request in the console")

    @classmethod
    def of(cls, person: Person) -> Self:
        return cls.from_fields_of(person)


class UserPage(Page[UserOut]):
    """A page of accounts, the newest first."""

    model_config = example(page_example("users", EXAMPLE))


class UserListParams(PageParams):
    """The query parameters of the list of accounts; `search` is a part of the email."""

    search: Words = ""


class NewUserRequest(RequestBody):
    """A new account: an email address that no other account has, and its first password."""

    model_config = example({"email": "owner@shop.example", "password": "a long password"})

    email: Email
    password: Password
    is_staff: bool = False


class UserChange(RequestBody):
    """The fields to change. A new password and `is_active: false` end all sessions of the account."""

    model_config = example({"is_active": False})

    is_staff: bool | None = None
    is_active: bool | None = None
    password: Password | None = None


class UserExport(ResponseModel):
    """All that is stored about an account, its stores, their tokens and its sessions, without secrets.

    The lists of products and events have their own routes.
    """

    model_config = example(
        {
            "account": {"id": 2, "email": "owner@shop.example", "is_staff": False},
            "stores": [{"id": 3, "name": "فروشگاه لپ‌تاپ", "type": "woocommerce"}],
            "tokens": [{"id": 5, "preview": "wc_sk_...x7q2m9", "store_id": 3}],
            "sessions": [{"id": 8, "address": "203.0.113.7", "user_agent": "Firefox"}],
        }
    )

    account: dict[str, Any]
    stores: list[dict[str, Any]]
    tokens: list[dict[str, Any]]
    sessions: list[dict[str, Any]] = Field(description="sessions in the console")
