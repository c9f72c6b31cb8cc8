"""Countries by their codes of ISO 3166-1, and the country of a currency."""

from iso4217 import Currency

from catalogue.money import iso_code

_SECOND_LETTERS = {
    "A": "DEFGILMOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTVWYZ",
    "C": "ACDFGHIKLMNORUVWXYZ",
    "D": "EJKMOZ",
    "E": "CEGHRST",
    "F": "IJKMOR",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTU",
    "I": "DELMNOQRST",
    "J": "EMOP",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHKLMNOPQRSTUVWXYZ",
    "N": "ACEFGILOPRUZ",
    "O": "M",
    "P": "AEFGHKLMNRSTWY",
    "Q": "A",
    "R": "EOSUW",
    "S": "ABCDEGHIJKLMNORSTVXYZ",
    "T": "CDFGHJKLMNORTVWZ",
    "U": "AGMSYZ",
    "V": "ACEGINU",
    "W": "FS",
    "Y": "ET",
    "Z": "AMW",
}
"""First letter of a code -> its second letters."""

COUNTRIES = frozenset(first + second for first, seconds in _SECOND_LETTERS.items() for second in seconds)
"""All codes of two letters."""


def country_of(currency: str) -> str | None:
    """Returns the country of a shop's currency: `IR` for toman.

    Returns None for a currency that several countries have, such as dollar and euro, and for an unknown one.
    """
    iso = iso_code(currency)
    if iso is None or len(Currency(iso).country_names) != 1:
        return None
    return iso[:2] if iso[:2] in COUNTRIES else None
