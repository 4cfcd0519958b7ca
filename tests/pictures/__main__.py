"""Plays the main scenes and renders them with Chromium, if it is installed, else as HTML only."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.demo import demo_articles
from retrieval.ingestion.pipeline import ingest
from retrieval.models import Article, IngestItem
from tests.discord_standin import DiscordStandIn, Message
from tests.integration.answering_fixtures import BRIDGE, NOW, at_noon
from tests.integration.discord.looking import whole
from tests.integration.discord_fixtures import addresses_of
from tests.pictures.page import page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_NASTY = IngestItem("nasty", Article(
    "**Free** [prize](https://evil.example) @everyone",
    "The harbour lantern cost 77 million crowns, says [the council](https://evil.example/a) of <@123456789012345678>. @everyone",
    "https://paper.example/lantern_(harbour)", "The *Paper*",
))  # fmt: skip


async def scenes(folder: Path) -> dict[str, list[Message]]:
    """Messages by the name of their picture."""
    found: dict[str, list[Message]] = {}
    async with DiscordStandIn() as standin:
        with addresses_of(standin):
            given = standin.environment | {
                "NEWSDESK_DATA_DIR": str(folder), "NEWSDESK_COOLDOWN_SECONDS": "0",
            }  # fmt: skip
            bot = NewsdeskBot(load_settings(given, folder / "none"), clock=at_noon)
            running = asyncio.create_task(bot.start(standin.token))
            try:
                await standin.wait_for_bot("ask")
                await _play(standin, bot, found)
            finally:
                await bot.close()
                await asyncio.gather(running, return_exceptions=True)
    return found


async def _play(standin: DiscordStandIn, bot: NewsdeskBot, found: dict[str, list[Message]]) -> None:
    guild, empty = standin.guild("Harbour News"), standin.guild("Empty News")
    indexer = await bot.services.library.indexer(bot.services.contexts.corpus_of(guild.id))
    folder = bot.settings.data_dir
    async for _ in ingest(indexer, demo_articles(NOW), actor="pictures", data_dir=folder):
        pass
    ada = standin.member(guild, "Ada")
    bea = standin.member(guild, "Bea", locale="de")
    eve = standin.member(empty, "Eve")
    general = standin.channel(guild)
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    found["answer"] = [answer, await (await ada.press(answer, "Sources")).final()]
    private = await ada.slash(general, "ask", question=BRIDGE, private=True)
    found["private"] = [await private.final(whole)]
    unknown = await ada.slash(general, "ask", question="Who is the president of Brazil?")
    found["refusal"] = [await unknown.final(whole)]
    german = await bea.slash(general, "ask", question="Who is the president of Brazil?")
    found["german"] = [await german.final()]
    async for _ in ingest(indexer, [_NASTY], actor="pictures", data_dir=folder):
        pass
    nasty = "How much did the harbour lantern cost? @everyone **now**"
    abuse = await (await ada.slash(general, "ask", question=nasty)).final(whole)
    found["abuse"] = [abuse, await (await ada.press(abuse, "Sources")).final()]
    nothing = await eve.slash(standin.channel(empty), "ask", question=BRIDGE)
    found["empty"] = [await nothing.final(whole)]
    standin.member(empty, ada)
    await ada.dm(BRIDGE)
    found["choice"] = [await standin.wait_for_message(ada.direct)]
    digest = await ada.slash(general, "digest", period="week")
    found["digest"] = [await digest.final(whole)]
    found["privacy"] = [await (await ada.slash(general, "privacy show")).final()]
    found["help"] = [await (await ada.slash(general, "help")).final()]
    boss = standin.member(guild, "Mo", moderator=True)
    found["help-moderator"] = [await (await boss.slash(general, "help")).final()]
    await (await boss.slash(general, "settings limit", questions=20, cost=0.5)).final()
    found["usage"] = [await (await ada.slash(general, "usage")).final()]
    await (await ada.press(found["refusal"][0], "Ask the moderators for this")).final()
    await (await ada.press(answer, "Not helpful")).final()
    report = await (await boss.slash(general, "report")).final()
    found["report"] = [report]
    form = await boss.context_menu(general, "Correct this answer", answer)
    [label] = (await form.modal()).inputs
    said = "The council paid 413 million in the end; see its report of March."
    await (await boss.submit_modal(form, {label: said})).final()
    found["note"] = [answer]
    found["audit"] = [await (await boss.slash(general, "audit")).final()]
    shown = await (await boss.slash(general, "setup")).final()
    await (await boss.select(shown, "newsdesk:setup:digest", general)).acknowledged()
    await standin.wait_until(lambda: "daily at" in shown.text)
    found["setup"] = [shown]


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(scenes(Path(folder)))
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    for name, messages in found.items():
        source = target / f"{name}.html"
        source.write_text(page(name, messages), encoding="utf-8")
        if browser is not None:
            _render(browser, source, target / f"{name}.png", 80 + 260 * len(messages))
    print(
        f"{len(found)} scenes in {target}" + ("" if browser else "; without Chromium only as HTML")
    )


def _render(browser: str, source: Path, picture: Path, height: int) -> None:
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--screenshot={picture.absolute()}", f"--window-size=720,{height}", source.absolute().as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


if __name__ == "__main__":
    main()
