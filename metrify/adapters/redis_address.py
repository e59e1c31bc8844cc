"""Where the online store's Redis is: METRIFY_REDIS_URL, taken apart once and never shown with its password."""

import json
import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from metrify.errors import ConfigError

REDIS_VARIABLE = "METRIFY_REDIS_URL"
_DEFAULT_PORT = 6379
_FEAST_TIMEOUT_SECONDS = 2.0  # of Feast's own reads and writes; without it they wait for ever
_FORM = "Write it as redis://[user:password@]host[:port][/database], or rediss:// for TLS."


@dataclass(frozen=True)
class RedisAddress:
    """One Redis server and database.

    Attributes:
        host: Name or address.
        port: Of the server.
        database: Number of the database.
        username: Empty for the default user.
        password: Empty where none is needed; `repr` and `str` leave it out.
        tls: Whether the connection is encrypted.
    """

    host: str
    port: int = _DEFAULT_PORT
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    @classmethod
    def from_url(cls, url: str) -> "RedisAddress":
        """Reads `redis://[user:password@]host[:port][/database]`; `rediss` means TLS.

        Raises:
            ConfigError: It has another form. The message does not repeat it, since it may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORT
            database = int(parts.path.strip("/") or 0)
        except ValueError:
            raise ConfigError(f"{REDIS_VARIABLE} is no Redis address.", _FORM) from None  # the cause may quote it
        if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigError(f"{REDIS_VARIABLE} is no Redis address.", _FORM)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, database, username, password, parts.scheme == "rediss")

    @classmethod
    def from_environment(cls) -> "RedisAddress | None":
        """The address that METRIFY_REDIS_URL names; None where it is unset or empty.

        Raises:
            ConfigError: It is no Redis address.
        """
        url = os.environ.get(REDIS_VARIABLE)
        return cls.from_url(url) if url else None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"

    def feast_connection_string(self) -> str:
        """The address in the form of Feast's `connection_string`, for a place within single quotes in YAML.

        Feast splits it at commas and reads each value as JSON where it can, so user and password are JSON strings whose
        commas and quotes are escaped: any password survives, `123` too.
        """
        values = {
            "db": self.database,
            "ssl": self.tls,
            "username": self.username,
            "password": self.password,
            "socket_timeout": _FEAST_TIMEOUT_SECONDS,
            "socket_connect_timeout": _FEAST_TIMEOUT_SECONDS,
        }
        pairs = [f"{name}={_as_json(value)}" for name, value in values.items() if value]
        return ",".join([f"{self.host}:{self.port}", *pairs])


def _as_json(value: object) -> str:
    text = json.dumps(value)
    for sign in ",'$":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
