"""METRIFY_REDIS_URL is read and handed to Feast, and its password is never shown."""

import os

import pytest
import yaml
from feast.infra.online_stores.redis import RedisOnlineStore
from hypothesis import given
from hypothesis import strategies as st

from metrify.adapters.redis_address import REDIS_VARIABLE, RedisAddress
from metrify.errors import ConfigError

PASSWORD = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RedisAddress("localhost")),
        ("redis://localhost:7000/3", RedisAddress("localhost", 7000, 3)),
        ("redis://:p%40ss@redis/0", RedisAddress("redis", password="p@ss")),
        ("rediss://ann:word@redis:6380/1", RedisAddress("redis", 6380, 1, "ann", "word", True)),
    ],
)
def test_addresses_are_read(url: str, address: RedisAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REDIS_VARIABLE, url)
    assert RedisAddress.from_environment() == address


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_variable_there_is_no_address(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REDIS_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(REDIS_VARIABLE, value)
    assert RedisAddress.from_environment() is None


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{PASSWORD}@redis",
        f"redis://:{PASSWORD}@",
        f"redis://:{PASSWORD}@redis:port",
        f"redis://:{PASSWORD}@redis:99999",
        f"redis://:{PASSWORD}@redis/one",
        f"redis://:{PASSWORD}@redis/0?db=1",
        PASSWORD,
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=REDIS_VARIABLE) as raised:
        RedisAddress.from_url(url)
    assert PASSWORD not in f"{raised.value} {raised.value.__cause__}"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_an_address_is_shown_without_its_password() -> None:
    address = RedisAddress.from_url(f"redis://ann:{PASSWORD}@redis/2")
    assert str(address) == "redis:6379/2"
    assert PASSWORD not in repr(address)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_password_reaches_feast_through_its_yaml(password: str) -> None:
    string = RedisAddress("redis", 7000, 1, "ann", password, True).feast_connection_string()
    expanded = os.path.expandvars(f"connection_string: '{string}'")
    nodes, values = RedisOnlineStore._parse_connection_string(yaml.safe_load(expanded)["connection_string"])
    assert nodes == [{"host": "redis", "port": "7000"}]
    assert (values["db"], values["ssl"], values["username"], values["password"]) == (1, True, "ann", password)


def test_what_is_not_needed_is_not_sent() -> None:
    _, values = RedisOnlineStore._parse_connection_string(RedisAddress("redis").feast_connection_string())
    assert values.keys() == {"socket_timeout", "socket_connect_timeout"}  # and database 0 is the default
