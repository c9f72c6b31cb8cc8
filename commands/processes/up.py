"""`pilito up`."""

from importlib.util import find_spec

import typer

from commands.environment import fail, settings


def up() -> None:
    """Start all servers on this machine, with a sample shop, and run until Ctrl-C."""
    if not find_spec("embedded"):
        raise fail("This installation starts no servers: run `pilito api` and `pilito worker` with your own.")
    import commands.processes.api
    import commands.processes.worker  # noqa: F401 - their forks share what is loaded here
    from embedded import stack, welcome  # not in the image

    raise typer.Exit(stack.run(settings(), on_ready=welcome.greet))
