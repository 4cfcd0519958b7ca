"""A Discord that runs on loopback: real gateway, real HTTP API, people to play.

`python -m tests.discord_standin` serves it to try the bot by hand. Tests take the fixture `standin`:

    async def test_ask(standin: DiscordStandIn) -> None:
        guild = standin.guild("Harbour News")
        ada, mo = standin.member(guild, "Ada"), standin.member(guild, "Mo", moderator=True)
        channel = standin.channel(guild)
        ...start the bot, in this process or with standin.environment in another...
        await standin.wait_for_bot("ask")

        asked = await ada.slash(channel, "ask", question="Who won?")
        answer = await asked.final(until=lambda message: "Sources" in message.buttons)
        passages = await (await ada.press(answer, "Sources")).final()
        question = await ada.send(channel, "and when?", reply_to=answer)
        reply = await standin.wait_for_message(channel, after=question)

- People (`User`): `slash`, `autocomplete`, `context_menu`, `press`, `select`, `submit_modal`, `send`,
  `dm`, `edit`, `delete`, `react`, `start_thread`; `direct` is their channel with the bot, `sees(message)`
  and `messages(channel)` what they see. What Discord would not let them do raises `NotPossible`.
  `commands.open_to_all` shows everyone the commands that are hidden by default.
- `Interaction`: `final()`, `modal()`, `acknowledged_after`, `failed`, `messages`, `expire()`.
- `Message`: `text`, `embed`, `buttons`, `component(name)`, `pings`, `link_previews`, `history`.
- Waiting: `wait_for_message`, `wait_until`, `wait_for_bot`. A wait in vain says what was refused.
- Disturbing: `fail`, `delay`, `cut`, `limit_rate`, `rate_limits.set`, `deny`, `delete_message`,
  `archive`, `leave`, `clock.advance`; `gateway.drop`, `close`, `invalidate`, `ask_to_reconnect`,
  `stop_acknowledging`, `set_unavailable`.
- Looking back: `calls`, `calls_to`, `commands.syncs`, `gateway.heartbeat_lateness`. `refusals` are
  requests that were refused because of how things stood; `violations` are those that no Discord would
  take, and the fixture fails on them (`expect_violation` allows one).

Before the bot connects a test may set `gateway.heartbeat_interval`, `gateway.shards`,
`gateway.starts` (how many sessions may begin in a day, how many at once, `pace` seconds apart),
`world.privileged_intents` (what the developer portal allows) and `rate_limits.enabled`: Discord's rate
limits hold here too, also that of 50 requests a second for all processes with the bot's token. Where bursts are measured, run the bot in a process of its own: checking a request
takes the stand-in a millisecond or more.
"""

from .interactions import Interaction, Modal
from .model import Channel, Guild, Message, Role
from .options import NotPossible
from .standin import DiscordStandIn
from .users import Choice, User

__all__ = [
    "Channel",
    "Choice",
    "DiscordStandIn",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "NotPossible",
    "Role",
    "User",
]
