"""The embedding service that takes no time, as a process of its own: `python -m bench.instant`."""

import signal

from fakes.openai import EmbeddingServer


def main() -> None:
    with EmbeddingServer(instant=True) as server:
        print(server.base_url, flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
