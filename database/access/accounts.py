"""What an account of a person needs."""

import re

LEAST_PASSWORD = 12
"""Characters; shorter passwords are guessed."""

MOST_PASSWORD = 1024
"""Characters that are compared when signing in."""

LONGEST_EMAIL = 254

_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[^\s@<>\"(),:;\[\]\\.]+(\.[^\s@<>\"(),:;\[\]\\.]+)*")


def email_problem(email: str) -> str | None:
    """Returns why a text is not an email address, as a sentence; None for an address."""
    if len(email) <= LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email):
        return None
    return f"{email!r} is not an email address."


def password_problem(password: str) -> str | None:
    """Returns why a password is refused, as a sentence; None for an accepted one."""
    if len(password) < LEAST_PASSWORD:
        return f"A password needs at least {LEAST_PASSWORD} characters."
    if len(password) > MOST_PASSWORD:
        return f"A password has at most {MOST_PASSWORD} characters."
    return None
