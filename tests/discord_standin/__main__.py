"""Try the bot by hand: a Discord on loopback with one server, and a line to type as a person."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from collections.abc import Callable
from typing import Any

from .interactions import MODAL, Interaction
from .model import Channel, Message
from .options import NotPossible, find
from .standin import DiscordStandIn
from .users import User

HELP = """\
  hello                        write into the channel; @Newsdesk mentions the bot
  /ask question="Who won?"     run a command (/feeds add address=…), options as name=value
  ?ask source=BB               type into an option and see the suggestions
  !press 12 Sources            press a button of message 12
  !menu 12 Ask about this      an entry of the menu of message 12
  !reply 12 and when was that? reply to message 12
  !form Your question=And then fill in the form that the bot opened
  !in thread | !in #name | !in dm    go to the newest thread, a channel, the direct messages
  !as Bob                      be someone else: Ada, Bob, or Mo, who moderates
  !drop                        cut the gateway's line
  !quit"""


class Terminal:
    """What one types, and what is printed."""

    def __init__(self, standin: DiscordStandIn) -> None:
        self.standin = standin
        guild = standin.guild("Harbour News")
        self.people = {
            "Ada": standin.member(guild, "Ada"),
            "Bob": standin.member(guild, "Bob"),
            "Mo": standin.member(guild, "Mo", moderator=True),
        }
        self.me: User = self.people["Ada"]
        self.guild = guild
        self.channel: Channel = standin.channel(guild)
        self.numbered: list[Message] = []
        self._printed: dict[int, int] = {}
        self._told: set[int] = set()
        self._calls = 0
        self.form: Interaction | None = None

    async def watch(self) -> None:
        """Print what is new, as long as it lasts."""
        while True:
            await self.standin.wait_until(self._news, timeout=1e9)
            self._show()

    def _messages(self) -> list[Message]:
        places = [*self.standin.world.channels.values()]
        found = [m for place in places for m in place.messages.values()]
        return sorted(found, key=lambda m: m.id)

    def _news(self) -> bool:
        late = [i for i in self.standin.interactions if i.failed and i.id not in self._told]
        forms = [
            i
            for i in self.standin.interactions
            if i.response_type == MODAL and i.id not in self._told
        ]
        fresh = any(self._printed.get(m.id) != len(m.history) for m in self._messages())
        return fresh or bool(late or forms) or self._calls != len(self._complaints())

    def _complaints(self) -> list[object]:
        return [*self.standin.violations, *self.standin.refusals]

    def _show(self) -> None:
        for message in self._messages():
            if self._printed.get(message.id) == len(message.history):
                continue
            self._printed[message.id] = len(message.history)
            if message not in self.numbered:
                self.numbered.append(message)
            self._print(message)
        for interaction in self.standin.interactions:
            if interaction.id in self._told:
                continue
            if interaction.failed:
                self._told.add(interaction.id)
                print(f"  ! the application did not respond ({interaction!r})")
            elif interaction.response_type == MODAL:
                self._told.add(interaction.id)
                self.form = interaction
                data = interaction.response_data
                print(f"  form {data['title']!r}; fill it in: !form {'=… '.join(self._inputs())}=…")
        complaints = self._complaints()
        for complaint in complaints[self._calls :]:
            print(f"  ! refused: {complaint}")
        self._calls = len(complaints)

    def _inputs(self) -> list[str]:
        from .interactions import Modal

        assert self.form is not None
        data = self.form.response_data
        return list(Modal(self.form, data["custom_id"], data["title"], data["components"]).inputs)

    def _print(self, message: Message) -> None:
        number = self.numbered.index(message) + 1
        place = f"#{message.channel.name}" if message.channel.name else "direct"
        marks = " (only you see this)" if message.is_ephemeral else ""
        marks += f" (edit {len(message.history) - 1})" if len(message.history) > 1 else ""
        text = "… is thinking" if message.is_loading else message.text
        print(f"{number:>3} {place} {message.author.name}{marks}: " + text.replace("\n", "\n    "))
        for item in message.attachments:
            print(f"    file {item.url}")
        if message.buttons:
            print("    " + "  ".join(f"[{label}]" for label in message.buttons))

    async def line(self, text: str) -> None:
        """Do what one line says."""
        if text.startswith("/"):
            await self._slash(text[1:])
        elif text.startswith("?"):
            name, options = self._options(text[1:])
            option, typed = list(options.items())[-1]
            del options[option]
            for choice in await self.me.autocomplete(
                self.channel, name, option=option, typed=str(typed), **options
            ):
                print(f"    {choice.name}  ({choice.value})")
        elif text.startswith("!"):
            await self._special(text[1:])
        elif text:
            mention = self.standin.bot.mention
            await self.me.send(self.channel, text.replace(f"@{self.standin.bot.name}", mention))

    def _options(self, text: str) -> tuple[str, dict[str, Any]]:
        """``feeds add url=x`` -> the command and its options, as the types of the command say."""
        words = shlex.split(text)
        name = " ".join(word for word in words if "=" not in word)
        given = dict(word.split("=", 1) for word in words if "=" in word)
        home = self.channel.guild.id if self.channel.guild else None
        _, steps = find(self.standin.commands.usable(home, 1), name)
        kinds = {option["name"]: option["type"] for option in steps[-1].get("options") or []}
        convert: dict[int, Callable[[str], object]] = {
            4: int, 10: float, 5: lambda v: v.lower() in ("true", "yes", "1"),
            6: lambda v: self.people[v], 7: lambda v: self.standin.channel(self.guild, v.lstrip("#")),
        }  # fmt: skip
        return name, {
            key: convert.get(kinds.get(key, 3), str)(value) for key, value in given.items()
        }

    async def _slash(self, text: str) -> None:
        name, options = self._options(text)
        await self.me.slash(self.channel, name, **options)

    async def _special(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        number, _, more = rest.partition(" ")
        if word == "press":
            await self.me.press(self.numbered[int(number) - 1], more)
        elif word == "menu":
            target = self.numbered[int(number) - 1]
            await self.me.context_menu(target.channel, more, target)
        elif word == "reply":
            target = self.numbered[int(number) - 1]
            await self.me.send(target.channel, more, reply_to=target)
        elif word == "form" and self.form is not None:
            label, _, value = rest.partition("=")
            await self.me.submit_modal(self.form, {label: value})
        elif word == "in":
            self.channel = self._place(rest)
        elif word == "as":
            self.me = self.people[rest]
        elif word == "drop":
            self.standin.gateway.drop()
        else:
            print(HELP)

    def _place(self, name: str) -> Channel:
        if name == "dm":
            return self.me.direct
        if name == "thread":
            return max(self.guild.threads.values(), key=lambda t: t.id)
        return self.standin.channel(self.guild, name.lstrip("#"))


async def serve(port: int) -> None:
    standin = DiscordStandIn()
    await standin.start(port)
    terminal = Terminal(standin)
    print("Set these and start the bot with `newsdesk run`:\n")
    for name, value in standin.environment.items():
        print(f"export {name}={value}")
    print(f"\nThen type here; you are Ada in #general.\n{HELP}\n", flush=True)
    watching = asyncio.create_task(terminal.watch())
    try:
        while True:
            text = await asyncio.to_thread(sys.stdin.readline)
            if not text or text.strip() == "!quit":
                return
            try:
                await terminal.line(text.strip())
            except (NotPossible, KeyError, ValueError, IndexError) as error:
                print(f"  ! {error}")
    finally:
        watching.cancel()
        await standin.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.discord_standin", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="where to listen; a free port unless said"
    )
    port = parser.parse_args().port
    try:
        asyncio.run(serve(port))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
