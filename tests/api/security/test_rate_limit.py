"""The rate limits of tokens and users, shared by all API processes, and local while Postgres is down."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import make_url, text

from api.errors import ApiError
from api.security import rate_limit as limits
from api.security.rate_limit import RateLimit, TokenBuckets
from database.access.rate_limits import Holder
from database.engine import Database, create_engine
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System, serving

HEALTH = "/api/integrations/woocommerce/health/"
ME = "/api/v1/auth/me/"
SEARCH = "/api/v1/knowledge/search/"


@pytest_asyncio.fixture
async def database(configure: Configure) -> AsyncIterator[Database]:
    opened = Database(create_engine(configure().database_url or "", pool_size=4))
    yield opened
    await opened.close()


async def taken(limit: RateLimit, token_id: int, *, most: int = 10_000) -> int:
    """Returns how many requests pass before the first refused one."""
    for number in range(most):
        try:
            await limit.check(token_id)
        except ApiError:
            return number
    return most


async def waiting_leases(shop: Shop) -> int:
    rows = await shop.rows(
        "SELECT count(*) AS n FROM pg_locks WHERE relation = 'rate_limits'::regclass AND NOT granted"
    )
    return int(rows[0]["n"])


async def test_two_processes_share_one_limit(shop: Shop, system: System, configure: Configure) -> None:
    """Requests to one process use up the limit of the other; another token has its own bucket."""
    settings = configure(requests_per_minute=6)
    other = await system.shop()
    async with serving(settings) as first, serving(settings) as second:
        assert (await first.get(HEALTH, headers=shop.headers)).status_code == 200
        refused = await second.get(HEALTH, headers=shop.headers)
        assert (refused.status_code, refused.json()) == (429, {"error": "Too many requests"})
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await first.get(HEALTH, headers=shop.headers)).status_code == 429
        assert (await second.get(HEALTH, headers=other.headers)).status_code == 200


async def test_sessions_have_the_limit_of_tokens(shop: Shop, system: System, configure: Configure) -> None:
    """Per user, shared by processes, on every route: a search may cost an embedding."""
    settings = configure(requests_per_minute=6)
    user, other = (
        await session_of(system, shop.user_id),
        await session(system, f"o{shop.store_id}@example.com"),
    )
    async with serving(settings) as first, serving(settings) as second:
        found = await first.post(SEARCH, json={"query": "چراغ"}, headers=user)
        assert found.status_code == 200
        again = await second.post(SEARCH, json={"query": "چراغ دیگر"}, headers=user)
        assert (again.status_code, again.json()) == (429, {"error": "Too many requests"})
        assert 1 <= int(again.headers["retry-after"]) <= 10
        assert (await first.get(ME, headers=user)).status_code == 429
        assert (await first.get(ME, headers=other)).status_code == 200
        counted = (await first.get("/metrics")).text
        assert 'pilito_rate_limit_total{outcome="refused"} 1.0' in counted
        assert 'pilito_rate_limit_total{outcome="allowed"} 2.0' in counted


async def test_users_and_tokens_have_buckets_of_their_own(shop: Shop, database: Database) -> None:
    """A user and a token with the same id do not share one."""
    of_tokens, of_users = RateLimit(database, 6), RateLimit(database, 6, Holder.USER)
    async with database.single() as connection:
        await connection.execute(
            text(
                "INSERT INTO users (id, email, password_hash) OVERRIDING SYSTEM VALUE"
                " VALUES (:id, :email, '') ON CONFLICT DO NOTHING"
            ),
            {"id": shop.token_id, "email": f"same{shop.token_id}@example.com"},
        )
        used = text("DELETE FROM user_rate_limits WHERE user_id = :id")
        await connection.execute(used, {"id": shop.token_id})
    assert await taken(of_tokens, shop.token_id) == 1
    assert await taken(of_users, shop.token_id) == 1
    async with database.single() as connection:  # the sequence of ids would reach it later
        await connection.execute(
            text("DELETE FROM users WHERE email = :email"), {"email": f"same{shop.token_id}@example.com"}
        )


async def test_a_small_limit_is_exact(shop: Shop, database: Database) -> None:
    """Ten seconds' worth of requests, for any number of processes."""
    each = [RateLimit(database, 12) for _ in range(3)]
    assert [await taken(limit, shop.token_id, most=1) for limit in each] == [1, 1, 0]


async def test_a_large_limit_is_leased_in_shares(shop: Shop, database: Database) -> None:
    """A tenth of a second's worth at a time, so most requests need no round trip."""
    limit = RateLimit(database, 6000)
    await limit.check(shop.token_id)
    (row,) = await shop.rows("SELECT full_at FROM rate_limits WHERE token_id = :token", token=shop.token_id)
    for _ in range(9):
        await limit.check(shop.token_id)
    assert await shop.rows(
        "SELECT full_at FROM rate_limits WHERE token_id = :token", token=shop.token_id
    ) == [row]
    await limit.check(shop.token_id)
    (later,) = await shop.rows("SELECT full_at FROM rate_limits WHERE token_id = :token", token=shop.token_id)
    assert later["full_at"] > row["full_at"]


