"""How deep the searches go: a telling part in `make test`, everything in `make prove`.

What is cut are repetitions of a random search, whose seed is fixed: examples of the state machine,
requests that schemathesis draws beside those of the schema's corners, members and days of a year.
What a search looks at, and what it holds against the rules, is always the same.
"""

from __future__ import annotations

import os
from typing import Final

IS_WHOLE: Final = os.environ.get("JIFEN_PROVE") == "whole"
"""Whether everything is looked at, however long it takes."""
