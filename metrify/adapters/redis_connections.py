"""A pool of connections to one Redis server, each with one exchange at a time.

It speaks Redis's wire protocol itself, which hiredis parses, instead of going through redis-py: an exchange is then one
write and one future, set as soon as the last reply is parsed. So a deadline that passes while the event loop was busy
elsewhere does not discard an answer that has come: asyncio delivers what was received before it looks at its timers.
"""

import asyncio
import ssl

import hiredis

from metrify.adapters.redis_address import RedisAddress
from metrify.adapters.redis_codec import pack_command
from metrify.errors import FeatureStoreError

_NOTHING = object()
_BUFFER_BYTES = 1 << 17
_OF_ONE_KEY = "WRONGTYPE"


class _Connection(asyncio.BufferedProtocol):
    """One connection. What interrupts an exchange ends the connection, so that no late reply answers another one."""

    def __init__(self) -> None:
        self._parser = hiredis.Reader(notEnoughData=_NOTHING)
        self._buffer = bytearray(_BUFFER_BYTES)  # asyncio would allot a new one of 256 kB for each packet
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[list[object]] | None = None
        self._replies: list[object] = []
        self._wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._parser.feed(self._buffer, 0, nbytes)  # type: ignore[arg-type]  # any buffer, says hiredis's own code
            while (reply := self._parser.gets(False)) is not _NOTHING:
                self._replies.append(reply)
        except hiredis.ProtocolError:
            self._end(ConnectionResetError("what came is not Redis's protocol"))
            return
        if self._answer is None or len(self._replies) > self._wanted:
            self._end(ConnectionResetError("more came than was asked for"))
        elif len(self._replies) == self._wanted and not self._answer.done():
            self._answer.set_result(self._replies)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(ConnectionResetError("the connection was closed"))

    async def exchange(self, command: bytes, replies: int, deadline: float) -> list[object]:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        self._answer, self._replies, self._wanted = loop.create_future(), [], replies
        timer = loop.call_at(deadline, self._end, TimeoutError())
        try:
            self._transport.write(command)
            return await self._answer
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            timer.cancel()
            self._answer = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()  # without waiting for what is still to be sent

    def _end(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


class RedisConnections:
    """A bounded pool. Use it from one event loop.

    Args:
        address: Of the server.
        size: Connections at most; who finds none free waits for one until the deadline.
    """

    def __init__(self, address: RedisAddress, size: int = 16) -> None:
        self.address = address
        self._tls = ssl.create_default_context() if address.tls else None
        self._slots = asyncio.Semaphore(size)
        self._free: list[_Connection] = []

    async def fetch(self, command: bytes, replies: int, deadline: float) -> list[object]:
        """Sends one or more commands and returns their replies in order.

        A free connection that turns out to be dead, since the server was started again, is passed over. So `command`
        may reach the server twice; it must only read.

        Args:
            command: In the wire format.
            replies: How many commands it holds.
            deadline: Time of the event loop until which everything, connecting included, has to be done.

        Returns:
            The replies. Where a key is not of the type that a command reads, Redis's refusal is the reply, since it
            says nothing about the other keys.

        Raises:
            TimeoutError: The deadline passed.
            OSError: The server can't be reached.
            FeatureStoreError: The server refuses a command.
        """
        async with asyncio.timeout_at(deadline):
            await self._slots.acquire()
        try:
            while self._free:
                try:
                    return await self._exchange(self._free.pop(), command, replies, deadline)
                except ConnectionResetError:
                    continue
            return await self._exchange(await self._connect(deadline), command, replies, deadline)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Ends the free connections and lets the event loop notice it."""
        while self._free:
            self._free.pop().close()
        await asyncio.sleep(0)

    async def _exchange(self, connection: _Connection, command: bytes, replies: int, deadline: float) -> list[object]:
        answer = await connection.exchange(command, replies, deadline)
        self._free.append(connection)
        for reply in answer:
            if isinstance(reply, hiredis.ReplyError) and not str(reply).startswith(_OF_ONE_KEY):
                raise FeatureStoreError(f"Redis at {self.address} refused: {reply}.", "Look at its settings.")
        return answer

    async def _connect(self, deadline: float) -> _Connection:
        address, loop = self.address, asyncio.get_running_loop()
        async with asyncio.timeout_at(deadline):
            _, connection = await loop.create_connection(_Connection, address.host, address.port, ssl=self._tls)
        commands = []
        if address.password:
            names = [address.username] if address.username else []
            commands.append([b"AUTH", *(text.encode() for text in (*names, address.password))])
        if address.database:
            commands.append([b"SELECT", str(address.database).encode()])
        if commands:
            await self._introduce(connection, commands, deadline)
        return connection

    async def _introduce(self, connection: _Connection, commands: list[list[bytes]], deadline: float) -> None:
        packed = b"".join(pack_command(*command) for command in commands)
        for reply in await connection.exchange(packed, len(commands), deadline):
            if isinstance(reply, hiredis.ReplyError):
                connection.close()
                raise FeatureStoreError(f"Redis at {self.address} refused the login: {reply}.", "Check its address.")
