"""What can be wrong with what we are given.

InvalidField            a field of a delivery has a shape that means nothing
EmbeddingProblem        the embedding service answered, but not with what was asked
    UnusableAnswer      something other than one vector of numbers per text; may pass
    WrongDimensions     vectors of another size than configured; will not pass by itself
ForbiddenAddress        a shop's name leads into a network it must not lead to
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


class EventGone(Exception):
    """The store of an event, and with it the event, was removed."""


class SealedByAnother(Exception):
    """A kept secret was sealed by a key that is not among those of PILITO_SECRET_KEY."""
