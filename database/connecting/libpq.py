"""The address of Postgres for programs of Postgres, such as pg_dump."""

from psycopg import pq

from database.connecting.address import read_address


def environment(address: str) -> dict[str, str]:
    """Returns the variables that let a program of libpq connect; a password is not visible in `ps`.

    Parameters that libpq reads from no variable are left out: they only tune the connection. Raises
    InvalidAddress.
    """
    url = read_address(address)
    _, parameters = url.get_dialect()().create_connect_args(url)
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    return {
        variable.decode(): str(value)
        for name, value in parameters.items()
        if (variable := variables.get(name)) is not None
    }
