"""A fresh process that imports the app does nothing that the first request does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from infra.local.engines import ROOT

UNNEEDED: Final = (
    *("aws_lambda_powertools", "boto3", "cryptography", "jinja2", "jwt", "stripe", "waitress"),
    *("bench", "infra", "tests"),
)
IMPORTS: Final = f"""
import json, sys
import app
print(json.dumps([name for name in {UNNEEDED} if name in sys.modules]))
"""
COLLECTOR: Final = """
import gc, json
before = gc.isenabled()
import app
print(json.dumps([before, gc.isenabled(), gc.get_freeze_count() > 0]))
"""


def in_a_fresh_process(program: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    told: object = json.loads(done.stdout)
    return told


def test_the_start_imports_nothing_that_only_some_requests_or_a_laptop_need() -> None:
    assert in_a_fresh_process(IMPORTS) == []


def test_the_collector_rests_only_while_the_app_is_imported() -> None:
    assert in_a_fresh_process(COLLECTOR) == [True, True, True]
