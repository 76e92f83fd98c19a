"""The tests that an allow-list is made of."""

from __future__ import annotations

import re
from collections.abc import Callable

from scrub.metadata.entry import Entry

Test = Callable[[Entry], bool]


def always(entry: Entry) -> bool:
    """Whatever it holds."""
    return True


def never(entry: Entry) -> bool:
    """Not at all."""
    return False


def equals(*payloads: bytes) -> Test:
    """One of these payloads."""
    return lambda entry: entry.payload in payloads


def matches(*patterns: str) -> Test:
    """A payload of these hexadecimal digits, of which a "." may be any."""
    known = [re.compile(pattern.replace(" ", "")) for pattern in patterns]
    return lambda entry: any(one.fullmatch(entry.payload.hex()) for one in known)
