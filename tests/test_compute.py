"""Functions that need much CPU run in child processes, within bounds."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compute import INLINE_BYTES, ChildFailed, Compute
from contracts.errors import InvalidField, TooExpensive
from tests.support.eventually import eventually

LARGE = INLINE_BYTES + 1

pytestmark = pytest.mark.usefixtures("programs")


def process_id() -> int:
    return os.getpid()


def wait_for(path: str) -> int:
    """Returns the process id once a file exists."""
    Path(path).with_suffix(".waiting").write_text(str(os.getpid()))
    while not Path(path).exists():
        pass
    return os.getpid()


async def started(end: Path) -> None:
    """Wait until `wait_for` runs in a child."""

    async def exists() -> bool:
        return end.with_suffix(".waiting").exists()

    await eventually(exists)


def burn() -> None:
    while True:
        pass


def fill() -> int:
    return len(bytearray(2**40))


def refuse() -> None:
    raise InvalidField("product.tags", "at most 3 entries")


def kill_once(path: str) -> str:
    """End the process the first time, as an operator or the kernel may."""
    mark = Path(path)
    if mark.exists():
        return "done"
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "unreachable"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
async def compute() -> AsyncIterator[Compute]:
    pool = Compute(processes=1, cpu_seconds=1)
    yield pool
    await pool.close()


async def test_small_inputs_are_handled_here_and_large_ones_in_a_child(compute: Compute) -> None:
    assert await compute.run(process_id, size=INLINE_BYTES) == os.getpid()
    child = await compute.run(process_id, size=LARGE)
    assert child != os.getpid()
    assert await compute.run(process_id, size=LARGE) == child


async def test_an_error_of_the_function_is_raised_with_its_fields(compute: Compute) -> None:
    with pytest.raises(InvalidField) as raised:
        await compute.run(refuse, size=LARGE)
    assert (raised.value.field, raised.value.problem) == ("product.tags", "at most 3 entries")


async def test_a_call_that_takes_too_much_cpu_time_ends_and_the_next_one_works(compute: Compute) -> None:
    with pytest.raises(TooExpensive):
        await compute.run(burn, size=LARGE)
    assert await compute.run(process_id, size=LARGE) != os.getpid()


async def test_a_call_that_takes_too_much_memory_ends_and_the_next_one_works(compute: Compute) -> None:
    with pytest.raises(TooExpensive):
        await compute.run(fill, size=LARGE)
    assert await compute.run(process_id, size=LARGE) != os.getpid()


async def test_a_call_is_repeated_when_its_child_is_killed(compute: Compute, tmp_path: Path) -> None:
    assert await compute.run(kill_once, str(tmp_path / "mark"), size=LARGE) == "done"


async def test_a_call_is_repeated_in_a_new_child(tmp_path: Path) -> None:
    """The idle children may have been killed with the one that was asked."""
    compute = Compute(processes=2)
    end = tmp_path / "end"
    calls = [asyncio.create_task(compute.run(wait_for, str(end), size=LARGE, key=n)) for n in range(2)]
    await started(end)
    end.touch()
    for child in set(await asyncio.gather(*calls)):
        os.kill(child, signal.SIGKILL)
    assert await compute.run(process_id, size=LARGE) != os.getpid()
    await compute.close()


async def test_a_child_that_cannot_work_is_not_the_fault_of_its_input(
    compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compute.sys.executable", "/bin/false")
    with pytest.raises(ChildFailed):
        await compute.run(process_id, size=LARGE)


async def test_the_loop_runs_while_a_child_works(compute: Compute, tmp_path: Path) -> None:
    end = tmp_path / "end"
    running = asyncio.create_task(compute.run(wait_for, str(end), size=LARGE))
    await started(end)
    assert await compute.run(process_id, size=0) == os.getpid()
    end.touch()
    assert await running != os.getpid()


async def test_tenants_take_turns(tmp_path: Path) -> None:
    """One call of a tenant with three waiting calls is followed by the call of another tenant."""
    compute = Compute(processes=1, waiting=3)
    end, ended = tmp_path / "end", list[str]()

    async def call(tenant: str) -> None:
        await compute.run(wait_for, str(end), size=LARGE, key=tenant)
        ended.append(tenant)

    calls = [asyncio.create_task(call("big")) for _ in range(4)]
    await started(end)
    calls.append(asyncio.create_task(call("small")))
    await asyncio.sleep(0)
    end.touch()
    await asyncio.gather(*calls)
    await compute.close()
    assert ended.index("small") == 1


async def test_closing_ends_the_children() -> None:
    compute = Compute()
    child = await compute.run(process_id, size=LARGE)
    await compute.close()
    assert gone(child)


async def test_a_cancelled_call_ends_its_child(compute: Compute, tmp_path: Path) -> None:
    end = tmp_path / "end"
    running = asyncio.create_task(compute.run(wait_for, str(end), size=LARGE))
    await started(end)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(int(end.with_suffix(".waiting").read_text()))


async def test_a_call_that_is_cancelled_while_it_answers_leaves_no_pipe_open(
    compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of a long answer is in the way of the end of the pipe."""
    readers = list[asyncio.StreamReader]()
    read = asyncio.StreamReader.readexactly

    async def stop_at_the_answer(reader: asyncio.StreamReader, size: int) -> bytes:
        if size < LARGE:
            return await read(reader, size)
        readers.append(reader)
        return await asyncio.Future()

    def pipe() -> asyncio.ReadTransport:
        transport = readers[0]._transport  # type: ignore[attr-defined]  # there is no other way to it
        assert isinstance(transport, asyncio.ReadTransport)
        return transport

    async def is_paused() -> bool:
        return bool(readers) and not pipe().is_reading()

    monkeypatch.setattr(asyncio.StreamReader, "readexactly", stop_at_the_answer)
    running = asyncio.create_task(compute.run(bytes, 2**22, size=LARGE))
    await eventually(is_paused)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pipe().is_closing()
