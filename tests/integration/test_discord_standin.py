"""A real discord.py bot, unpatched, takes the stand-in for Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.deadlines import scaled
from tests.discord_standin import Channel, DiscordStandIn, Guild, NotPossible, User
from tests.integration.discord_fixtures import addresses_of

EDIT = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"


class Buttons(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Sources", custom_id="sources")
    async def sources(self, interaction: discord.Interaction, _: object) -> None:
        await interaction.response.send_message("a passage", ephemeral=True)

    @discord.ui.button(label="Ask a follow-up", custom_id="more")
    async def more(self, interaction: discord.Interaction, _: object) -> None:
        await interaction.response.send_modal(FollowUp())


class FollowUp(discord.ui.Modal, title="Ask a follow-up"):
    question: discord.ui.TextInput[FollowUp] = discord.ui.TextInput(label="Your question")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"You asked: {self.question.value}")


class Bot(commands.AutoShardedBot):
    """Does a little of everything that Newsdesk does, and keeps what went wrong."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        wanted = intents or discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(
            commands.when_mentioned, intents=wanted, guild_ready_timeout=0.05,
            allowed_mentions=discord.AllowedMentions.none(),
        )  # fmt: skip
        self.heard: list[str] = []
        self.errors: list[BaseException] = []

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        self.tree.add_command(ask)
        self.tree.add_command(app_commands.ContextMenu(name="Ask about this", callback=about))
        await self.tree.sync()

    async def before_identify_hook(self, _: int | None, *, initial: bool = False) -> None:
        """Wait no five seconds before the second identify."""

    async def on_message(self, message: discord.Message) -> None:
        if message.author == self.user:
            return
        self.heard.append(message.content)
        try:
            await self.answer(message)
        except discord.HTTPException as error:
            self.errors.append(error)

    async def answer(self, message: discord.Message) -> None:
        if "thread" in message.content:
            thread = await message.create_thread(name="A question")
            await thread.send("Ask on here.")
        elif "long" in message.content:
            await message.channel.send("x" * 2001)
        elif "file" in message.content:
            text = await message.attachments[0].read()
            await message.reply(file=discord.File(__file__, "source.py"), content=text.decode())
        elif self.user in message.mentions or message.guild is None:
            await message.reply(f"@everyone {message.author.mention} {message.clean_content}")


@app_commands.command(name="ask", description="Ask the news")
@app_commands.describe(question="What you want to know", source="Whose news")
async def ask(interaction: discord.Interaction, question: str, source: str = "all") -> None:
    await interaction.response.defer()
    await asyncio.sleep(0.01)
    await interaction.edit_original_response(content="Looking…")
    await interaction.edit_original_response(
        content=None, embed=discord.Embed(title=question, description=f"From {source}."),
        view=Buttons(),
    )  # fmt: skip


@ask.autocomplete("source")
async def _sources(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=name, value=name.lower())
        for name in ("BBC", "BBC Sport", "Reuters")
        if name.startswith(typed)
    ]


async def about(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"About: {message.content}", ephemeral=True)


@dataclass
class Town:
    standin: DiscordStandIn
    guild: Guild
    channel: Channel
    ada: User
    bob: User
    bot: Bot


@asynccontextmanager
async def running(standin: DiscordStandIn, bot: Bot) -> AsyncIterator[Bot]:
    async with bot:
        task = asyncio.create_task(bot.start(standin.token))
        await asyncio.wait_for(bot.wait_until_ready(), scaled(10))
        yield bot
    await task


@pytest.fixture
async def town(standin: DiscordStandIn) -> AsyncIterator[Town]:
    guild = standin.guild("Harbour")
    ada, bob = standin.member(guild, "Ada"), standin.member(guild, "Bob")
    async with running(standin, Bot()) as bot:
        yield Town(standin, guild, standin.channel(guild), ada, bob, bot)
    assert standin.api.own_mistakes() == []


