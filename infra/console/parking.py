"""Records of the table's stream that nobody could read: listed, and read again once mended.

What is parked names the member or the document that it is about and where reading it failed. To ask
for it again is safe at any time: whoever was told by then is not told a second time.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Final

from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.pages import PAGE_MAX
from chalicelib.outreach.relay import service as relay
from chalicelib.outreach.relay.model import Parked
from chalicelib.storage.work import Work

CANNOT: Final = 1


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands about parked records."""
    listed = commands.add_parser("parked", help="list what could not be handed on")
    listed.set_defaults(run=tell)
    replay = commands.add_parser("replay", help="have a parked record handed on again")
    replay.add_argument("parked", help="its id, as `parked` prints it")
    replay.add_argument("--by", default=getpass.getuser(), help="who asks, for the audit log")
    replay.set_defaults(run=ask)


def tell(work: Work, _: argparse.Namespace) -> int:
    """Print each parked record, newest first."""
    count, after = 0, None
    while True:
        page = relay.page(work, limit=PAGE_MAX, after=after)
        for parked in page.items:
            _print(parked)
        count += len(page.items)
        after = page.next_position
        if after is None:
            break
    print(f"{count} parked")
    return 0


def ask(work: Work, asked: argparse.Namespace) -> int:
    """Ask for one parked record again; the relay reads it in a moment."""
    try:
        _print(relay.ask(work, asked.parked, by=asked.by))
    except NotFound:
        print(f"Nothing is parked as {asked.parked}.", file=sys.stderr)
        return CANNOT
    return 0


def _print(parked: Parked) -> None:
    told = f"{parked.state}, tried {parked.tries} times, since {parked.parked_at}"
    print(f"{parked.id}: {parked.what}: {parked.why} ({told})")
