"""The search set is well-formed, and its script measures a service."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from bench.search_set import service as module
from bench.search_set.__main__ import app
from bench.search_set.comparison import compare
from bench.search_set.questions import HELD_OUT, NONE, SEEN, Question, products, read
from bench.search_set.scores import ALL, Answer, marked, ndcg, percentile, rejected, table
from bench.search_set.service import Refused, Service
from database.access import provision
from knowledge.normalise import search_form
from tests.support.system import System

KINDS = {
    *(
        "exact_name",
        "arabic",
        "digits",
        "halfspace",
        "suffix",
        "typo",
        "model",
        "sku",
        "attribute",
        "synonym",
    ),
    *("translit", "en2fa", "fa2en", "usecase", "conversational", "negation", "price_words", "filters", NONE),
}
LEAST = {NONE: 20, "en2fa": 20, "fa2en": 20, "synonym": 10}
"""The least number of questions of a kind in the held-out file; 5 of the others."""


@pytest.mark.parametrize("file", [SEEN, HELD_OUT])
def test_relevant_products_exist(file: Path) -> None:
    """Each question of a known kind has some, except the kind `none`, which has no product."""
    ids = {product["id"] for product in products()}
    for question in read([file]):
        assert question.kind in KINDS, question
        assert question.relevant <= ids, question
        assert bool(question.relevant) == (question.kind != NONE), question
        assert question.query.strip(), question


def test_no_question_is_there_twice() -> None:
    """Within a kind, also not in another spelling; ids are unique in both files together."""
    questions = read([SEEN, HELD_OUT])
    assert len({question.id for question in questions}) == len(questions)
    asked = Counter((question.kind, search_form(question.query)) for question in questions)
    spelled = {"arabic", "digits", "halfspace", "model", "sku"}
    assert [one for one, count in asked.items() if count > 1 and one[0] not in spelled] == []
    queries = Counter(question.query for question in read([HELD_OUT]))
    assert [query for query, count in queries.items() if count > 1] == []
    assert not queries.keys() & {question.query for question in read([SEEN])}


def test_the_held_out_questions_have_all_kinds() -> None:
    """With enough of the hard ones, in both languages."""
    counts = Counter(question.kind for question in read([HELD_OUT]))
    assert {kind for kind in KINDS if counts[kind] < LEAST.get(kind, 5)} == set()
    assert sum(counts.values()) >= 120


def question(kind: str, *relevant: int, number: int = 1) -> Question:
    return Question(id=f"q{number}", kind=kind, query="چراغ", filters={}, relevant=frozenset(relevant))


def answer(*found: int, confidence: str = "high") -> dict[str, Any]:
    hits = [{"product": {"external_id": f"woo_{product}"}} for product in found]
    return {"confidence": confidence, "results": hits}


def test_an_answer_is_marked() -> None:
    """By the ranks of its relevant products; only the first ten count."""
    first = marked(question("typo", 1, 2), answer(1, 5, 2), 12.0, 3.0)
    assert (first.hit1, first.hit10, first.reciprocal_rank, first.low) == (1.0, 1.0, 1.0, False)
    assert first.ndcg == pytest.approx((1 + 0.5) / (1 + 0.6309), abs=1e-3)
    late = marked(question("typo", 11), answer(*range(1, 12)), 12.0)
    assert (late.ndcg, late.hit10, late.reciprocal_rank, len(late.found)) == (0.0, 0.0, 0.0, 10)
    assert ndcg(range(20), range(20)) == 1.0
    assert ndcg([], []) == 0.0


def test_rows_and_rejections() -> None:
    """`none` has no row, and counts how often the answer says that there is nothing."""
    answers = [
        marked(question("typo", 1, number=1), answer(1), 1.0),
        marked(question("typo", 1, number=2), answer(2, 1, confidence="low"), 1.0),
        marked(question("sku", 3, number=3), answer(), 1.0),
        marked(question(NONE, number=4), answer(7), 1.0),
        marked(question(NONE, number=5), answer(7, confidence="low"), 1.0),
        marked(question(NONE, number=6), answer(), 1.0),
    ]
    rows = {row.kind: row for row in table(answers)}
    assert list(rows) == ["sku", "typo", ALL]
    assert (rows["typo"].hit1, rows["typo"].mrr, rows["typo"].low) == (0.5, 0.75, 0.5)
    assert (rows["sku"].low, rows[ALL].questions) == (1.0, 3)
    assert rejected(answers) == (2, 3)
    assert [percentile([3, 1, 2], percent) for percent in (50, 95)] == [2, 3]


def test_two_measurements_are_compared() -> None:
    """Question by question; the interval contains the mean change, and no change is certain."""
    before = [marked(question("typo", 1, number=number), answer(2, 1), 1.0) for number in range(40)]
    after = [replace(one, ndcg=1.0) if number % 2 else one for number, one in enumerate(before)]
    typo, everything = compare(before, after)
    assert (typo.kind, everything.kind, typo.questions, typo.better, typo.worse) == ("typo", ALL, 40, 20, 0)
    assert 0 < typo.low < typo.after - typo.before < typo.high
    (same, _) = compare(before, before)
    assert (same.low, same.high, same.better) == (0, 0, 0)
    assert compare(before, [replace(one, id="other") for one in after]) == []


PRODUCTS = [{"id": 1, "name": "چراغ مطالعه", "price": "5"}, {"id": 2, "name": "Desk lamp", "price": "7"}]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Two questions and one that nothing answers."""
    rows: Sequence[dict[str, Any]] = (
        {"id": "q1", "kind": "typo", "query": "چراغ", "filters": {}, "relevant": [1]},
        {"id": "q2", "kind": "filters", "query": "lamp", "filters": {"max_price": "6"}, "relevant": [1]},
        {"id": "q3", "kind": NONE, "query": "piano", "filters": {"max_price": "1"}, "relevant": []},
    )
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


