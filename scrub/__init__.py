"""Covers every face in photos and videos, removes all metadata, and proves both."""

from __future__ import annotations

__version__ = "0.1.0"
