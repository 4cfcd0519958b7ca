"""The embedders: the real client against a real local server, and what happens when they change."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import in_english
from retrieval.embedders import EmbedderOptions, make_embedder
from retrieval.errors import EmbedderError
from tests.integration.conftest import Newsdesk, article, lines


class _Embeddings(BaseHTTPRequestHandler):
    """`POST /v1/embeddings` with vectors that depend on the words alone."""

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": []})

    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = {"Bearer wrong": 401, "Bearer broken": 400}.get(self.headers["Authorization"], 200)
        rows = []
        for index, text in enumerate(wanted["input"]):
            row = [0.0] * 32
            for word in text.lower().split():
                row[zlib.crc32(word.encode()) % 32] += 1.0
            rows.append({"object": "embedding", "index": index, "embedding": row})
        # A server may answer in any order.
        answer = {"object": "list", "model": wanted["model"], "data": rows[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}  # fmt: skip
        self._send(status, answer if status == 200 else {"error": {"message": "no"}})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


async def test_the_openai_embedder_keeps_the_order_of_its_texts(server: str) -> None:
    embedder = make_embedder("openai", EmbedderOptions(base_url=server))
    texts = [f"word{n} word{n + 1}" for n in range(600)]
    together = await embedder.embed(texts)
    assert together.shape == (600, 32)
    assert ((together**2).sum(axis=1) - 1 < 1e-5).all()
    alone = await embedder.embed(texts[417:418])
    assert (together[417] == alone[0]).all()
    await embedder.close()


@pytest.mark.parametrize(
    ("key", "says"),
    [("wrong", "OPENAI_API_KEY"), ("broken", "NEWSDESK_OPENAI_EMBEDDING_MODEL")],
)
async def test_a_refusal_says_which_setting_to_look_at(server: str, key: str, says: str) -> None:
    embedder = make_embedder("openai", EmbedderOptions(base_url=server, api_key=key))
    with pytest.raises(EmbedderError) as refused:
        await embedder.embed(["x"])
    assert says in in_english(refused.value)
    await embedder.close()


async def test_without_key_or_server_the_openai_embedder_says_what_it_needs() -> None:
    with pytest.raises(EmbedderError, match="embedder-needs-key"):
        make_embedder("openai", EmbedderOptions())


_GERMAN = (
    "Der Stadtrat von Neuhaven hat am Dienstag den Bau der neuen Brücke über den Fluss beschlossen. "
    "Die Arbeiten sollen im Mai beginnen und drei Jahre dauern, sagte die Bürgermeisterin."
)


def test_doctor_says_when_the_articles_ask_for_another_embedder(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(article(0, _GERMAN, title="Neuhaven baut eine Brücke")))
    assert newsdesk("ingest", str(file)).returncode == 0
    found = [
        each for each in lines(newsdesk("doctor", "--json").stdout) if each["check"] == "search"
    ]
    assert len(found) == 1
    assert "German" in found[0]["detail"]
    assert "NEWSDESK_EMBEDDER=e5" in found[0]["remedy"]


def test_another_embedder_is_refused_until_the_corpus_is_reindexed(
    newsdesk: Newsdesk, tmp_path: Path, server: str
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in range(3)))
    assert newsdesk("ingest", str(file)).returncode == 0
    env = {"NEWSDESK_EMBEDDER": "openai", "OPENAI_BASE_URL": server}
    file.write_text(json.dumps(article(3)))
    for command in (("ask", "topic1"), ("search", "topic1"), ("ingest", str(file))):
        refused = newsdesk(*command, **env)
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
        assert "newsdesk reindex" in refused.stderr
    assert "newsdesk reindex" in newsdesk("doctor", **env).stdout
    assert newsdesk("reindex", **env).returncode == 0
    answer = lines(newsdesk("ask", "What will topic1 cost?", "--json", **env).stdout)[0]
    assert "11 million crowns" in answer["answer"]
    assert newsdesk("doctor", **env).returncode == 0
