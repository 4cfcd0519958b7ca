"""What is refused is read out of errors in the shapes of real servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.answering.providers.capabilities import Capabilities, CapabilityStore
from bot.answering.providers.server_errors import server_error

SENT = ("max_tokens", "temperature", "stream_options")


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (400, {"error": {"message": "Unsupported parameter: 'max_tokens' … Use 'max_completion_tokens' instead.", "param": "max_tokens"}}, "max_tokens"),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}, "stream_options"),
        (422, {"object": "error", "message": '{"detail":[{"loc":["body","stream_options"]}]}'}, "stream_options"),
        (400, [{"error": {"code": 400, "message": 'Unknown name "temperature": Cannot find field.'}}], "temperature"),
        (400, "property 'stream_options' is unsupported", "stream_options"),
        (400, {"error": {"message": "something else"}}, None),
        (401, {"error": {"message": "no temperature for you"}}, None),
        (400, {"error": {"message": "This model's maximum context length is 4096 tokens; lower max_tokens."}}, None),
    ],
)  # fmt: skip
def test_a_refused_parameter_is_named(status: int, body: Any, refused: str | None) -> None:
    assert server_error(status, body).refused(SENT) == refused


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ("This model's maximum context length is 16384 tokens. However, you requested 122946 tokens", 16384),
        ({"error": {"message": "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it", "n_ctx": 4096, "n_prompt_tokens": 4390}}, 4096),
        ({"error": "Trying to keep the first 14538 tokens when context the overflows. However, the model is loaded with context length of only 2048 tokens"}, 2048),
        ("Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)", 7424),
        ("The input token count (99999) exceeds the maximum number of tokens allowed (32768).", 32768),
        ("max_tokens must be at least 1, got -186.", None),
    ],
)  # fmt: skip
def test_the_context_is_read_from_the_error(body: Any, limit: int | None) -> None:
    error = server_error(400, body)
    assert error.is_too_long
    assert error.context_tokens == limit


def test_what_was_learned_of_a_server_is_kept_for_it_alone(tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    found = Capabilities(limit="max_completion_tokens", refused=("temperature",), reasons=True)
    CapabilityStore(file).save("http://a/v1", "m", found)
    assert CapabilityStore(file).load("http://a/v1", "m") == found
    assert CapabilityStore(file).load("http://b/v1", "m") == Capabilities()
    file.write_text("{broken")
    assert CapabilityStore(file).load("http://a/v1", "m") == Capabilities()
