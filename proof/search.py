"""Search quality on the public set in `bench/search_set`, with the embedding model that `make run` has."""

import tempfile
from pathlib import Path

import httpx2

from bench.search_set.__main__ import answers
from bench.search_set.questions import HELD_OUT, SEEN, read
from bench.search_set.scores import Answer, percentile, rejected, table
from bench.search_set.service import Service
from embedded.embedder import EmbeddedEmbedder
from proof.rows import Row, Target, absent
from proof.running.stack import EMAIL, PASSWORD, Terms, running
from settings import Settings

COMMAND = "search"
FILES = {"questions that search was tuned on": SEEN, "questions held out": HELD_OUT}
QUALITY = Target(least=0.93, unit=" nDCG@10")
LATENCY = Target(most=150, unit=" ms")


def measure() -> list[Row]:
    """Returns a row for each file of questions, and one for the time of an answer."""
    with tempfile.TemporaryDirectory(prefix="pilito-proof-embedder-") as folder:
        settings = Settings(_env_file=None, state_dir=Path(folder))
        embedder = EmbeddedEmbedder(settings)
        if embedder.choice.kind != "e5":
            return [absent("search quality", COMMAND, f"not measured: {embedder.choice.note}")]
        child = embedder.launch()
        try:
            variables = embedder.wait_ready(child)
            return _rows(
                Terms(
                    model=embedder.choice.model,
                    dimensions=embedder.choice.dimensions,
                    embeddings_url=variables["OPENAI_BASE_URL"],
                    debounce_seconds=0,
                    settings=variables,
                )
            )
        finally:
            child.stop(5)


def _rows(terms: Terms) -> list[Row]:
    rows: list[Row] = []
    asked: list[Answer] = []
    with running(terms) as stack, httpx2.Client(base_url=stack.api, timeout=60, trust_env=False) as client:
        service = Service(client)
        with service.token_of_the_set(EMAIL, PASSWORD) as token:
            for name, file in FILES.items():
                found = answers(service, token, read([file]), {}, twice=False)
                rows.append(_quality(name, found))
                asked += found
    times = [answer.milliseconds for answer in asked]
    p50, p95 = percentile(times, 50), percentile(times, 95)
    measured = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(times)} questions, one after the other"
    return [*rows, LATENCY.row("answer of a question, p95", COMMAND, p95, measured)]


def _quality(name: str, found: list[Answer]) -> Row:
    marks = table(found)[-1]
    low, unanswerable = rejected(found)
    measured = (
        f"nDCG@10 {marks.ndcg:.3f}, hit@1 {marks.hit1:.3f} of {marks.questions}; {low} of {unanswerable}"
        " that nothing answers are called low"
    )
    return QUALITY.row(name, COMMAND, round(marks.ndcg, 3), measured)
