"""`make bench`: every table, or those that are named: `python -m bench units start`."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Final

PARTS: Final = (
    "units",
    "cash",
    "codes",
    "start",
    "handler",
    "throughput",
    "rush",
    "wallet",
    "sweep",
)


def main(names: list[str]) -> None:
    """Make tables, each part in its own time."""
    for name in names or PARTS:
        assert name in PARTS, f"there is no {name}; there are {', '.join(PARTS)}"
        begun = time.monotonic()
        importlib.import_module(f"bench.{name}").main()
        print(f"({name} took {time.monotonic() - begun:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
