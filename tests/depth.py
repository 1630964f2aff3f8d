"""How deep the searches go: a telling part in `make test`, everything in `make prove`.

What is cut are repetitions: examples of a random search, whose seed is fixed (of the state machine,
of requests that schemathesis draws beside those of the schema's corners), members and days of a
year, requests of a race, the rush in calm weather, and of the crash matrix what ends as another of
its faults does (a process that dies behind a read, an outage of another kind, second faults that
write nothing). What is looked at, and what it is held against, is always the same.
"""

from __future__ import annotations

import os
from typing import Final

IS_WHOLE: Final = os.environ.get("JIFEN_PROVE") == "whole"
"""Whether everything is looked at, however long it takes."""
