"""Words for a terminal: text from files and their names made harmless, numbers with nouns."""

from __future__ import annotations


def harmless(text: str) -> str:
    """The text on one line, with control characters and undecodable bytes written out.

    A file name may hold line breaks, terminal commands or marks that turn the writing
    direction; none of them may reach the terminal.
    """
    return "".join(one if one.isprintable() else _written_out(one) for one in text)


def counted(count: int, noun: str) -> str:
    """The number in groups of three digits, and the noun, with an s where there is not one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _written_out(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