async def test_a_running_service_is_measured(
    system: System, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is sent once, the token of the run is gone afterwards, and results can be compared."""
    await provision.save_user(system.database, email="set@example.com", password="p a s s", is_staff=True)
    monkeypatch.setattr(module, "products", lambda: PRODUCTS)
    monkeypatch.setenv("PILITO_ADMIN_EMAIL", "set@example.com")
    monkeypatch.setenv("PILITO_ADMIN_PASSWORD", "p a s s")
    results = [tmp_path / "before.json", tmp_path / "after.json"]
    for out in results:
        printed = await run(
            "measure", str(questions), "--api", str(system.http.base_url), "--out", str(out), "--twice"
        )
        assert "no product answers: 1 of 1 were called low" in printed
        assert "again: p50" in printed
    answers = [Answer(**row) for row in json.loads(results[0].read_text(encoding="utf-8"))["answers"]]
    assert [(one.id, one.found[:1]) for one in answers] == [("q1", [1]), ("q2", [1]), ("q3", [])]
    assert "ALL" in await run("compare", *map(str, results))
    async with system.database.reading() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM events e WHERE e.store_id = s.id) AS events,"
            " (SELECT count(*) FROM integration_tokens t WHERE t.store_id = s.id) AS tokens"
            " FROM stores s WHERE s.name LIKE 'search set %%'"
        )
        assert [tuple(row) for row in rows] == [(len(PRODUCTS), 0)]


async def run(*arguments: str) -> str:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


async def test_an_error_of_the_service_ends_the_run(system: System, questions: Path) -> None:
    """With its status and body."""
    arguments = ["measure", str(questions), "--api", str(system.http.base_url), "--token", "unknown"]
    with pytest.raises(AssertionError, match="401"):
        await run(*arguments)
    with httpx2.Client(base_url=str(system.http.base_url)) as client, pytest.raises(Refused, match="404"):
        await asyncio.to_thread(Service(client).request, "GET", "/nowhere/", "")
