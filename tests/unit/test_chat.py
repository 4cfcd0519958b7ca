"""What `newsdesk chat` does beside answering, and how its commands are explained."""

from __future__ import annotations

from typing import Any, cast

import pytest
from typer.testing import CliRunner

from bot.answering.models import Answer, Citation
from bot.cli import chat
from bot.cli.main import app
from retrieval.library import Library
from retrieval.models import Reference


class _Publishers:
    async def source_names(self, corpus: str, beginning: str) -> list[str]:
        return ["BBC", "Courier"]


@pytest.fixture
def talk() -> Any:
    return chat._Chat(cast(Library, _Publishers()), "local", False, False, None, None)


async def test_a_conversation_is_moved_in_time_and_kept_to_a_publisher(
    talk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, rest, said in (
        ("/source", "", "BBC, Courier."),
        ("/source", "BBC", "Only articles from BBC."),
        ("/as-of", "soon", "isn't an ISO 8601 date"),
        ("/as-of", "2023-11-03", "as of 2023-11-03 23:59 UTC"),
        ("/sources", "", "There is no answer with sources yet."),
        ("/nonsense", "", "There is no command /nonsense"),
        ("/help", "", "/as-of 2023-11-03"),
    ):
        await talk._command(name, rest)
        assert said in capsys.readouterr().out
    assert (talk.source, f"{talk.as_of:%Y-%m-%d}") == ("BBC", "2023-11-03")
    await talk._command("/as-of", "now")
    await talk._command("/source", "all")
    assert (talk.source, talk.as_of) == (None, None)


async def test_the_passages_that_an_answer_cites_are_shown(
    talk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cited = Reference("a1", "https://example.com/1", "Bridge opened", "Courier", "2023-11-03")
    quoted = Citation(1, cited, "The mayor\nopened it.")
    talk.last = Answer("Who?", "The mayor opened it. [1]", False, citations=(quoted,))
    await talk._command("/sources", "[1]")
    assert "“The mayor opened it.”" in capsys.readouterr().out
    await talk._command("/sources", "2")
    assert "no such source" in capsys.readouterr().out


def test_help_explains_commands_in_three_ways() -> None:
    run = CliRunner().invoke
    assert run(app, ["-h"]).output == run(app, ["--help"]).output == run(app, ["help"]).output
    explained = run(app, ["help", "feeds", "add"])
    assert explained.exit_code == 0
    assert "--exclude" in explained.output
    assert run(app, ["help", "feeds", "nonsense"]).exit_code == 2
    assert run(app, ["ask", "-h"]).exit_code == 0


def test_a_period_that_is_none_is_wrong_usage_in_our_words() -> None:
    result = CliRunner().invoke(app, ["digest", "--period", "month"])
    assert result.exit_code == 2
    assert "--period: 'month'" in result.output
    assert "Value error" not in result.output
