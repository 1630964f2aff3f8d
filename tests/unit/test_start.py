"""A fresh process that imports the app does nothing that the first request does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from infra.local.engines import ROOT

UNNEEDED: Final = (
    *("aws_lambda_powertools", "boto3", "cryptography", "jinja2", "jwt", "stripe", "waitress"),
    *("bench", "infra", "tests"),
)
IMPORTS: Final = f"""
import json, sys
import app
import chalicelib.gateways.payments.stripe_payments, chalicelib.gateways.payments.webhooks
print(json.dumps([name for name in {UNNEEDED} if name in sys.modules]))
"""
COLLECTOR: Final = """
import gc, json
before = gc.isenabled()
import app
print(json.dumps([before, gc.isenabled(), gc.get_freeze_count() > 0]))
"""


PAYMENT: Final = """
import json
from chalicelib.gateways.payments.errors import Down
from chalicelib.gateways.payments.stripe_payments import StripePayments
from chalicelib.settings import StripeSettings
nowhere = StripeSettings("sk_test_x", ("whsec_x",), "tests", "http://127.0.0.1:9")
try:
    StripePayments(nowhere).get_intent("pi_1")
except Down:
    print(json.dumps("down"))
"""


def in_a_fresh_process(program: str, **environment: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
    )
    told: object = json.loads(done.stdout)
    return told


def test_the_start_imports_nothing_that_only_some_requests_or_a_laptop_need() -> None:
    assert in_a_fresh_process(IMPORTS) == []


def test_the_collector_rests_only_while_the_app_is_imported() -> None:
    assert in_a_fresh_process(COLLECTOR) == [True, True, True]


def test_a_payment_leaves_nothing_in_the_home_of_whoever_runs_it(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert in_a_fresh_process(PAYMENT, **home) == "down"
    assert list(tmp_path.iterdir()) == []