async def test_concurrent_requests_get_no_more_than_the_limit(shop: Shop, database: Database) -> None:
    """Concurrent requests wait for one lease."""
    each = [RateLimit(database, 60) for _ in range(2)]
    answers = await asyncio.gather(
        *(limit.check(shop.token_id) for limit in each for _ in range(50)), return_exceptions=True
    )
    assert answers.count(None) == 10
    assert all(isinstance(answer, ApiError) for answer in answers if answer is not None)


async def test_retry_after_is_exact(shop: Shop, database: Database) -> None:
    """After that many seconds the bucket has another request."""
    limit = RateLimit(database, 60)
    assert await taken(limit, shop.token_id) == 10
    with pytest.raises(ApiError) as refused:
        await limit.check(shop.token_id)
    after = int((refused.value.headers or {})["Retry-After"])
    assert after == 1
    async with database.single() as connection:
        await connection.execute(
            text("UPDATE rate_limits SET full_at = full_at - make_interval(secs => :s) WHERE token_id = :id"),
            {"s": after, "id": shop.token_id},
        )
    assert await taken(RateLimit(database, 60), shop.token_id) >= 1


async def test_the_bucket_is_removed_with_its_token(shop: Shop, database: Database) -> None:
    """The row is deleted with the token; the limit of a deleted token raises no error."""
    limit = RateLimit(database, 6)
    await limit.check(shop.token_id)
    async with database.single() as connection:
        await connection.execute(text("DELETE FROM integration_tokens WHERE id = :id"), {"id": shop.token_id})
    assert await shop.rows("SELECT 1 FROM rate_limits WHERE token_id = :t", t=shop.token_id) == []
    await RateLimit(database, 6).check(shop.token_id)


async def test_requests_pass_while_postgres_is_down(shop: Shop, configure: Configure) -> None:
    """The process limits alone, and shares the limit again when Postgres is back."""
    url = make_url(configure().database_url or "")
    async with Cable(url.host or "", url.port or 0) as postgres:
        here = url.set(host="127.0.0.1", port=postgres.port).render_as_string(hide_password=False)
        async with serving(configure(database_url=here, requests_per_minute=6)) as http:
            cut_off = replace(shop, http=http)
            assert (await http.get(HEALTH, headers=shop.headers)).status_code == 200
            assert (await http.get(HEALTH, headers=shop.headers)).status_code == 429
            await postgres.cut()
            await shop.rows(
                "UPDATE rate_limits SET full_at = now() WHERE token_id = :t RETURNING 1", t=shop.token_id
            )
            sent = await eventually(lambda: cut_off.send({"id": 1}), lambda answer: answer.status_code != 429)
            assert sent.status_code == 202, "its own bucket was never touched"
            assert (await cut_off.send({"id": 2})).status_code == 429, "and it limits too"


async def test_requests_do_not_wait_for_a_postgres_that_does_not_answer(
    shop: Shop, system: System, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request continues while its statement hangs, and the next ones do not query Postgres."""
    monkeypatch.setattr(limits, "RETRY_SECONDS", 600.0)
    others = [await system.shop() for _ in range(3)]
    limit = RateLimit(database, 6000)
    async with system.database.transaction() as connection:
        await connection.execute(text("LOCK TABLE rate_limits IN ACCESS EXCLUSIVE MODE"))
        await limit.check(shop.token_id)
        assert await waiting_leases(shop) == 1
        for other in others:
            await limit.check(other.token_id)
        assert await waiting_leases(shop) == 1
    await limit.close()


async def test_the_limit_is_shared_again_after_a_pause(
    shop: Shop, system: System, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the pause the next request queries Postgres; requests let through before do not count."""
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.001)
    limit = RateLimit(database, 6)
    async with system.database.transaction() as connection:
        await connection.execute(text("LOCK TABLE rate_limits IN ACCESS EXCLUSIVE MODE"))
        await limit.check(shop.token_id)
    await limit.close()
    other = await system.shop()
    await limit.check(other.token_id)
    assert await shop.rows("SELECT 1 FROM rate_limits WHERE token_id = :t", t=other.token_id) != []


def test_local_buckets_are_independent() -> None:
    """Each key has its own bucket; an empty bucket returns the time to wait."""
    buckets = TokenBuckets(rate=0.1, capacity=2.0)
    assert [buckets.take(1), buckets.take(1)] == [0.0, 0.0]
    assert 9.0 < buckets.take(1) <= 10.0
    assert buckets.take(2) == 0.0
    buckets.give_back(1)
    buckets.give_back(2)
    buckets.give_back(2)
    assert [buckets.take(1), buckets.take(2), buckets.take(2)] == [0.0, 0.0, 0.0]
    assert buckets.take(1) > 0
    assert buckets.take(2) > 0
