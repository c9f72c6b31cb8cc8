"""Errors that cross the borders of rooms.

InvalidField            a field of a delivery is invalid
EmbeddingProblem        the embedding service sent an unusable answer
    UnusableAnswer      not one vector of numbers per text; temporary
    WrongDimensions     vectors of another size than configured; permanent
ForbiddenAddress        a shop's host name resolves to a forbidden network
ShopProblem             a shop could not be read
    ShopDown            it does not answer, or asks us to wait; temporary
    ShopRefuses         credentials, permission or address are wrong; an operator must act
        ShopHides       this one product is not visible to the key
        ShopForbids     the key lacks a permission, and has others
    ShopAnswersNonsense the answer is not one of its REST API; temporary
EventGone               the store of an event was removed, and the event with it
UnknownKey              a stored secret is encrypted with a key that is not in PILITO_SECRET_KEY
"""


class InvalidField(ValueError):
    """A field of a delivery is invalid; `field` is its path, `problem` says why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class EmbeddingProblem(Exception):
    """The embedding service sent an unusable answer."""


class UnusableAnswer(EmbeddingProblem):
    """The answer is not one vector of numbers per text."""


class WrongDimensions(EmbeddingProblem):
    """Vectors of another size than configured."""


class ForbiddenAddress(Exception):
    """A shop's host name resolves to a forbidden network."""


class ShopProblem(Exception):
    """A shop could not be read; the message is for people and quotes nothing of the shop's answer."""


class ShopDown(ShopProblem):
    """The shop does not answer, or asks us to wait: for `retry_after` seconds, if it says how long."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ShopRefuses(ShopProblem):
    """Credentials, permission or address are wrong; the message says what an operator must do."""


class ShopHides(ShopRefuses):
    """The shop has the product and does not show it to our key."""


class ShopForbids(ShopRefuses):
    """The key lacks the permission for one request; other requests still work."""


class ShopAnswersNonsense(ShopProblem):
    """The answer is not one of the shop's REST API: a maintenance page, broken JSON."""


class EventGone(Exception):
    """The store of an event was removed, and the event with it."""


class UnknownKey(Exception):
    """A stored secret is encrypted with a key that is not in PILITO_SECRET_KEY."""
