"""Numbers before their nouns in English sentences; Persian nouns do not change after a number."""


def counted(number: int, one: str, several: str = "") -> str:
    """Returns a number with its noun, such as `1 event` and `1,200 events`.

    `several` is what follows every number but 1 if that is not `one` with an s: `entries`, or a noun with a
    verb.
    """
    return agreeing(number, f"1 {one}", f"{number:,} {several or f'{one}s'}")


def agreeing(number: int, one: str, several: str) -> str:
    """Returns the sentence that agrees with a number of things: `one` for 1, `several` for any other."""
    return one if number == 1 else several


def indexed(chunks: int) -> str:
    """Returns the reason of an event that indexed its text."""
    return agreeing(chunks, "Indexed; 1 chunk was embedded.", f"Indexed; {chunks} chunks were embedded.")
