"""`python -m infra.openapi --write` puts what the code says into docs/; `--check` compares.

Two files: `openapi.json`, the contract, and `codes.md`, the table of refusal codes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from app import app
from chalicelib.web.openapi import document
from chalicelib.web.problems import code_table

DOCS: Final = Path(__file__).parent.parent / "docs"


def wanted() -> dict[Path, str]:
    """Return what each file has to hold."""
    contract = json.dumps(document(app), ensure_ascii=False, indent=1)
    return {DOCS / "openapi.json": contract + "\n", DOCS / "codes.md": code_table()}


def stale() -> list[Path]:
    """Return the files that say something else than the code."""
    return [
        path for path, text in wanted().items() if not path.exists() or path.read_text() != text
    ]


def write() -> None:
    """Write the files."""
    DOCS.mkdir(exist_ok=True)
    for path, text in wanted().items():
        path.write_text(text)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m infra.openapi", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="compare docs/ with the code")
    choice.add_argument("--write", action="store_true", help="write docs/ from the code")
    if parser.parse_args().write:
        write()
        return 0
    behind = stale()
    for path in behind:
        print(f"{path.name} is behind the code: run python -m infra.openapi --write")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
