"""How often strangers at one address may do something that costs room."""

import ipaddress
import math
import time
from collections.abc import Callable

HOUR = 3600.0  # seconds
ADDRESSES = 10_000  # remembered; beyond, those that came first are forgotten


class Allowance:
    """So many within an hour from each address; the hour begins with the first of them."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._taken: dict[str, tuple[float, int]] = {}  # network -> (since, how many)

    def take(self, address: str) -> int:
        """Seconds to wait; 0: it is allowed, and counted."""
        now, network = self._clock(), network_of(address)
        since, taken = self._taken.pop(network, (now, 0))
        if now - since >= HOUR:
            since, taken = now, 0
        allowed = taken < self.most
        self._taken[network] = since, taken + allowed
        if len(self._taken) > ADDRESSES:
            del self._taken[next(iter(self._taken))]
        return 0 if allowed else math.ceil(since + HOUR - now)


def network_of(address: str) -> str:
    """What one person has: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a socket without an address
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), 64), strict=False))
