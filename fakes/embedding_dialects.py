"""Limits, mistakes and demands of embedding servers other than OpenAI's, in their own words.

Each is a `Fault` of `fakes.openai.EmbeddingServer`: a rule that answers some requests itself.
"""

from typing import Literal

import orjson

from embedded.embedding.protocol import count_tokens
from fakes.openai import Asked, Refusal, Rule

Style = Literal["tei", "llama.cpp", "openai", "dashscope", "ollama"]


def said(status: int, body: object) -> Refusal:
    return Refusal(status=status, body=orjson.dumps(body))


def most_texts(limit: int, style: Style = "tei") -> Rule:
    """Refuses requests with more texts."""

    def answer(asked: Asked) -> Refusal | None:
        count = len(asked.request.texts)
        if count <= limit:
            return None
        match style:
            case "tei":
                words = f"batch size {count} > maximum allowed batch size {limit}"
                return said(413, {"message": words, "code": 413, "type": "Validation"})
            case "dashscope":
                words = f"batch size is invalid, it should not be larger than {limit}"
                return said(400, {"error": {"message": words, "code": "InvalidParameter", "param": None}})
            case _:
                words = f"at most {limit} inputs"
                return said(422, {"error": {"message": words, "type": "invalid_request_error"}})

    return Rule(answer=answer)


def most_tokens(limit: int) -> Rule:
    """Refuses requests with more tokens, as Mistral does."""

    def answer(asked: Asked) -> Refusal | None:
        if asked.request.tokens <= limit:
            return None
        words = f"Too many tokens in batch. Max is {limit}"
        return said(400, {"object": "error", "message": words, "type": "invalid_request_batch_error"})

    return Rule(answer=answer)


def longest_text(limit: int, style: Style = "llama.cpp") -> Rule:
    """Refuses requests with a text of more tokens."""

    def answer(asked: Asked) -> Refusal | None:
        longest = max(map(count_tokens, asked.request.texts))
        if longest <= limit:
            return None
        match style:
            case "llama.cpp":
                words = f"input ({longest} tokens) is too large to process. increase the physical batch size"
                return said(500, {"error": {"code": 500, "message": words, "type": "server_error"}})
            case "tei":
                words = f"`inputs` must have less than {limit} tokens. Given: {longest}"
                return said(413, {"message": words, "code": 413, "type": "Validation"})
            case "ollama":
                return said(400, {"error": "the input length exceeds the context length"})
            case _:
                words = f"This model's maximum context length is {limit} tokens"
                return said(400, {"error": {"message": words, "code": "context_length_exceeded"}})

    return Rule(answer=answer)


def poisoned_by(word: str, *, status: int = 500) -> Rule:
    """Fails each request with a text that has this word, as Ollama does for vectors that are not numbers."""

    def answer(asked: Asked) -> Refusal | None:
        if not any(word in text for text in asked.request.texts):
            return None
        words = "failed to encode response: json: unsupported value: NaN"
        return said(status, {"error": {"message": words, "type": "api_error"}})

    return Rule(answer=answer)


def refuses_parameter(name: str, value: object = None) -> Rule:
    """Refuses a parameter, or only one value of it."""

    def answer(asked: Asked) -> Refusal | None:
        sent = asked.fields.get(name)
        if sent is None or (value is not None and sent != value):
            return None
        words = f"{name}: this value is not supported"
        return said(400, {"error": {"message": words, "param": name, "code": "unsupported_parameter"}})

    return Rule(answer=answer)


def demands_parameter(name: str) -> Rule:
    """Refuses requests without a parameter, as NVIDIA's models do without `input_type`."""

    def answer(asked: Asked) -> Refusal | None:
        if name in asked.fields:
            return None
        return said(400, {"error": f"'{name}' parameter is required for asymmetric models"})

    return Rule(answer=answer)


def demands_azure(version: str) -> Rule:
    """Refuses requests without the key in Azure's header, or without the version of the API."""

    def answer(asked: Asked) -> Refusal | None:
        if f"api-version={version}" not in asked.target:
            return said(404, {"error": {"code": "404", "message": "Resource not found"}})
        if not asked.headers.get("api-key"):
            words = "Access denied due to invalid subscription key"
            return said(401, {"error": {"code": "401", "message": words}})
        return None

    return Rule(answer=answer)


def nothing_but(status: int, body: object) -> Rule:
    """Answers every request so."""
    return Rule(answer=lambda _: said(status, body))


def all_of(*rules: Rule) -> Rule:
    """Answers as the first rule that does."""

    def answer(asked: Asked) -> Refusal | None:
        return next((found for rule in rules if (found := rule.answer(asked))), None)

    return Rule(answer=answer)
