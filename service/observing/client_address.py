"""Where a request comes from: its peer, or whom a proxy that is trusted names."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from softbalance.service.settings import UNIX, read_networks

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: An IPv6 network is given to one customer: its addresses are counted as one.
_CUSTOMER = 64


class Proxies:
    """The proxies whose X-Forwarded-For is believed.

    `listed` is the setting `trusted_proxies`.
    """

    def __init__(self, listed: str) -> None:
        self._unix = UNIX in map(str.strip, listed.split(","))
        self._networks = read_networks(listed)

    def find_client(self, environ: Mapping[str, Any]) -> str:
        """Return the address of a request's client; empty if it came by a Unix socket.

        Each proxy adds, at the end, whom it heard from. So that is believed from the end on, for as
        long as the one who says it is trusted.
        """
        client = _read(environ.get("REMOTE_ADDR", ""))
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        while forwarded and self._trusts(client):
            told = _read(forwarded.pop())
            if told is None:
                break
            client = told
        return "" if client is None else str(client)

    def _trusts(self, client: _Address | None) -> bool:
        if client is None:
            return self._unix
        return any(client in network for network in self._networks)


def group_of(address: str) -> str:
    """Return what addresses of one customer have in common: all of IPv4, a network of IPv6."""
    read = _read(address)
    if isinstance(read, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((read, _CUSTOMER), strict=False))
    return address


def _read(text: str) -> _Address | None:
    """Return an address, which may have a port; None if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
