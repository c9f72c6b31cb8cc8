"""Runs functions that need much CPU in child processes, so that event loops stay free.

A child is started with the first large call and ends after a minute without one. After the death of its
parent it ends with its call, because it reads calls from a pipe. Calls of one key follow each other, and keys
take turns.
"""

import asyncio
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, BinaryIO, TypeVar
from weakref import WeakValueDictionary

from contracts.errors import TooExpensive

INLINE_BYTES = 32 * 1024
"""Smaller inputs take some milliseconds and are handled by the caller's process."""

CPU_SECONDS = 20
MEMORY_BYTES = 1024 * 1024 * 1024
"""Bounds of one call; the second is for the address space of the child."""

WAITING = 1
"""Calls of one tenant that may wait; further ones are refused."""

WAIT_SECONDS = 8.0
CALL_SECONDS = 28.0
"""How long a call may wait for a process, and how long it may run.

Both together are below the timeout of the steps that make calls, which would repeat them without an end.
"""

IDLE_SECONDS = 60.0
NICENESS = 10
_LENGTH_BYTES = 8

Result = TypeVar("Result")


class Busy(Exception):
    """Several calls of the same tenant wait already, or no process was free for some seconds."""


class TooSlow(Exception):
    """A call had too little CPU time for half a minute, because the machine is busy."""


class ChildFailed(Exception):
    """A child process cannot work, for a reason that has nothing to do with its input."""


class _ChildEnded(Exception):
    """A child ended before it answered; `code` is its return code, the negative number of a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ended with {code}")
        self.code = code


class _Child:
    """One child process; it handles one call at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *, cpu_seconds: int, memory_bytes: int) -> "_Child":
        limits = (str(cpu_seconds), str(memory_bytes))
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "compute", *limits),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        )

    async def call(self, request: bytes) -> bytes:
        """Returns the child's answer to a request; raises _ChildEnded."""
        writer, reader = self._process.stdin, self._process.stdout
        assert writer  # noqa: S101 - a pipe
        assert reader  # noqa: S101 - a pipe
        try:
            writer.write(len(request).to_bytes(_LENGTH_BYTES))
            writer.write(request)
            await writer.drain()
            size = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
            return await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _ChildEnded(await self._process.wait()) from None

    async def end(self) -> None:
        """Kill the child; returns when it has ended and its pipes are closed.

        The rest of an answer is read away: asyncio never closes the pipe of a paused reader.
        """
        with suppress(ProcessLookupError):
            self._process.kill()
        assert self._process.stdout  # noqa: S101 - a pipe
        while await self._process.stdout.read(2**16):
            pass
        await self._process.wait()


class _Lane:
    """The calls of one tenant, which follow each other."""

    def __init__(self, waiting: int) -> None:
        self._lock = asyncio.Lock()
        self._waiting = waiting
        self._calls = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn of a call, and hold it inside the block; raises Busy."""
        if self._calls > self._waiting:
            raise Busy
        self._calls += 1
        try:
            async with self._lock:
                yield
        finally:
            self._calls -= 1


class Compute:
    """A pool of child processes for pure functions at the top level of modules.

    Arguments and results are pickled, so results should be small. `close` ends all children.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        cpu_seconds: int = CPU_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        waiting: int = WAITING,
    ) -> None:
        self._waiting = waiting
        self._places = asyncio.Semaphore(processes or max(1, min(2, (os.cpu_count() or 1) - 1)))
        self._lanes: WeakValueDictionary[object, _Lane] = WeakValueDictionary()
        self._cpu_seconds = cpu_seconds
        self._memory_bytes = memory_bytes
        self._idle: list[_Child] = []
        self._ending: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, function: Callable[..., Result], *args: Any, size: int, key: object = None) -> Result:
        """Returns `function(*args)`; inputs of more than `INLINE_BYTES` (`size`) go to a child process.

        `key` names the tenant, of which one call runs at a time. Raises what the function raises, Busy and
        TooSlow for calls to repeat later, and TooExpensive for one that exceeds its CPU time or its memory.
        """
        if size <= INLINE_BYTES:
            return function(*args)
        async with self._lanes.setdefault(key, _Lane(self._waiting)).turn(), self._place():
            request = pickle.dumps((function, args), protocol=pickle.HIGHEST_PROTOCOL)
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    answer = await self._answer(request)
            except TimeoutError:
                raise TooSlow from None
        is_result, value = pickle.loads(answer)  # noqa: S301 - written by our own child
        if not is_result:
            raise value
        result: Result = value
        return result

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Hold one of the processes inside the block; raises Busy where none becomes free."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            yield
        finally:
            self._places.release()

    async def close(self) -> None:
        """End all idle children."""
        if self._ending:
            self._ending.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(child.end() for child in idle), *self._tasks)

    async def _answer(self, request: bytes) -> bytes:
        """Returns the answer of a child; the call is repeated in a new one if the child was killed."""
        for is_last in (False, True):
            child = self._idle.pop() if self._idle and not is_last else await self._start()
            try:
                answer = await child.call(request)
            except _ChildEnded as ended:
                if ended.code > 0:
                    raise ChildFailed(f"a child process ended with {ended.code}; see the log") from None
                if is_last or ended.code == -signal.SIGXCPU:
                    raise TooExpensive from None
                continue
            except BaseException:
                await child.end()
                raise
            self._idle.append(child)
            self._end_later()
            return answer
        raise AssertionError("unreachable")

    async def _start(self) -> _Child:
        return await _Child.start(cpu_seconds=self._cpu_seconds, memory_bytes=self._memory_bytes)

    def _end_later(self) -> None:
        if self._ending:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        for child in idle:
            task = asyncio.create_task(child.end())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def _call(request: bytes) -> tuple[bool, object]:
    """Returns whether a call succeeded, and its result or its exception."""
    try:
        function, args = pickle.loads(request)  # noqa: S301 - written by our own parent
        return True, function(*args)
    except MemoryError:
        return False, TooExpensive()
    except SystemError as error:  # how an extension in C or Rust may report that memory is missing
        return False, TooExpensive() if isinstance(error.__cause__, MemoryError) else error
    except Exception as error:
        return False, error


def serve(calls: BinaryIO, answers: BinaryIO, *, cpu_seconds: int, memory_bytes: int) -> None:
    """Answer calls until the pipe ends; a call that takes more CPU time ends the process by a signal."""
    if sys.platform == "linux":  # macOS refuses the limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    while length := calls.read(_LENGTH_BYTES):
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + cpu_seconds, hard))
        answer = pickle.dumps(_call(calls.read(int.from_bytes(length))), protocol=pickle.HIGHEST_PROTOCOL)
        answers.write(len(answer).to_bytes(_LENGTH_BYTES))
        answers.write(answer)
        answers.flush()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the parent ends the child
        signal.signal(number, signal.SIG_IGN)
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    serve(sys.stdin.buffer, sys.stdout.buffer, cpu_seconds=int(sys.argv[1]), memory_bytes=int(sys.argv[2]))
