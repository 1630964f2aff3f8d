"""A stack starts, keeps what it has, replaces what dies, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from infra.local import engines
from infra.local.engines import ROOT, Kind
from infra.local.running import is_alive
from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack, all_gone, launch, refusal, start, until

INSTALLED: Final = [kind for kind in Kind if engines.is_installed(kind)]
CRASH_SAFE: Final = [kind for kind in INSTALLED if kind is Kind.DYNOXIDE]


def pays(client: Client, subject: str, *, yuan: int, purchase_id: str) -> httpx.Response:
    """Let a member buy something at a till."""
    report = {
        "channel": "store-1",
        "purchase_id": purchase_id,
        "member_id": client.member(subject).member_id,
        "paid": {"amount": yuan * 100, "currency": "cny"},
    }
    return client.till("store-1").post("/purchases", report)


@pytest.mark.parametrize("kind", INSTALLED)
def test_a_restart_keeps_data_tokens_and_the_clock(kind: Kind, tmp_path: Path) -> None:
    with a_stack(tmp_path, ENGINE=kind) as first:
        nobody = first.client()
        lin = nobody.member("lin")
        assert pays(nobody, "lin", yuan=250, purchase_id="p-1").status_code == 201
        nobody.ask("/clock", {"advance": "P400D"})
        moved = nobody.ask("/clock").json()["now"]
        wallet = lin.get("/me/wallet").json()
        assert first.stop() == 0
    with a_stack(tmp_path, ENGINE=kind) as second:
        again = second.client()
        assert again.ask("/clock").json()["now"] > moved
        with_old_token = Client(again.http, again.api, again.control, token=lin.token)
        assert with_old_token.get("/me").json()["id"] == lin.member_id
        assert with_old_token.get("/me/wallet").json() == wallet
        assert again.member("lin").member_id == lin.member_id
        assert pays(again, "lin", yuan=250, purchase_id="p-1").status_code == 200


@pytest.mark.parametrize("kind", INSTALLED)
def test_sigterm_stops_everything_and_says_so(kind: Kind, tmp_path: Path) -> None:
    stack = start(tmp_path, ENGINE=kind)
    children = stack.children()
    assert len(children) == 4, "an engine, a Stripe and two workers"
    assert {os.getpgid(child) for child in children} == {os.getpgid(stack.process.pid)}
    assert stack.stop() == 0
    assert all_gone(children)
    assert not (tmp_path / "stack.json").exists()
    assert "Stopped; the data is kept." in stack.said()


def test_ctrl_c_in_a_terminal_reaches_everybody_and_still_stops_in_order(tmp_path: Path) -> None:
    stack = start(tmp_path)
    children = stack.children()
    for process in children:
        os.kill(process, signal.SIGINT)
    assert stack.client().get("/health").status_code == 200
    assert stack.stop(signal.SIGINT) == 0
    assert all_gone(children)


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
        )
    until(lambda: (home / "stack.json").exists() or process.poll() is not None)
    running = json.loads((home / "running.json").read_text())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(40) == -signal.SIGINT, "make ends as a shell expects it to after Ctrl-C"
    assert all_gone([running["supervisor"], running["engine"]])
    said = (tmp_path / "said.txt").read_text()
    assert said.endswith("Ctrl-C stops it.\nStopped; the data is kept.\n")
    assert not {"***", "Error", "Traceback"} & set(said.split())


@pytest.mark.parametrize("kind", INSTALLED)
def test_a_terminal_that_closes_loses_nothing(kind: Kind, tmp_path: Path) -> None:
    stack = start(tmp_path, ENGINE=kind)
    assert pays(stack.client(), "lin", yuan=99, purchase_id="p-1").status_code == 201
    children = stack.children()
    for process in children:
        os.kill(process, signal.SIGHUP)
    assert stack.stop(signal.SIGHUP) == 0
    assert all_gone(children)
    with a_stack(tmp_path, ENGINE=kind) as second:
        assert second.client().member("lin").get("/me/wallet").json()["available"] == 99


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


def test_nobody_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    stack = start(tmp_path)
    children = stack.children()
    stack.stop(signal.SIGKILL)
    until(lambda: all_gone(children))


@pytest.mark.parametrize("kind", INSTALLED)
def test_after_a_killed_supervisor_the_next_one_finds_the_data(kind: Kind, tmp_path: Path) -> None:
    first = start(tmp_path, ENGINE=kind)
    nobody = first.client()
    assert pays(nobody, "lin", yuan=99, purchase_id="p-1").status_code == 201
    first.stop(signal.SIGKILL)
    with a_stack(tmp_path, ENGINE=kind) as second:
        wallet = second.client().member("lin").get("/me/wallet").json()
        assert wallet["available"] == 99


@pytest.mark.parametrize("kind", CRASH_SAFE)
def test_on_a_crash_safe_engine_a_power_cut_loses_nothing(kind: Kind, tmp_path: Path) -> None:
    first = start(tmp_path, ENGINE=kind)
    assert pays(first.client(), "lin", yuan=99, purchase_id="p-1").status_code == 201
    children = first.children()
    first.stop(signal.SIGKILL)
    for process in filter(is_alive, children):
        os.kill(process, signal.SIGKILL)
    with a_stack(tmp_path, ENGINE=kind) as second:
        assert second.client().member("lin").get("/me/wallet").json()["available"] == 99


def test_a_worker_that_dies_is_replaced_and_nobody_is_sent_away(tmp_path: Path) -> None:
    with a_stack(tmp_path) as stack:
        nobody = stack.client()
        _, _, *workers = stack.children()
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(stack.children()) == 4 and workers[0] not in stack.children())
        os.kill(workers[1], signal.SIGKILL)
        assert httpx.get(f"{nobody.api}/health", timeout=30).status_code == 200
        until(lambda: len(stack.children()) == 4)
        assert nobody.member("lin").get("/me").status_code == 200


def test_when_the_engine_dies_the_stack_ends_and_says_so(tmp_path: Path) -> None:
    stack = start(tmp_path)
    engine, *workers = stack.children()
    os.kill(engine, signal.SIGKILL)
    assert stack.process.wait(30) == 1
    assert "ended by itself" in stack.said()
    assert all_gone(workers)


def test_workers_that_cannot_live_end_the_stack_with_their_last_words(tmp_path: Path) -> None:
    said = refusal(tmp_path, JIFEN_LOCAL_APP="no_such_module:app")
    assert "The workers keep dying" in said
    assert "No module named 'no_such_module'" in said
    assert str(tmp_path / "app.log") in said


def test_two_stacks_run_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with a_stack(tmp_path / "one") as one, a_stack(tmp_path / "two") as two:
        here, there = one.client(), two.client()
        lin = here.member("lin")
        assert here.api != there.api
        foreign = Client(there.http, there.api, there.control, token=lin.token)
        assert foreign.get("/me").status_code == 401
        assert there.person("lin").get("/me").status_code == 403
        here.ask("/clock", {"advance": "P9D"})
        assert there.ask("/clock").json()["now"] < here.ask("/clock").json()["now"]


def test_a_second_stack_on_the_same_state_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with a_stack(tmp_path) as stack:
        api = stack.client().api
        said = tmp_path / "elsewhere"
        said.mkdir()
        told = refusal(said, STATE=str(tmp_path))
        assert told.startswith(f"Jifen already runs on {tmp_path} at {api}")
        assert "STATE=DIR" in told
        assert stack.client().get("/health").status_code == 200


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


def test_a_port_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    port = engines.free_port()
    with a_stack(tmp_path, PORT=str(port)) as stack:
        addresses = json.loads((tmp_path / "stack.json").read_text())
        assert addresses == {
            "api": f"http://127.0.0.1:{port}/v1",
            "control": f"http://127.0.0.1:{port}/local",
            "stripe": addresses["stripe"],
        }
        assert f"http://127.0.0.1:{port}/v1" in stack.said()


def test_keys_secrets_and_data_are_the_owners_alone(tmp_path: Path) -> None:
    with a_stack(tmp_path):
        stripe = [path.name for path in tmp_path.glob("stripe-*")]
        assert stripe
        for name in ("issuer.pem", "secret", "environment.json", *stripe):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "engine").stat().st_mode) == 0o700


def test_what_the_shell_says_of_aws_does_not_matter(tmp_path: Path) -> None:
    told = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "mars-north-1",
        "JIFEN_SECRET": "short",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    with a_stack(tmp_path, **told) as stack:
        assert stack.client().member("lin").get("/me").status_code == 200
