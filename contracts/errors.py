"""The errors of the product.

InvalidBody             a body is not the JSON that is expected
InvalidField            a field of a delivery or request is invalid
EmbeddingProblem        the embedding service sent an unusable answer
    UnusableAnswer      something other than one vector of numbers per text; may be temporary
    WrongDimensions     vectors of another size than configured; needs an operator
ForbiddenAddress        a shop's name resolves to a network that is not allowed
ShopProblem             a shop could not be read
    ShopDown            it does not answer, or asks us to wait; temporary
    ShopRefuses         credentials, permission or address: needs an operator
        ShopHides       the key may not read this product, but may read others
        ShopForbids     the key may not do this, but may do other things
    ShopAnswersNonsense something other than its API answered; may be temporary
        ShopSendsTooMuch an answer is larger than is read; one about fewer products may not be
RowGone                 the row of an event or a sync is gone or belongs to another workflow
UnknownKey              a stored secret is encrypted with a key that is not in PILITO_SECRET_KEY
TooExpensive            an input needs more CPU time or memory than one may have
"""

from pydantic import ValidationError


class InvalidBody(Exception):
    """A body is not JSON, or not the JSON that is expected; `problem` is empty or says where."""

    def __init__(self, error: str, problem: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.problem = problem

    def __reduce__(self) -> tuple[type["InvalidBody"], tuple[str, str]]:
        return type(self), (self.error, self.problem)


class InvalidField(ValueError):
    """A field of a delivery or request is invalid; `field` is its path, `problem` says why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

    def __reduce__(self) -> tuple[type["InvalidField"], tuple[str, str]]:
        return type(self), (self.field, self.problem)

    @classmethod
    def of(cls, error: ValidationError, *path: str) -> "InvalidField":
        """Returns the first field that a model refuses; `path` leads to the validated body."""
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join((*path, *map(str, first["loc"])))
        return cls(field, first["msg"].removeprefix("Value error, "))


class EmbeddingProblem(Exception):
    """The embedding service sent an unusable answer."""


class UnusableAnswer(EmbeddingProblem):
    """The answer is not one vector of numbers per text."""


class WrongDimensions(EmbeddingProblem):
    """The vectors have another size than configured."""


class ForbiddenAddress(Exception):
    """A shop's name resolves to a network that is not allowed."""


class ShopProblem(Exception):
    """A shop could not be read; the message is a sentence for people, without words of the shop."""


class ShopDown(ShopProblem):
    """The shop does not answer, or asks us to wait `retry_after` seconds."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ShopRefuses(ShopProblem):
    """Credentials, permission or address are wrong; the message says what an operator must do."""


class ShopHides(ShopRefuses):
    """The key may not read this product, but may read others."""


class ShopForbids(ShopRefuses):
    """The key may not do this, but may do other things."""


class ShopAnswersNonsense(ShopProblem):
    """Something other than the shop's API answered: a maintenance page, broken JSON."""


class ShopSendsTooMuch(ShopAnswersNonsense):
    """An answer is above a bound on its size; an answer about fewer products may be below it."""


class RowGone(Exception):
    """The row of an event or a sync is gone, or belongs to another workflow.

    The store was removed, or the database was restored: then its numbers are given out a second time.
    """


UNKNOWN_KEY = (
    "A stored secret is encrypted with a key that PILITO_SECRET_KEY lacks: add that key to it, after a comma,"
    " or replace the secret."
)


class UnknownKey(Exception):
    """A stored secret is encrypted with a key that PILITO_SECRET_KEY lacks; the message says what to do."""

    def __init__(self, reason: str = UNKNOWN_KEY) -> None:
        super().__init__(reason)


class TooExpensive(Exception):
    """An input needs more CPU time or memory than one may have."""

    def __init__(self, reason: str = "It takes too much CPU time or memory to read.") -> None:
        super().__init__(reason)