async def test_a_slash_command_is_deferred_edited_and_its_buttons_work(town: Town) -> None:
    asked = await town.ada.slash(town.channel, "ask", question="Who won?", source="BBC")
    answer = await asked.final(until=lambda m: "Sources" in m.buttons)
    assert answer.text == "Who won?\nFrom BBC."
    assert [version.content for version in answer.history] == ["", "Looking…", ""]
    assert asked.acknowledged_after is not None

    passage = await (await town.bob.press(answer, "Sources")).final()
    assert passage.text == "a passage"
    assert town.bob.sees(passage)
    assert not town.ada.sees(passage)

    form = await (await town.ada.press(answer, "Ask a follow-up")).modal()
    assert form.title == "Ask a follow-up"
    sent = await town.ada.submit_modal(form, {"Your question": "And when?"})
    assert (await sent.final()).text == "You asked: And when?"

    choices = await town.ada.autocomplete(town.channel, "ask", option="source", typed="BB")
    assert [choice.name for choice in choices] == ["BBC", "BBC Sport"]
    with pytest.raises(NotPossible, match="there is no command /quiz"):
        await town.ada.slash(town.channel, "quiz")
    with pytest.raises(NotPossible, match="needs question"):
        await town.ada.slash(town.channel, "ask")


async def test_mentions_replies_threads_files_and_direct_messages(town: Town) -> None:
    standin, channel, ada = town.standin, town.channel, town.ada
    # Without the message content intent the bot reads only what is meant for it.
    await ada.send(channel, "between us")
    asked = await ada.send(channel, "hello", mention=[standin.bot])
    answer = await standin.wait_for_message(channel, after=asked)
    assert answer.replied_to is asked
    assert answer.text == f"@everyone {ada.mention} @Newsdesk hello"
    assert not answer.pings
    assert town.bot.heard == ["", f"{standin.bot.mention} hello"]

    again = await town.bob.send(channel, "and?", reply_to=answer)
    assert (await standin.wait_for_message(channel, after=again)).replied_to is again

    direct = await ada.dm("good morning")
    assert "good morning" in (await standin.wait_for_message(ada.direct, after=direct)).text

    await ada.send(channel, "a thread, please", mention=[standin.bot])
    await standin.wait_until(lambda: bool(standin.threads(channel)), what="a thread")
    thread = standin.threads(channel)[0]
    await standin.wait_for_message(thread, lambda m: m.text == "Ask on here.")

    file = ("note.txt", b"what stands in it")
    await ada.send(channel, "a file", mention=[standin.bot], attachments=[file])
    back = await standin.wait_for_message(channel, lambda m: bool(m.attachments))
    assert back.text == "what stands in it"
    assert b"unpatched" in back.attachments[0].content

    menu = await ada.context_menu(channel, "Ask about this", again)
    assert (await menu.final()).text == "About: and?"


async def test_a_dropped_gateway_loses_nothing(town: Town) -> None:
    town.standin.gateway.drop()
    await town.ada.send(town.channel, "while you were out", mention=[town.standin.bot])
    answer = await town.standin.wait_for_message(town.channel)
    assert "while you were out" in answer.text
    assert town.standin.gateway.resumes == 1
    assert len(town.standin.gateway.identifies) == 1


async def test_an_invalid_session_is_begun_anew(town: Town) -> None:
    town.standin.gateway.invalidate()
    await town.standin.wait_until(lambda: len(town.standin.gateway.identifies) == 2)
    await town.ada.send(town.channel, "are you back?", mention=[town.standin.bot])
    await town.standin.wait_for_message(town.channel, lambda m: "back" in m.text)


async def test_rate_limits_are_waited_for_and_errors_retried(town: Town) -> None:
    broken = town.standin.fail("PATCH", EDIT, status=503)
    limited = town.standin.limit_rate("PATCH", EDIT, retry_after=0.05)
    asked = await town.ada.slash(town.channel, "ask", question="Who won?")
    await asked.final(until=lambda m: "Sources" in m.buttons)
    assert (limited.hits, broken.hits) == (1, 1)
    assert [call.status for call in town.standin.calls_to("PATCH", EDIT)][:3] == [503, 429, 200]
    await town.standin.wait_until(lambda: town.standin.calls_to("PATCH", EDIT)[-1].status == 200)
    assert len(town.standin.calls_to("PATCH", EDIT)) == 4


async def test_what_discord_refuses_is_refused_and_remembered(town: Town) -> None:
    standin, channel, ada, bot = town.standin, town.channel, town.ada, town.bot
    await ada.send(channel, "a long one", mention=[standin.bot])
    await standin.wait_until(lambda: len(bot.errors) == 1)
    assert "2000 or fewer in length" in str(bot.errors[0])
    assert [violation.code for violation in standin.violations] == [50035]
    standin.violations.clear()

    standin.deny(channel, "send_messages")
    await ada.send(channel, "hello", mention=[standin.bot])
    await standin.wait_until(lambda: len(bot.errors) == 2)
    standin.deny(channel, "view_channel")
    with pytest.raises(discord.Forbidden):
        await bot.get_partial_messageable(channel.id).send("hello")
    assert [refusal.code for refusal in standin.refusals] == [50013, 50001]
    assert standin.violations == []


