"""The local embedding server as a process; `python -m embedded.embedder --port N`.

It speaks OpenAI's protocol, with OpenAI's errors. It has the model multilingual-e5-small where that can be
loaded, and compares words under the names of OpenAI's models and of the settings; each answer says which of
the two it is.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from embedded.children.processes import Child, Pause, start_child
from embedded.embedding.app import Server
from embedded.embedding.by_meaning import ByMeaning
from embedded.embedding.choice import chosen, needs_the_model
from embedded.embedding.e5 import Model, is_usable
from embedded.ports import LOOPBACK, answers, free_ports
from settings import Settings

KEY = "local"
"""The key that the processes of `pilito up` send; any is accepted."""

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 2


class EmbeddedEmbedder:
    """The server with the model that the settings choose, on a port that stays the same over restarts.

    Raises StartFailed where they name a model that cannot be had.
    """

    def __init__(self, settings: Settings, *, pause: Pause = time.sleep) -> None:
        self.choice = chosen(settings, is_usable=needs_the_model(settings) and is_usable())
        self._state_dir = settings.state_dir.resolve()
        self._pause = pause
        (self._port,) = free_ports(1)

    def launch(self) -> Child:
        """Start the server without waiting for it."""
        return launch(
            self._port,
            state_dir=self._state_dir,
            by_words=self.choice.kind == "lexical",
            name=self.choice.model,
        )

    def wait_ready(self, child: Child) -> dict[str, str]:
        """Wait until a launched server listens. Returns the variables of the processes that use it."""
        wait_ready(child, self._port, pause=self._pause)
        address = f"http://{LOOPBACK}:{self._port}/v1"
        return {"OPENAI_BASE_URL": address, "OPENAI_API_KEY": KEY, **self.choice.variables}


def start(
    port: int, *, state_dir: Path, by_words: bool = False, name: str = "", pause: Pause = time.sleep
) -> Child:
    """Start this server as a child on a port of 127.0.0.1 and wait until it listens.

    `by_words` leaves out the model by meaning; `name` is a further name of the comparison of words.
    """
    child = launch(port, state_dir=state_dir, by_words=by_words, name=name)
    try:
        wait_ready(child, port, pause=pause)
    except BaseException:
        child.stop(0)
        raise
    return child


def launch(port: int, *, state_dir: Path, by_words: bool = False, name: str = "") -> Child:
    """Start it without waiting."""
    command = [sys.executable, "-m", "embedded.embedder", "--port", str(port)]
    if by_words:
        command.append("--by-words")
    if name:
        command.append(f"--name={name}")
    return start_child("embedder", command, state_dir=state_dir)


def wait_ready(child: Child, port: int, *, pause: Pause = time.sleep) -> None:
    """Wait until a launched server listens."""
    child.wait_until(lambda: answers(port), seconds=SECONDS_TO_START, pause=pause)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m embedded.embedder", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help=f"where to listen on {LOOPBACK}")
    parser.add_argument("--by-words", action="store_true", help="leave out the model by meaning")
    parser.add_argument(
        "--name", action="append", default=[], help="a further name of the comparison of words"
    )
    asked = parser.parse_args(arguments)
    server = Server(None if asked.by_words else ByMeaning(Model()), asked.name)
    uvicorn.run(
        server.app,
        host=LOOPBACK,
        port=asked.port,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_TO_STOP,
    )


if __name__ == "__main__":
    main()
