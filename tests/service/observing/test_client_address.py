"""The address of a client: of whom we hear it, or of whom a proxy that is trusted heard it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from softbalance.service.observing.client_address import Proxies, group_of


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ("", "192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "203.0.113.1,198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8, 172.16.0.0/12", "10.0.0.1", "198.51.100.1, 172.16.0.9", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("10.0.0.1", "::ffff:10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("::1", "::1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("unix", "", "198.51.100.1", "198.51.100.1"),
        ("unix", "", None, ""),
        ("10.0.0.1", "", "198.51.100.1", ""),
    ],
)
def test_whom_to_believe(trusted: str, peer: str, forwarded: str | None, client: str) -> None:
    environ = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    assert Proxies(trusted).find_client(environ) == client


def test_groups() -> None:
    assert group_of("192.0.2.1") == "192.0.2.1"
    assert group_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert group_of("") == ""


@pytest.mark.parametrize("asked", [False, True])
def test_an_address_is_logged_only_if_that_is_asked_for(
    serve: Callable[..., str], tmp_path: Path, asked: bool
) -> None:
    options = ("--log-address", "--trusted-proxies", "127.0.0.1") if asked else ()
    address = serve("--log-format", "json", *options)
    request = urllib.request.Request(
        f"{address}/v1/rulebooks", headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.77"}
    )
    urllib.request.urlopen(request).close()
    log = tmp_path / "server.log"
    deadline = time.monotonic() + 30
    while not (lines := [line for line in log.read_text().splitlines() if "/v1/ru" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (line,) = lines
    assert json.loads(line).get("address") == ("198.51.100.77" if asked else None)
    assert "203.0.113.1" not in log.read_text()
    if not asked:
        assert "198.51.100.77" not in log.read_text()