async def test_a_late_response_and_an_old_token_are_refused(town: Town) -> None:
    standin = town.standin
    standin.delay("POST", "/interactions/*", 0.05)
    late = await town.ada.slash(town.channel, "ask", question="Who won?")
    standin.clock.advance(600)  # beyond three seconds however busy the machine is
    await standin.wait_until(lambda: bool(standin.refusals))
    assert late.failed

    asked = await town.ada.slash(town.channel, "ask", question="Who won?")
    answer = await asked.final(until=lambda m: "Sources" in m.buttons)
    standin.clock.advance(901)
    hook = discord.Webhook.partial(
        standin.bot.id, asked.token, client=town.bot
    )  # what `interaction.followup` is
    with pytest.raises(discord.HTTPException) as refused:
        await hook.edit_message(answer.id, content="more")
    assert refused.value.code == 50027
    assert [refusal.code for refusal in standin.refusals] == [10062, 50027]


async def test_a_wrong_token_and_a_missing_intent_end_the_start(standin: DiscordStandIn) -> None:
    async with Bot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.start("no.such.token")
    async with DiscordStandIn(privileged_intents=0) as strict:
        with addresses_of(strict):
            async with Bot(discord.Intents.all()) as bot:
                with pytest.raises(discord.PrivilegedIntentsRequired):
                    await bot.start(strict.token)


async def test_members_can_be_listed_with_the_members_intent(standin: DiscordStandIn) -> None:
    guild = standin.guild("Big")
    for number in range(1_200):
        standin.member(guild, f"member {number}")
    intents = discord.Intents(guilds=True, members=True)
    async with running(standin, Bot(intents)) as bot:
        seen = bot.get_guild(guild.id)
        assert seen is not None
        assert len(seen.members) == len(guild.members)


async def test_a_forum_takes_posts_and_no_messages(town: Town) -> None:
    standin, bot = town.standin, town.bot
    shelf = standin.channel(town.guild, "shelf", kind=15)
    await standin.wait_until(lambda: bot.get_channel(shelf.id) is not None)
    forum = bot.get_channel(shelf.id)
    assert isinstance(forum, discord.ForumChannel)
    made = await forum.create_thread(name="A story", content="Its first words")
    assert made.message.id == made.thread.id
    [post] = standin.threads(shelf)
    await made.thread.send("and later ones")
    assert [m.content for m in standin.bot_messages(post)] == ["Its first words", "and later ones"]
    with pytest.raises(discord.HTTPException) as refused:
        await bot.get_partial_messageable(shelf.id).send("nowhere")
    assert refused.value.code == 50008
    standin.deny(shelf, "send_messages")
    with pytest.raises(discord.Forbidden):
        await forum.create_thread(name="Another", content="words")
    asked = await town.ada.start_post(shelf, "Mine", "A question", mention=[standin.bot])
    assert asked.parent is shelf
    await standin.wait_until(lambda: any("A question" in text for text in bot.heard))


async def test_a_stage_has_a_chat_and_a_category_holds_channels(town: Town) -> None:
    standin, bot = town.standin, town.bot
    group = standin.channel(town.guild, "group", kind=4)
    stage = standin.channel(town.guild, "stage", kind=13, category=group)
    await standin.wait_until(lambda: bot.get_channel(stage.id) is not None)
    seen = bot.get_channel(stage.id)
    assert isinstance(seen, discord.StageChannel)
    assert seen.category_id == group.id
    await seen.send("words")


async def test_a_nonce_is_known_for_a_few_minutes(town: Town) -> None:
    channel = town.bot.get_partial_messageable(town.channel.id)
    first = await channel.send("once", nonce="7")
    assert (await channel.send("once", nonce="7")).id == first.id
    town.standin.clock.advance(301)
    assert (await channel.send("once", nonce="7")).id != first.id


async def test_direct_channels_are_not_opened_too_fast(town: Town) -> None:
    town.standin.close_directs(60)
    ada = await town.bot.fetch_user(town.ada.id)
    with pytest.raises(discord.Forbidden) as refused:
        await ada.send("hello")
    assert refused.value.code == 40003
    town.standin.clock.advance(61)
    await ada.send("hello")


