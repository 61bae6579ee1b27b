"""The watchdog speaks sd_notify and is silent where nobody listens."""

import os
import socket

import pytest

from gateway.adapters.watchdog import NoWatchdog, SystemdWatchdog, open_watchdog


@pytest.fixture(params=["path", "abstract"])
def supervisor(request, tmp_path):
    """A bound datagram socket and the environment systemd would give."""
    name = str(tmp_path / "notify")
    address, shown = (name, name) if request.param == "path" else (f"\0{name}", f"@{name}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(5)
        yield listening, {"NOTIFY_SOCKET": shown, "WATCHDOG_USEC": "30000000"}


def test_each_call_is_one_datagram_of_sd_notify(supervisor):
    listening, environ = supervisor
    watchdog = open_watchdog(environ)

    watchdog.ready("3 devices")
    watchdog.feed()
    watchdog.status("2 devices, 1 sleeping")
    watchdog.stopping()

    assert [listening.recv(1024) for _ in range(4)] == [
        b"READY=1\nSTATUS=3 devices",
        b"WATCHDOG=1",
        b"STATUS=2 devices, 1 sleeping",
        b"STOPPING=1",
    ]


def test_a_line_break_in_a_status_cannot_begin_another_assignment(supervisor):
    listening, environ = supervisor

    open_watchdog(environ).status("bad\nMAINPID=1\n")

    assert listening.recv(1024) == b"STATUS=bad MAINPID=1"


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_interval_is_watchdog_sec_of_this_process_only(environ, interval_s):
    watchdog = SystemdWatchdog({"NOTIFY_SOCKET": "/run/notify", **environ})

    assert watchdog.interval_s == interval_s


def test_a_supervisor_that_is_gone_is_not_an_error(tmp_path):
    watchdog = open_watchdog({"NOTIFY_SOCKET": str(tmp_path / "nobody")})

    watchdog.ready("up")
    watchdog.feed()


def test_a_full_notification_queue_does_not_block(supervisor):
    _, environ = supervisor
    watchdog = open_watchdog(environ)

    for _ in range(10_000):
        watchdog.feed()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_notification_socket_nobody_watches(environ):
    watchdog = open_watchdog(environ)

    watchdog.ready("up")
    watchdog.status("fine")
    watchdog.feed()
    watchdog.stopping()
    assert isinstance(watchdog, NoWatchdog)
    assert watchdog.interval_s is None
