"""Time zones as people name them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import UserError
from bot.ui.escaping import plain
from retrieval.timestamps import zone_names


def load_zones() -> None:
    """List all names, which reads folders of the disk, before anybody asks for one."""
    _zones()


def zone_named(name: str) -> str:
    """Return the name of a time zone of the tz database.

    Raises ``UserError`` for an unknown one, naming one that is written like it.
    """
    zones = {zone.lower(): zone for zone in _zones()}
    wanted = name.strip().lower().replace(" ", "_")
    try:
        return zones.get(wanted) or ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        cities = {zone.rsplit("/", 1)[-1]: zone for zone in zones}
        near = get_close_matches(wanted, [*zones, *cities], 1, 0.6)
        example = zones[cities.get(near[0], near[0])] if near else "Europe/Berlin"
        raise UserError("unknown-zone", zone=plain(name, 60), example=example) from error


def zones_like(typed: str, most: int) -> list[str]:
    """Return names of time zones that hold what was typed."""
    words = typed.lower().split()
    return [zone for zone in _zones() if all(word in zone.lower() for word in words)][:most]


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone_names()))
