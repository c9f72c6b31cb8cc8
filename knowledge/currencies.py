"""What shops write for the currencies of Iran, between which prices can be converted."""

RIALS = {"IRR": 1, "IRT": 10, "IRHR": 1_000, "IRHT": 10_000}
"""Iran's codes, of ISO and of WooCommerce -> the rial in one unit."""

SPELLINGS = {
    "ریال": "IRR",
    "ریال ایران": "IRR",
    "rial": "IRR",
    "rials": "IRR",
    "iranian rial": "IRR",
    "تومان": "IRT",
    "تومن": "IRT",
    "تومان ایران": "IRT",
    "toman": "IRT",
    "tomans": "IRT",
    "tooman": "IRT",
    "iranian toman": "IRT",
    "هزار ریال": "IRHR",
    "هزار تومان": "IRHT",
    "هزار تومن": "IRHT",
}
"""Words that shops write instead of a code. The sign of the rial and its Arabic spelling are not among them:
shops in Saudi Arabia, Qatar and Yemen write the same."""
