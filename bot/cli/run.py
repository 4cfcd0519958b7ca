"""`newsdesk run`, the bot in Discord, and `newsdesk commands`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli import options as o
from bot.cli.common import run_async, set_up_logging, stop_on_signals
from bot.cli.output import print_json

if TYPE_CHECKING:
    from bot.client import NewsdeskBot
    from bot.config.settings import Settings

_PORTAL = "https://discord.com/developers/applications"


def run() -> None:
    """Run the Discord bot. Ctrl-C or SIGTERM stops the bot."""
    from bot.config.settings import load_settings
    from bot.ops.discord_endpoints import use_endpoints
    from bot.ops.invite import bot_id
    from retrieval.errors import SettingsError

    settings = load_settings()
    if settings.discord_token is None:
        raise SettingsError("token-missing", portal=_PORTAL)
    if (
        settings.discord_api_url is None
        and bot_id(settings.discord_token.get_secret_value()) is None
    ):
        raise SettingsError("token-malformed", portal=_PORTAL)
    set_up_logging(settings)
    use_endpoints(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    run_async(_run(settings))


def commands(as_json: o.Json = False) -> None:
    """List the bot's commands in Discord. With --json, the commands are printed in the form that Discord
    expects."""
    from bot.config.settings import load_settings

    for command in run_async(_commands(load_settings())):
        if as_json:
            print_json(command)
        else:
            print(
                f"{command['name']}: {command.get('description') or 'in the Apps menu of a message'}"
            )


async def _commands(settings: Settings) -> list[dict[str, Any]]:
    """Return what is registered with Discord, without reading the data folder: commands are the
    same for all."""
    import tempfile

    from bot.client import NewsdeskBot
    from bot.ops.command_sync import payloads

    with tempfile.TemporaryDirectory(prefix="newsdesk-", ignore_cleanup_errors=True) as folder:
        async with NewsdeskBot(settings.model_copy(update={"data_dir": Path(folder)})) as bot:
            await bot.load_commands()
            return await payloads(bot.tree)


async def _run(settings: Settings) -> None:
    import asyncio

    from bot.client import NewsdeskBot
    from bot.ops.event_loop import tune_for_event_loop

    # In this process, Chroma would hold Python's global lock while it writes.
    bot = NewsdeskBot(settings, chroma_apart=True)
    tune_for_event_loop(bot)
    running = asyncio.create_task(_connected(bot, settings))
    stop = asyncio.Event()
    stop_on_signals(stop)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await bot.close()
    await running


async def _connected(bot: NewsdeskBot, settings: Settings) -> None:
    """Log in and stay connected. Raises Discord's refusals as ``NewsdeskError``."""
    import aiohttp
    import discord

    from retrieval.errors import NewsdeskError, SettingsError

    token = settings.discord_token
    try:
        await bot.start(token.get_secret_value() if token else "")
    except discord.LoginFailure as error:
        raise SettingsError("token-refused", portal=_PORTAL) from error
    except discord.PrivilegedIntentsRequired as error:
        raise SettingsError("message-content-refused", portal=_PORTAL) from error
    except discord.ConnectionClosed as error:
        raise NewsdeskError("gateway-closed", code=str(error.code)) from error
    except (aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound) as error:
        raise NewsdeskError("discord-unreachable") from error
