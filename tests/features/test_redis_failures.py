"""A Redis that is paused, killed, started again or that refuses: answers come, and are never another meter's."""

import asyncio

import numpy as np
import pytest

from metrify.adapters.circuit_breaker import CircuitBreaker
from metrify.adapters.feature_cache import FeatureCache
from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_connections import RedisConnections
from metrify.adapters.redis_features import RedisFeatureReader
from metrify.cli.bench.redis_server import RedisServer

from .redis_reads import LAYOUT, METERS, require_own_values, run


def test_a_paused_store_is_named_at_the_deadline(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        assert not (await reader.read(METERS)).problems
        own_redis.pause()
        answer = await reader.read(METERS[:2])
        assert answer.problems == {
            meter: {"view:number": "unavailable: no answer within 100 ms"} for meter in METERS[:2]
        }
        assert np.isnan(answer.numbers).all()
        own_redis.resume()

    run(own_redis, use, deadline_seconds=0.1)


def test_a_store_that_is_paused_before_the_first_read_is_named_too(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        own_redis.pause()
        assert (await reader.read(METERS)).problems.keys() == set(METERS)
        own_redis.resume()

    run(own_redis, use, deadline_seconds=0.1)


def test_late_replies_answer_nobody_else(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        for _ in range(3):
            await asyncio.gather(*(reader.read(METERS[first:]) for first in range(10)))  # many open connections
            own_redis.pause()
            late = await asyncio.gather(*(reader.read(METERS[first : first + 20]) for first in range(20)))
            for answer in late:
                require_own_values(answer)
            own_redis.resume()
            for first in range(20):
                require_own_values(await reader.read(METERS[20 - first :]))

    run(own_redis, use, deadline_seconds=0.1, breaker=CircuitBreaker(failures=10**6))


def test_a_cancelled_read_leaves_no_reply_behind(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        for rounds in range(30):
            await reader.read(METERS[:1])
            own_redis.pause()
            asked = asyncio.create_task(reader.read(METERS[:20]))
            for _ in range(rounds % 5 + 1):
                await asyncio.sleep(0)
            asked.cancel()
            own_redis.resume()
            with pytest.raises(asyncio.CancelledError):
                await asked
            answer = await reader.read(METERS[20:])
            assert not answer.problems
            require_own_values(answer)

    run(own_redis, use, size=1)  # a slot that is not given back would block the next read


def test_a_store_that_was_started_again_is_read_at_once(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        await asyncio.gather(*(reader.read(METERS) for _ in range(8)))
        own_redis.kill()
        own_redis.start()
        answer = await reader.read(METERS[:1])  # through none of the connections that died
        assert answer.problems == {"m_00": {"view:number": "missing"}}

    run(own_redis, use)


def test_a_killed_store_is_named_left_alone_and_found_again(own_redis: RedisServer) -> None:
    now = 0.0
    breaker = CircuitBreaker(failures=3, retry_seconds=10, clock=lambda: now)

    async def use(reader: RedisFeatureReader) -> None:
        nonlocal now
        await reader.read(METERS)
        own_redis.kill()
        for _ in range(3):
            assert "can't be reached" in (await reader.read(METERS)).problems["m_00"]["view:number"]
        assert breaker.is_open
        own_redis.start()
        assert "left in peace" in (await reader.read(METERS)).problems["m_00"]["view:number"]
        now += 10
        assert (await reader.read(METERS)).problems["m_00"] == {"view:number": "missing"}  # it is empty now
        assert not breaker.is_open

    run(own_redis, use, breaker=breaker)


def test_cached_meters_are_answered_while_the_store_is_down(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        await reader.read(METERS[:3])
        own_redis.kill()
        answer = await reader.read(METERS[:4])
        require_own_values(answer)
        assert answer.problems.keys() == {"m_03"}

    run(own_redis, use, cache=FeatureCache(max_seconds=1e9))


def test_more_reads_than_connections_wait_for_their_turn(own_redis: RedisServer) -> None:
    async def use(reader: RedisFeatureReader) -> None:
        for answer in await asyncio.gather(*(reader.read(METERS[first:]) for first in range(30))):
            assert not answer.problems
            require_own_values(answer)

    run(own_redis, use, size=2)


def test_a_password_is_needed_and_never_shown() -> None:
    with RedisServer(password="s3cr3t") as server:

        async def use(reader: RedisFeatureReader) -> None:
            problem = (await reader.read(METERS[:1])).problems["m_00"]["view:number"]
            assert "refused" in problem
            assert "wr0ng" not in problem

        run(server, use, url=server.url.replace("//", "//:wr0ng@"))

        async def use_right(reader: RedisFeatureReader) -> None:
            for _ in range(2):
                assert (await reader.read(METERS[:1])).problems == {"m_00": {"view:number": "missing"}}

        run(server, use_right, url=server.url.replace("//", "//:s3cr3t@").replace("/0", "/3"))

        async def use_none(reader: RedisFeatureReader) -> None:
            assert "NOAUTH" in (await reader.read(METERS[:1])).problems["m_00"]["view:number"]

        run(server, use_none, url=server.url)


def test_what_does_not_speak_the_protocol_is_named() -> None:
    async def main() -> None:
        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            reader = RedisFeatureReader(LAYOUT, RedisConnections(RedisAddress("127.0.0.1", port)), deadline_seconds=20)
            assert "can't be reached" in (await reader.read(METERS[:1])).problems["m_00"]["view:number"]
            await reader.close()

    asyncio.run(main())
