"""A year of subscriptions on Discord's stand-in: each digest once, no subscription ended.

    python -m tests.benchmarks.subscription_year [--days 365]

Prints what came and what was due to a channel and to two people, and how often Discord refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.ops.discord_endpoints import use_endpoints
from tests.discord_standin import DiscordStandIn
from tests.subscription_year import play


async def _run(days: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with DiscordStandIn() as standin:
            use_endpoints(standin.api_url, standin.gateway_url, standin.cdn_url)
            given = {"NEWSDESK_DATA_DIR": folder, **standin.environment}
            bot = NewsdeskBot(load_settings(given, Path(folder) / "no.env"))
            running = asyncio.create_task(bot.start(standin.token))
            try:
                await standin.wait_for_bot("ask")
                outcome = await play(bot, standin, days)
            finally:
                await bot.close()
                await running
            print(
                json.dumps({"days": days, **asdict(outcome), "malformed": len(standin.violations)})
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    asyncio.run(_run(parser.parse_args().days))
