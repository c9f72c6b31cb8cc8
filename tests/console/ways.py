"""What the people of the ways do again and again: sign in, and look at what the database holds of a shop."""

from database.access import provision
from tests.console.browser import PASSWORD
from tests.console.screen import Screen
from tests.support.shop import Shop
from tests.support.system import System


async def owner_of(system: System, shop: Shop) -> str:
    """Returns the e-mail address of a shop's owner, who has a password from now on."""
    row = await shop.one("SELECT u.email FROM users u JOIN stores s ON s.user_id = u.id WHERE s.id = :store")
    assert row
    await provision.save_user(system.database, email=row["email"], password=PASSWORD)
    return str(row["email"])


async def enter(screen: Screen, email: str) -> None:
    """Fill in the form of sign-in and send it."""
    await screen.page.fill("input[name=email]", email)
    await screen.page.fill("input[name=password]", PASSWORD)
    await screen.page.click("main form button")


async def statuses(shop: Shop) -> dict[str, int]:
    """Returns how many events of a shop have each status."""
    rows = await shop.rows("SELECT status, count(*) AS n FROM events WHERE store_id = :store GROUP BY 1")
    return {row["status"]: row["n"] for row in rows}
