"""`python -m bench.search_set measure`, `compare` and `steps`."""

import asyncio
import json
import os
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import httpx2
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.search_set.comparison import compare as compared
from bench.search_set.questions import HELD_OUT, SEEN, Question, fingerprint, read
from bench.search_set.scores import Answer, marked, percentile, rejected, table
from bench.search_set.service import LIMIT, Refused, Service
from bench.search_set.steps import STEPS
from bench.search_set.steps import measure as measure_steps
from settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console()


def answers(
    service: Service, token: str, questions: Iterable[Question], extra: dict[str, Any], *, twice: bool
) -> list[Answer]:
    """Ask all questions, one after the other."""
    found = []
    for question in questions:
        body = {"query": question.query, "limit": LIMIT, **question.filters, **extra}
        answer, milliseconds = service.search(token, body)
        again = service.search(token, body)[1] if twice else None
        found.append(marked(question, answer, milliseconds, again))
    return found


@app.command()
def measure(
    files: Annotated[list[Path] | None, typer.Argument(help="Question files; all of the set.")] = None,
    api: Annotated[str, typer.Option(help="URL of the service.")] = "http://127.0.0.1:8000",
    token: Annotated[str, typer.Option(help="Token of a store that has the catalogue.")] = "",
    out: Annotated[Path | None, typer.Option(help="File for the results as JSON.")] = None,
    extra: Annotated[str, typer.Option(help="JSON object added to each request.")] = "{}",
    twice: Annotated[bool, typer.Option("--twice", help="Ask each question twice.")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Ask a running service all questions and print the marks of each kind.

    Without `--token`, PILITO_ADMIN_EMAIL and PILITO_ADMIN_PASSWORD sign in, and a store is made and filled.
    """
    questions = read(files or (SEEN, HELD_OUT))
    with httpx2.Client(base_url=api, timeout=60, trust_env=False) as client:
        service = Service(client)
        try:
            with (
                nullcontext(token)
                if token
                else service.token_of_the_set(
                    os.environ["PILITO_ADMIN_EMAIL"], os.environ["PILITO_ADMIN_PASSWORD"]
                )
            ) as secret:
                progress = track(questions, "questions", console=Console(stderr=True))
                found = answers(service, secret, progress, json.loads(extra), twice=twice)
        except (Refused, KeyError) as error:
            console.print(f"{type(error).__name__}: {error}", markup=False)
            raise typer.Exit(1) from None
    show(found)
    if out:
        about = {"api": api, "catalogue": fingerprint(), "extra": json.loads(extra)}
        result = {"about": about, "answers": [answer.as_json() for answer in found]}
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@app.command()
def compare(before: Path, after: Path) -> None:
    """Print what changed between two results of `measure --out`, with 95 % intervals."""
    shown = Table("kind", "n", "before", "after", "change", "95 %", "better", "worse")
    for row in compared(load(before), load(after)):
        shown.add_row(
            row.kind,
            str(row.questions),
            f"{row.before:.3f}",
            f"{row.after:.3f}",
            f"{row.after - row.before:+.3f}",
            f"{row.low:+.3f} … {row.high:+.3f}",
            str(row.better),
            str(row.worse),
        )
    console.print(shown)


@app.command()
def steps(
    environment: Annotated[Path, typer.Argument(help="The environment.json of a running `pilito up`.")],
    store: Annotated[str, typer.Option(help="Name of the store; `measure` made one.")] = "",
) -> None:
    """Print what each step of the ranking is worth: the marks of all questions without it."""
    variables = json.loads(environment.read_text(encoding="utf-8"))
    with patch.dict(os.environ, variables):
        settings = Settings()
    files = {"questions": SEEN, "held out": HELD_OUT}
    shown = Table("", *(f"{name}: {mark}" for name in files for mark in ("nDCG@10", "hit@1")))
    name = store or f"search set {fingerprint()}"
    marks = [asyncio.run(measure_steps(settings, name, read([file]))) for file in files.values()]
    for step in STEPS:
        rows = [table(found[step])[-1] for found in marks]
        shown.add_row(step, *(f"{mark:.3f}" for row in rows for mark in (row.ndcg, row.hit1)))
    console.print(shown)


def load(file: Path) -> list[Answer]:
    """Returns the answers of a result file."""
    return [Answer(**answer) for answer in json.loads(file.read_text(encoding="utf-8"))["answers"]]


def show(found: list[Answer]) -> None:
    """Print the table, the questions without an answer, and the times."""
    shown = Table("kind", "n", "nDCG@10", "hit@1", "hit@10", "MRR", "called low")
    for row in table(found):
        marks = (row.ndcg, row.hit1, row.hit10, row.mrr, row.low)
        shown.add_row(row.kind, str(row.questions), *(f"{mark:.3f}" for mark in marks))
    console.print(shown)
    said, asked = rejected(found)
    if asked:
        console.print(f"no product answers: {said} of {asked} were called low")
    for name, times in (
        ("first", [answer.milliseconds for answer in found]),
        ("again", [answer.again_milliseconds for answer in found if answer.again_milliseconds is not None]),
    ):
        if times:
            console.print(f"{name}: p50 {percentile(times, 50):.0f} ms, p95 {percentile(times, 95):.0f} ms")


if __name__ == "__main__":
    app()
