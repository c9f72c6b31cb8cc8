"""An embedding server on a fixed port that can hold a call: `python -m proof.running.embeddings PORT HOLDS`.

While HOLDS contains a file `call.MARK`, a request with MARK in one of its texts is answered only once that
file X"""

import signal
import sys
import time
from pathlib import Path

from fakes.openai import Asked, EmbeddingServer, Refusal, Rule, server_error

PAUSE = 0.02
STOP = {signal.SIGINT, signal.SIGTERM}


class HoldingServer(EmbeddingServer):
    """Listens on the port that it is given, and holds the calls that a folder names."""

    def __init__(self, port: int, holds: Path) -> None:
        super().__init__()
        self._port = port
        self._holds = holds
        self.fail_always(Rule(answer=self._hold))

    def _hold(self, asked: Asked) -> Refusal | None:
        """Returns an error if a file asks for one; None, so that the server answers, once no file holds."""
        for file in self._holds.glob("refuse.*"):
            if _has(asked, file.name.removeprefix("refuse.")):
                file.unlink(missing_ok=True)
                return server_error()
        for file in self._holds.glob("call.*"):
            if _has(asked, file.name.removeprefix("call.")):
                (self._holds / f"reached.{file.name}").touch()
                while file.exists():
                    time.sleep(PAUSE)
        return None


def _has(asked: Asked, mark: str) -> bool:
    return any(mark in text for text in asked.request.texts)


def main(port: str, holds: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    with HoldingServer(int(port), Path(holds)):
        signal.sigwait(STOP)


if __name__ == "__main__":
    main(*sys.argv[1:])
