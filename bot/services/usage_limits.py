"""What a member, a role or a channel may use in a day, and what each used."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.answering.budget import counting_cost
from bot.errors import UserError
from bot.storage.guild_settings import GuildSettings, UsageLimit
from bot.storage.member_usage import (
    MemberDay,
    Used,
    add_cost,
    count_question,
    used_by_member,
    used_everywhere,
    used_in_channel,
)
from retrieval.library import Library


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be used in a day: questions, and US dollars; None is as much as one likes."""

    questions: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """Whose use is counted where, and how much there may be. ``zone`` is that of the server's days,
    None for the operator's."""

    guild_id: int
    channel_id: int
    user_id: int
    zone: str | None
    member: Allowance
    channel: Allowance


def meter_for(
    settings: GuildSettings,
    guild_id: int,
    channel_id: int,
    user_id: int,
    role_ids: Collection[int],
    place_ids: Collection[int] = (),
) -> Meter:
    """Return what holds for a member with these roles. Of several roles the most generous counts,
    instead of what holds for each member; roles that are free of limits have none. What a channel
    lacks in limits it has from what it is in, its category among ``place_ids``."""
    if set(role_ids) & set(settings.free_roles):
        member = channel = Allowance()
    else:
        of_roles = [each for each in settings.limits if each.kind == "role" and each.id in role_ids]
        of_all = [each for each in settings.limits if each.kind == "member"]
        of_places = [each for each in settings.limits if each.kind == "channel"]
        here = [each for each in of_places if each.id == channel_id]
        around = [each for each in of_places if each.id in place_ids]
        member = Allowance(
            _most(each.questions for each in of_roles) or _most(each.questions for each in of_all),
            _most(each.cost for each in of_roles) or _most(each.cost for each in of_all),
        )
        channel = Allowance(
            _most(each.questions for each in here) or _most(each.questions for each in around),
            _most(each.cost for each in here) or _most(each.cost for each in around),
        )
    return Meter(guild_id, channel_id, user_id, settings.zone, member, channel)


def with_limit(limits: Iterable[UsageLimit], new: UsageLimit) -> tuple[UsageLimit, ...]:
    """Return limits with ``new`` instead of that for the same; without it if it limits nothing."""
    others = [each for each in limits if (each.kind, each.id) != (new.kind, new.id)]
    return (*others, new) if new.questions or new.cost else tuple(others)


class UsageLimits:
    """Counts what members use and refuses what is more than they may. Days are the server's."""

    def __init__(self, library: Library, operators_zone: str) -> None:
        self._library = library
        self._operators_zone = operators_zone
        self._checking = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def counted(self, meter: Meter | None) -> AsyncIterator[None]:
        """Count the body as a question with its cost; one that fails is no question.

        Raises ``UserError`` where no more may be asked today.
        """
        if meter is None:
            yield
            return
        database = self._library.database
        at = MemberDay(self._now(meter).date(), meter.guild_id, meter.channel_id, meter.user_id)
        async with self._checking:
            await self._admit(meter)
            await count_question(database, at)
        with counting_cost() as costs:
            try:
                yield
            except BaseException:
                await asyncio.shield(count_question(database, at, -1))
                raise
            finally:
                if cost := sum(costs):
                    await asyncio.shield(add_cost(database, at, cost))

    async def of_member(self, meter: Meter) -> Used:
        """What this member used today."""
        day = self._now(meter).date()
        return await used_by_member(self._library.database, day, meter.guild_id, meter.user_id)

    async def of_channel(self, meter: Meter) -> Used:
        """What all used in this channel today."""
        day = self._now(meter).date()
        return await used_in_channel(self._library.database, day, meter.guild_id, meter.channel_id)

    async def of_person(self, user_id: int) -> Used:
        """What a person used in all servers on the operator's day."""
        day = self._library.clock().astimezone(ZoneInfo(self._operators_zone)).date()
        return await used_everywhere(self._library.database, day, user_id)

    def _now(self, meter: Meter) -> datetime:
        return self._library.clock().astimezone(ZoneInfo(meter.zone or self._operators_zone))

    async def _admit(self, meter: Meter) -> None:
        for of_member, allowed, used in (
            (True, meter.member, self.of_member),
            (False, meter.channel, self.of_channel),
        ):
            if allowed == Allowance():
                continue
            so_far = await used(meter)
            today = self._now(meter).replace(hour=0, minute=0, second=0, microsecond=0)
            again = f"<t:{int((today + timedelta(days=1)).timestamp())}:R>"
            count = allowed.questions
            if count is not None and so_far.questions >= count:
                if of_member:
                    raise UserError("limit-member", count=count, again=again)
                raise UserError("limit-channel", count=count, again=again)
            if allowed.cost is not None and so_far.cost >= allowed.cost:
                raise UserError(
                    "limit-member-cost" if of_member else "limit-channel-cost", again=again
                )


_Amount = TypeVar("_Amount", int, float)


def _most(values: Iterable[_Amount | None]) -> _Amount | None:
    return max((each for each in values if each is not None), default=None)
