"""Where the routes are listed."""

from tests.discord_standin.server import Routes

route = Routes()
