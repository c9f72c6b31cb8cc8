"""What can be wrong with what we are given.

InvalidField            a field of a delivery has a shape that means nothing
EmbeddingProblem        the embedding service answered, but not with what was asked
    UnusableAnswer      something other than one vector of numbers per text; may pass
    WrongDimensions     vectors of another size than configured; will not pass by itself
ForbiddenAddress        a shop's name leads into a network it must not lead to
ShopProblem             a shop could not be read
    ShopDown            it does not answer, or asks for time; passes by itself
    ShopRefuses         credentials, permission or address: somebody must act
        ShopHides       this one product, though others are shown
        ShopForbids     the key may not do this, and may do other things
    ShopAnswersNonsense something other than its REST API answered; passes by itself
EventGone               the store of an event, and with it the event, was removed
SealedByAnother         a kept secret was sealed by a key we do not have
"""


class InvalidField(ValueError):
    """A field of a delivery has a shape that means nothing; `field` is its path, `problem` says why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class EmbeddingProblem(Exception):
    """The embedding service answered, but not with what was asked."""


class UnusableAnswer(EmbeddingProblem):
    """Something other than one vector of numbers per text."""


class WrongDimensions(EmbeddingProblem):
    """Vectors of another size than configured."""


class ForbiddenAddress(Exception):
    """A shop's name leads into a network it must not lead to."""


class ShopProblem(Exception):
    """A shop could not be read; the text is a sentence for people, without anything the shop wrote."""


class ShopDown(ShopProblem):
    """It does not answer, or asks for time: `retry_after` seconds, where it named them."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ShopRefuses(ShopProblem):
    """Credentials, permission or address: somebody must act, and the sentence says how."""


class ShopHides(ShopRefuses):
    """It has the product, and does not show it to our key."""


class ShopForbids(ShopRefuses):
    """The key may not do this; what it may do otherwise goes on."""


class ShopAnswersNonsense(ShopProblem):
    """Something other than its REST API answered: a maintenance page, broken JSON."""


class EventGone(Exception):
    """The store of an event, and with it the event, was removed."""


class UnknownKey(Exception):
    """A kept secret was sealed by a key that is not among those of PILITO_SECRET_KEY."""
