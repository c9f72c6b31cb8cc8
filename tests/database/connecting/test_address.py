"""How the address of Postgres is read, and that no message shows a part of it."""

import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from database.connecting.address import InvalidAddress, connection_defaults, own_options, read_address

PRINTABLE = st.just(" ") | st.characters(exclude_categories=("C", "Z"))
WORDS = st.text(PRINTABLE, min_size=1, max_size=12)


@given(user=WORDS, password=WORDS, name=WORDS, port=st.integers(1, 65535))
def test_quoted_parts_are_read_as_they_are(user: str, password: str, name: str, port: int) -> None:
    """Every character can be written in every part."""
    user, password, name = (word.encode(errors="replace").decode() for word in (user, password, name))
    quoted = [quote(word, safe="") for word in (user, password, name)]
    url = read_address(f"postgres://{quoted[0]}:{quoted[1]}@127.0.0.1:{port}/{quoted[2]}?sslmode=require")
    assert (url.username, url.password, url.host, url.port, url.database) == (
        user,
        password,
        "127.0.0.1",
        port,
        name,
    )
    assert (url.drivername, dict(url.query)) == ("postgresql+psycopg", {"sslmode": "require"})


@given(
    before=st.text(alphabet=":/?#@%[],x", max_size=4),
    after=st.text(alphabet=":/?#@%[],x", max_size=4),
    rest=st.sampled_from(["@127.0.0.1:5432/name", "/name", "", "@[::1]:5432/name", "@a,b/name"]),
)
def test_a_password_that_is_not_quoted_is_not_shown(before: str, after: str, rest: str) -> None:
    """The address is read or refused with a sentence; nothing else is raised."""
    try:
        read_address(f"postgresql://user:{before}SECRET{after}{rest}")
    except InvalidAddress as error:
        shown = "".join(traceback.format_exception_only(error))
    else:
        shown = ""
    assert "SECRET" not in shown


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://user:SECRET@127.0.0.1/name", "begins with mysql://"),
        ("jdbc:postgresql://127.0.0.1/name", "no scheme"),
        ("user:SECRET@127.0.0.1:5432/name", "no scheme"),
        ("127.0.0.1", "no scheme"),
        ("host=127.0.0.1 password=SECRET", "no scheme"),
        ("postgresql://user:SECRET/name", "port"),
        ("postgresql://user:SEC@RET@127.0.0.1/name", "@"),
        ("postgresql://user:SEC@R:ET@127.0.0.1/name", "%40"),
        ("postgresql://[::1]:5432,[::2]:5432/name", "several hosts"),
        ("postgresql://user:SECRET@/name?host=[::1]:5432&host=[::2]:5432", "several hosts"),
        ("postgresql://user:SECRET@first:x,second:y/name", "several hosts"),
    ],
)
def test_what_is_wrong_is_named(address: str, words: str) -> None:
    """In one sentence that names the setting."""
    with pytest.raises(InvalidAddress) as caught:
        read_address(address)
    said = str(caught.value)
    assert said.startswith("PILITO_DATABASE_URL")
    assert words in said
    assert not [word for word in ("SEC", "RET") if word in said]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_several_hosts_are_written_as_libpq_writes_them(scheme: str) -> None:
    """SQLAlchemy reads them as parameters."""
    url = read_address(f"{scheme}://user:pass@first:5432,second:5433/name?target_session_attrs=read-write")
    as_parameters = make_url(
        "postgresql+psycopg://user:pass@/name?target_session_attrs=read-write&host=first:5432&host=second:5433"
    )
    assert url == as_parameters


@pytest.mark.parametrize("user", ["me@server", "me@server@zone"])
@pytest.mark.parametrize("hosts", ["host", "host:5433", "[::1]:5432", "first,second"])
def test_a_user_may_have_an_unquoted_at_sign(user: str, hosts: str) -> None:
    """Azure's users are named me@server; before a colon, an @ belongs to the user."""
    url = read_address(f"postgresql://{user}:pw@{hosts}/db")
    quoted = read_address(f"postgresql://{user.replace('@', '%40')}:pw@{hosts}/db")
    assert url == quoted
    assert (url.username, url.password, url.database) == (user, "pw", "db")


def test_parameters_of_the_address_take_precedence() -> None:
    """Others have our values."""
    url = read_address("postgresql://127.0.0.1/name?connect_timeout=9&application_name=shop")
    defaults = connection_defaults(url)
    assert not {"connect_timeout", "application_name"} & set(defaults)
    assert defaults["tcp_user_timeout"] == "30000"


def test_variables_of_libpq_take_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """PGAPPNAME and PGOPTIONS are obeyed, unless the address says otherwise."""
    monkeypatch.setenv("PGAPPNAME", "shop")
    monkeypatch.setenv("PGOPTIONS", "-csearch_path=shop")
    assert "application_name" not in connection_defaults(read_address("postgresql://127.0.0.1/name"))
    assert own_options({}) == "-csearch_path=shop"
    assert own_options({"options": "-cwork_mem=64MB"}) == "-cwork_mem=64MB"
