"""The example assistant searches the running API, and hands the products to a model."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.environment import ROOT
from tests.support.shop import Shop

ASSISTANT = ROOT / "examples" / "assistant" / "assistant.py"
QUESTION = "برای کتاب خواندن چه چراغی دارید؟"
LAMP = {
    "id": 777,
    "name": "چراغ مطالعه رومیزی",
    "description": "<p>نور گرم و ملایم برای کتاب خواندن شبانه</p>",
    "price": "1250000",
    "stock_quantity": 3,
}


class ChatServer(ThreadingHTTPServer):
    """Speaks chat completions: calls the first tool once, then answers with the first product it receives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def message(self, request: dict[str, Any]) -> dict[str, Any]:
        """Returns the assistant's next message."""
        self.requests.append(request)
        last = request["messages"][-1]
        if last["role"] == "tool":
            (product, *_) = json.loads(last["content"])
            return {"role": "assistant", "content": f"{product['title']}: {product['price']}"}
        call = {
            "id": "call_1",
            "type": "function",
            "function": {
                "name": request["tools"][0]["function"]["name"],
                "arguments": json.dumps({"query": last["content"], "in_stock": True}),
            },
        }
        return {"role": "assistant", "content": None, "tool_calls": [call]}


class ChatHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, ChatServer)
        assert self.path == "/v1/chat/completions"
        assert self.headers["Authorization"] == "Bearer sk-test"
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"choices": [{"index": 0, "message": self.server.message(request)}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def ask(shop: Shop, *arguments: str, **environment: str) -> str:
    """Run the assistant. Returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ASSISTANT),
        *arguments,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONUTF8": "1",
            "PILITO_URL": str(shop.http.base_url).rstrip("/"),
            "PILITO_TOKEN": shop.secret,
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


async def test_the_model_receives_the_products_that_search_finds(shop: Shop, chat_server: ChatServer) -> None:
    """The model calls the tool, receives price and stock as they are now, and its answer is printed."""
    assert await shop.sync(LAMP) == "succeeded"
    printed = await ask(shop, QUESTION, OPENAI_BASE_URL=chat_server.url, OPENAI_API_KEY="sk-test", MODEL="m")
    assert printed == "چراغ مطالعه رومیزی: 1250000\n"
    first, second = chat_server.requests
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert second["messages"][-1]["tool_call_id"] == "call_1"
    (product,) = json.loads(second["messages"][-1]["content"])
    assert (product["in_stock"], product["stock_quantity"]) == (True, "3")


async def test_a_dry_run_needs_no_model(shop: Shop) -> None:
    """It prints the JSON that the model would receive."""
    assert await shop.sync(LAMP) == "succeeded"
    (product,) = json.loads(await ask(shop, "--dry", QUESTION))
    assert product["title"] == LAMP["name"]
    assert "کتاب خواندن شبانه" in product["text"]
