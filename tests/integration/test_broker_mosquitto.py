"""The mosquitto child: kept running while we live, gone when we are."""

import asyncio
import os
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto, open_broker
from gateway.adapters.broker_accounts import accounts
from gateway.adapters.broker_files import Listener
from gateway.adapters.broker_mosquitto import MosquittoChild
from gateway.model.errors import BrokerUnavailable
from gateway.model.site import BrokerSettings

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

DEADLINE_S = 10.0
LISTENER = Listener(host="127.0.0.1", port=1)


def child(state_dir, port=0):
    settings = BrokerSettings(kind="mosquitto", listen_port=port)
    return open_broker(settings, "home", state_dir, {"alice": "wonder"})


async def until(condition):
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.02)


def running(pid):
    """Whether the process exists and is no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    return False


async def test_killed_it_comes_back_on_the_same_port_with_the_same_password(tmp_path):
    async with child(tmp_path) as broker:
        first = broker._process.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: broker._process.pid != first and broker.alive)

        async with aiomqtt.Client(
            broker.host, broker.port, username=broker.username, password=broker.password
        ) as gateway:
            await gateway.publish("rmf/1/home/status", b"{}", qos=1)


async def test_after_leaving_it_is_gone_whatever_the_reason(tmp_path):
    broker = child(tmp_path)
    with pytest.raises(KeyError, match="mine"):
        async with broker:
            raise KeyError("mine")

    assert not running(broker._process.pid)
    assert not broker.alive


async def test_cancelled_it_takes_the_child_along(tmp_path):
    opened = asyncio.get_running_loop().create_future()

    async def hold():
        async with child(tmp_path) as broker:
            opened.set_result(broker._process.pid)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(hold())
        pid = await opened
        holding.cancel()

    assert holding.cancelled()
    assert not running(pid)


PARENT = """
import asyncio, sys
from pathlib import Path
from gateway.adapters.broker import open_broker
from gateway.model.site import BrokerSettings

async def main():
    settings = BrokerSettings(kind="mosquitto")
    async with open_broker(settings, "home", Path(sys.argv[1]), {}) as broker:
        print(broker._process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_dies_with_a_parent_that_was_killed(tmp_path):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, tmp_path, stdout=asyncio.subprocess.PIPE
    )
    lines = [await parent.stdout.readline() for _ in range(2)]
    pid = int(lines[-1] if lines[-1].strip().isdigit() else lines[0])
    assert running(pid)

    parent.kill()
    await parent.wait()
    await until(lambda: not running(pid))
    parent._transport.close()


async def test_ctrl_c_on_the_terminal_is_not_for_the_child(tmp_path):
    async with child(tmp_path) as broker:
        assert os.getsid(broker._process.pid) != os.getsid(0)


async def test_its_files_are_for_our_eyes_only(tmp_path):
    async with child(tmp_path) as broker:
        folder = tmp_path / "broker"
        files = list(folder.iterdir())

        assert {file.name for file in files} == {"acl", "passwords", "mosquitto.conf"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        texts = [file.read_text() for file in files]
        assert not any(secret in text for text in texts for secret in ("wonder", broker.password))


async def test_a_taken_port_is_named_with_the_way_out(tmp_path):
    async with child(tmp_path) as broker:
        with pytest.raises(BrokerUnavailable, match="another broker may be running") as refused:
            child(tmp_path, port=broker.port)

    assert f"broker.url: mqtt://127.0.0.1:{broker.port}" in str(refused.value)


async def test_a_program_that_ends_at_once_is_reported_with_what_it_said(tmp_path):
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\necho no such listener >&2\nexit 3\n")
    program.chmod(0o755)
    who = accounts("home", {}, guest=False)

    with pytest.raises(BrokerUnavailable, match="exit code 3: no such listener"):
        async with MosquittoChild(program, LISTENER, who, tmp_path / "broker"):
            pass