async def test_the_bots_own_role_is_known_and_mentioned(town: Town) -> None:
    guild, role = town.bot.get_guild(town.guild.id), town.standin.bot_role(town.guild)
    assert guild is not None
    assert guild.self_role is not None
    assert guild.self_role.id == role.id
    boss = town.standin.member(
        town.guild, "Mo", roles=[town.standin.role(town.guild, "callers", "mention_everyone")]
    )
    heard = asyncio.create_task(town.bot.wait_for("message", timeout=scaled(10)))
    await asyncio.sleep(0)
    await boss.send(town.channel, "Who won?", mention=[role])
    message = await heard
    assert [mentioned.id for mentioned in message.role_mentions] == [role.id]
    assert message.content == ""  # a role is no mention of the bot: its text takes the intent


async def test_files_of_an_edit_are_declared(town: Town) -> None:
    channel = town.bot.get_partial_messageable(town.channel.id)
    message = await channel.send("a file", file=discord.File(__file__, "a.py"))
    await message.edit(attachments=[discord.File(__file__, "b.py")])
    [shown] = town.standin.bot_messages(town.channel)
    assert [file.filename for file in shown.attachments] == ["b.py"]
    undeclared = discord.http.MultipartParameters(
        payload=None,
        multipart=[
            {"name": "payload_json", "value": '{"content": "a file"}'},
            {"name": "files[0]", "value": b"words", "filename": "c.txt"},
        ],
        files=[discord.File(__file__, "c.py")],
    )
    with town.standin.expect_violation("attachments"), pytest.raises(discord.HTTPException):
        await town.bot.http.edit_message(town.channel.id, message.id, params=undeclared)


async def test_commands_are_shown_by_permission_place_and_installation(
    standin: DiscordStandIn,
) -> None:
    guild = standin.guild("Harbour")
    ada, mo = standin.member(guild, "Ada"), standin.member(guild, "Mo", moderator=True)
    helpers = standin.role(guild, "helpers")
    bob = standin.member(guild, "Bob", roles=[helpers])
    general = standin.channel(guild)
    described = {"type": 1, "description": "words"}
    standin.commands.overwrite(
        None,
        [
            {**described, "name": "ask", "contexts": [0, 1], "integration_types": [0, 1]},
            {**described, "name": "feeds", "contexts": [0], "default_member_permissions": "32"},
        ],
    )
    assert mo.shown_commands(general) == {"ask", "feeds"}
    assert ada.shown_commands(general) == bob.shown_commands(general) == {"ask"}
    assert mo.shown_commands(mo.direct) == {"ask"}
    standin.commands.allow(guild, helpers)
    assert bob.shown_commands(general) == {"ask", "feeds"}
    elsewhere = standin.guild("Elsewhere", with_bot=False)
    standin.member(elsewhere, ada)
    assert ada.shown_commands(standin.channel(elsewhere)) == set()
    ada.installed_app = True
    assert ada.shown_commands(standin.channel(elsewhere)) == {"ask"}


async def test_a_channel_has_a_few_webhooks(town: Town) -> None:
    channel = town.bot.get_channel(town.channel.id)
    assert isinstance(channel, discord.TextChannel)
    town.standin.allow(town.channel, "manage_webhooks")
    await town.standin.wait_until(lambda: channel.permissions_for(channel.guild.me).manage_webhooks)
    with town.standin.expect_violation("name"), pytest.raises(discord.HTTPException):
        await channel.create_webhook(name="Discord news")
    for number in range(15):
        await channel.create_webhook(name=f"news {number}")
    with pytest.raises(discord.HTTPException) as refused:
        await channel.create_webhook(name="one more")
    assert refused.value.code == 30007


async def test_the_webhooks_of_a_channel_post_thirty_messages_a_minute_together(town: Town) -> None:
    channel = town.bot.get_channel(town.channel.id)
    assert isinstance(channel, discord.TextChannel)
    town.standin.allow(town.channel, "manage_webhooks")
    await town.standin.wait_until(lambda: channel.permissions_for(channel.guild.me).manage_webhooks)
    town.standin.rate_limits.set("POST", "/webhooks/{webhook_id}/{webhook_token}", 50, 1.0)
    first, second = [await channel.create_webhook(name=name) for name in ("one", "two")]
    for webhook in (first, second):
        for number in range(15):
            await webhook.send(f"{webhook.name} {number}")
    sending = asyncio.create_task(second.send("one too many"))
    await town.standin.wait_until(lambda: any(call.status == 429 for call in town.standin.calls))
    assert len(town.standin.bot_messages(town.channel)) == 0  # those are the webhooks' own
    assert sum(call.status == 429 for call in town.standin.calls) == 1
    sending.cancel()
    town.standin.clock.advance(60)
    await first.send("again")
