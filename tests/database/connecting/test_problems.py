"""What a failed connection means, with the words of Postgres and without the password."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from database.connecting.problems import LONGEST, Problem, problem_of
from database.engine import Database, create_engine

ADDRESS = "postgresql://user:SECRET@127.0.0.1:5432/name"
FAILED = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


def refusal(said: str) -> OperationalError:
    return OperationalError("", {}, psycopg.OperationalError(said))


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (f'{FAILED}FATAL:  password authentication failed for user "user"', "the password"),
        (f"{FAILED}fe_sendauth: no password supplied", "the password"),
        (f"{FAILED}server does not support SSL, but SSL was required", "sslmode"),
        (f'{FAILED}FATAL:  no pg_hba.conf entry for host "10.0.0.1", no encryption', "sslmode=require"),
        (f'{FAILED}FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "user"', "pg_hba.conf"),
        (f'{FAILED}FATAL:  database "name" does not exist', "Create the database"),
        (f'{FAILED}FATAL:  role "user" does not exist', "Create the user"),
        (f"{FAILED}FATAL:  unsupported startup parameter: options", "ALTER ROLE"),
        (f"{FAILED}FATAL:  unsupported startup parameter in options: search_path", "ALTER ROLE"),
        ("failed to resolve host 'nowhere': [Errno -2] Name or service not known", "the host"),
        (f"{FAILED}Connection refused\n\tIs the server running on that host", "nothing listens there"),
        ("connection timeout expired", "firewall"),
        (f"{FAILED}FATAL:  sorry, too many clients already", "max_connections"),
        (f"{FAILED}FATAL:  no more connections allowed (max_client_conn)", "max_connections"),
        (f"{FAILED}FATAL:  the database system is starting up", "has started"),
        (f"{FAILED}session is read-only", "target_session_attrs"),
        (f"{FAILED}SSL error: certificate verify failed", "sslrootcert"),
        (f"{FAILED}received invalid response to SSL negotiation: H", "may not be Postgres"),
        (f"{FAILED}FATAL:  Passwort-Authentifizierung fehlgeschlagen", "that the server runs"),
    ],
)
def test_each_kind_has_its_own_next_step(said: str, advice: str) -> None:
    """And is shown in the words of Postgres, on one line."""
    problem = problem_of(refusal(said), ADDRESS)
    assert problem
    assert advice in problem.advice
    first = " ".join(said.removeprefix("connection failed: ").splitlines()[0].split())
    assert problem.said == first


def test_what_is_repeated_for_each_attempt_is_shown_once() -> None:
    """Libpq tries with and without TLS, and each host."""
    one = f'{FAILED}FATAL:  role "user" does not exist\n'
    said = f"{one}{one}Multiple connection attempts failed. All failures were:\n- x"
    problem = problem_of(refusal(said), ADDRESS)
    assert problem
    assert problem.said.count("role") == 1
    assert "failures" not in problem.said


@given(said=st.text(max_size=2 * LONGEST))
def test_a_message_is_bounded_and_without_the_password(said: str) -> None:
    """It could be of any server."""
    problem = problem_of(refusal(f"{said[:100]} (SECRET) {said[100:]}"), ADDRESS)
    assert problem
    assert "SECRET" not in problem.said
    assert len(problem.said) <= LONGEST
    assert problem.said.isprintable()


def test_an_error_of_the_program_is_none() -> None:
    """Its traceback is needed."""
    assert problem_of(OperationalError("", {}, psycopg.errors.SyntaxError()), ADDRESS) is None
    assert problem_of(ValueError("SECRET"), ADDRESS) is None


async def met(address: str) -> Problem:
    database = Database(create_engine(address, pool_size=1))
    try:
        with pytest.raises((SQLAlchemyError, OSError)) as caught:
            await database.ping()
    finally:
        await database.close()
    problem = problem_of(caught.value, address)
    assert problem
    return problem


async def test_a_real_server_says_what_is_wrong(postgres_url: str) -> None:
    """Each of these mistakes has another sentence and another next step."""
    url = make_url(postgres_url)
    wrong = {
        "password authentication failed": url.set(password="SECRET"),
        "does not support SSL": url.update_query_dict({"sslmode": "require"}),
        'database "nowhere" does not exist': url.set(database="nowhere"),
        "Connection refused": url.set(port=1),
        "nowhere.invalid": url.set(host="nowhere.invalid"),
        'invalid connection option "pgbouncer"': url.update_query_dict({"pgbouncer": "true"}),
        'invalid sslmode value: "maybe"': url.update_query_dict({"sslmode": "maybe"}),
        'unrecognized configuration parameter "no_such"': url.update_query_dict({"options": "-c no_such=1"}),
    }
    found = {
        said: await met(mistake.render_as_string(hide_password=False)) for said, mistake in wrong.items()
    }
    for said, problem in found.items():
        assert said in problem.said
        assert "SECRET" not in problem.said
        assert str(url.password) not in problem.said
    assert len({problem.advice for problem in found.values()}) == len(found) - 1, "two wrong parameters"
