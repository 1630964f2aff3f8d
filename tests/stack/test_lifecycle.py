"""A stack starts, keeps what it has, replaces what dies, and leaves nothing behind.

A start takes three seconds of processor time, so a stack of these tests lives through a lot: each
sentence about it is a function of its own, named as a test would be, and they go one after another.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from infra.local import engines
from infra.local.engines import ROOT, Kind
from infra.local.running import is_alive
from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack, all_gone, hear, launch, refusal, until

INSTALLED: Final = [kind for kind in Kind if engines.is_installed(kind)]
SHELL: Final = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "mars-north-1",
    "JIFEN_SECRET": "short",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}
"""What a shell may say that does not matter."""
YUAN: Final = 250


def pays(client: Client, subject: str, *, yuan: int, purchase_id: str) -> httpx.Response:
    """Let a member buy something at a till."""
    report = {
        "channel": "store-1",
        "purchase_id": purchase_id,
        "member_id": client.member(subject).member_id,
        "paid": {"amount": yuan * 100, "currency": "cny"},
    }
    return client.till("store-1").post("/purchases", report)


@dataclass(slots=True)
class Lin:
    """A member and what she was told before her stack ended."""

    token: str = ""
    yuan: int = 0
    moved: str = ""

    def buys(self, stack: StackProcess) -> None:
        """Earn once more, and let a month pass: what the next stack must know."""
        nobody = stack.client()
        self.token = nobody.member("lin").token
        self.yuan += YUAN
        paid = pays(nobody, "lin", yuan=YUAN, purchase_id=f"p-{self.yuan}")
        assert paid.status_code == 201, paid.text
        nobody.ask("/clock", {"advance": "P30D"})
        self.moved = nobody.ask("/clock").json()["now"]

    def is_known_to(self, stack: StackProcess) -> None:
        """Find data, token, clock and answers as they were, if ever there was a stack."""
        again = stack.client()
        if not self.token:
            return
        assert again.ask("/clock").json()["now"] > self.moved
        with_old_token = Client(again.http, again.api, again.control, token=self.token)
        assert with_old_token.get("/me").json()["id"] == again.member("lin").member_id
        assert with_old_token.get("/me/wallet").json()["available"] == self.yuan
        repeated = pays(again, "lin", yuan=YUAN, purchase_id=f"p-{self.yuan}")
        assert repeated.status_code == 200, repeated.text


def sigterm_stops_everything_and_says_so(stack: StackProcess) -> None:
    children = stack.children()
    assert len(children) == 4, "an engine, a Stripe, the background and one worker"
    assert {os.getpgid(child) for child in children} == {os.getpgid(stack.process.pid)}
    assert stack.stop() == 0
    assert all_gone(children)
    assert not (stack.home / "stack.json").exists()
    assert "Stopped; the data is kept." in stack.said()


def ctrl_c_in_a_terminal_reaches_everybody_and_still_stops_in_order(stack: StackProcess) -> None:
    children = stack.children()
    for process in children:
        os.kill(process, signal.SIGINT)
    assert stack.client().get("/health").status_code == 200
    assert stack.stop(signal.SIGINT) == 0
    assert all_gone(children)


def a_terminal_that_closes_loses_nothing(stack: StackProcess) -> None:
    children = stack.children()
    for process in children:
        os.kill(process, signal.SIGHUP)
    assert stack.stop(signal.SIGHUP) == 0
    assert all_gone(children)


def nobody_outlives_a_killed_supervisor(stack: StackProcess) -> None:
    children = stack.children()
    stack.stop(signal.SIGKILL)
    until(lambda: all_gone(children))


def a_power_cut_loses_nothing(stack: StackProcess) -> None:
    children = stack.children()
    stack.stop(signal.SIGKILL)
    for process in filter(is_alive, children):
        os.kill(process, signal.SIGKILL)


ENDINGS: Final[Mapping[Kind, Sequence[Callable[[StackProcess], None]]]] = {
    Kind.DYNOXIDE: (
        sigterm_stops_everything_and_says_so,
        ctrl_c_in_a_terminal_reaches_everybody_and_still_stops_in_order,
        a_terminal_that_closes_loses_nothing,
        nobody_outlives_a_killed_supervisor,
        a_power_cut_loses_nothing,
    ),
    # Its power must not be cut: it saves when it is told to stop.
    Kind.MINISTACK: (
        sigterm_stops_everything_and_says_so,
        a_terminal_that_closes_loses_nothing,
        nobody_outlives_a_killed_supervisor,
    ),
}


@pytest.mark.parametrize("kind", INSTALLED)
def test_however_a_stack_ends_the_next_one_finds_everything(kind: Kind, tmp_path: Path) -> None:
    lin = Lin()
    for end in (*ENDINGS[kind], nobody_outlives_a_killed_supervisor):
        with a_stack(tmp_path, ENGINE=kind) as stack:
            lin.is_known_to(stack)
            lin.buys(stack)
            end(stack)


def test_ctrl_c_under_make_stops_everything_without_an_error(tmp_path: Path) -> None:
    """As in a terminal: make, the stack and all that it started get the signal at once."""
    home = tmp_path / "state"
    with (tmp_path / "said.txt").open("wb") as sink:
        process = subprocess.Popen(
            ["make", "--assume-old=install", "run", "PORT=0", "DEMO=no", f"STATE={home}"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            preexec_fn=hear,  # noqa: PLW1509 - as in `launch`
        )
    until(lambda: (home / "stack.json").exists() or process.poll() is not None)
    running = json.loads((home / "running.json").read_text())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(40) == -signal.SIGINT, "make ends as a shell expects it to after Ctrl-C"
    assert all_gone([running["supervisor"], running["engine"]])
    said = (tmp_path / "said.txt").read_text()
    assert said.endswith("Ctrl-C stops it.\nStopped; the data is kept.\n")
    assert not {"***", "Error", "Traceback"} & set(said.split())


@pytest.mark.parametrize("wait", [0.0, 0.2, 0.5, 1.0])
def test_a_stack_that_is_still_starting_can_be_stopped(wait: float, tmp_path: Path) -> None:
    process = launch(tmp_path)
    stack = StackProcess(process, tmp_path)
    until(lambda: (tmp_path / "running.json").exists() or process.poll() is not None)
    time.sleep(wait)
    children = stack.children()
    assert stack.stop() == 0, stack.said()
    assert all_gone(children)
    assert "Traceback" not in stack.said()


def test_a_stack_lives_beside_another_one_until_its_engine_dies(
    stack: StackProcess, tmp_path: Path
) -> None:
    port = engines.free_port()
    with a_stack(tmp_path, PORT=str(port), STACK_WORKERS="", **SHELL) as mine:
        a_port_that_is_asked_for_is_taken(mine, port)
        what_the_shell_says_of_aws_does_not_matter(mine)
        keys_secrets_and_data_are_the_owners_alone(tmp_path)
        a_second_stack_on_the_same_state_is_refused_in_one_sentence(mine)
        two_stacks_know_nothing_of_each_other(mine.client(), stack.client())
        a_worker_that_dies_is_replaced_and_nobody_is_sent_away(mine)
        when_the_engine_dies_the_stack_ends_and_says_so(mine)


def a_port_that_is_asked_for_is_taken(stack: StackProcess, port: int) -> None:
    addresses = json.loads((stack.home / "stack.json").read_text())
    assert addresses == {
        "api": f"http://127.0.0.1:{port}/v1",
        "control": f"http://127.0.0.1:{port}/local",
        "stripe": addresses["stripe"],
    }
    assert f"http://127.0.0.1:{port}/v1" in stack.said()


def what_the_shell_says_of_aws_does_not_matter(stack: StackProcess) -> None:
    assert stack.client().member("lin").get("/me").status_code == 200


def keys_secrets_and_data_are_the_owners_alone(home: Path) -> None:
    stripe = [path.name for path in home.glob("stripe-*")]
    assert stripe
    for name in ("issuer.pem", "secret", "environment.json", *stripe):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "engine").stat().st_mode) == 0o700


def a_second_stack_on_the_same_state_is_refused_in_one_sentence(stack: StackProcess) -> None:
    api = stack.client().api
    said = stack.home / "elsewhere"
    said.mkdir()
    told = refusal(said, STATE=str(stack.home))
    assert told.startswith(f"Jifen already runs on {stack.home} at {api}")
    assert "STATE=DIR" in told
    assert stack.client().get("/health").status_code == 200


def two_stacks_know_nothing_of_each_other(here: Client, there: Client) -> None:
    lin = here.member("lin")
    assert here.api != there.api
    foreign = Client(there.http, there.api, there.control, token=lin.token)
    assert foreign.get("/me").status_code == 401
    assert there.person("lin").get("/me").status_code == 403
    before = datetime.fromisoformat(there.ask("/clock").json()["now"])
    here.ask("/clock", {"advance": "P9D"})
    after = datetime.fromisoformat(there.ask("/clock").json()["now"])
    assert after - before < timedelta(days=9)


def a_worker_that_dies_is_replaced_and_nobody_is_sent_away(stack: StackProcess) -> None:
    nobody = stack.client()
    _, _, _, *workers = stack.children()
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    until(lambda: len(stack.children()) == 5 and workers[0] not in stack.children())
    os.kill(workers[1], signal.SIGKILL)
    assert httpx.get(f"{nobody.api}/health", timeout=30).status_code == 200
    until(lambda: len(stack.children()) == 5)
    assert nobody.member("lin").get("/me").status_code == 200


def when_the_engine_dies_the_stack_ends_and_says_so(stack: StackProcess) -> None:
    engine, *others = stack.children()
    os.kill(engine, signal.SIGKILL)
    assert stack.process.wait(30) == 1
    assert "ended by itself" in stack.said()
    assert all_gone(others)


def test_workers_that_cannot_live_end_the_stack_with_their_last_words(tmp_path: Path) -> None:
    said = refusal(tmp_path, JIFEN_LOCAL_APP="no_such_module:app")
    assert "The workers keep dying" in said
    assert "No module named 'no_such_module'" in said
    assert str(tmp_path / "app.log") in said


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(tmp_path, PORT=str(port)).startswith(f"Port {port} cannot be had")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "PORT is a number from 0 to 65535"),
        ("PORT", "70000", "PORT is a number from 0 to 65535"),
        ("PORT", "-1", "PORT is a number from 0 to 65535"),
        ("ENGINE", "sqlite", "There is no engine 'sqlite'"),
        ("STATE", "/proc/nowhere", "set STATE to a folder that can"),
        ("STATE", __file__, "set STATE to a folder that can"),
    ],
)
def test_a_wish_that_cannot_be_met_is_said_in_one_sentence(
    name: str, value: str, said: str, tmp_path: Path
) -> None:
    assert said in refusal(tmp_path, **{name: value})
