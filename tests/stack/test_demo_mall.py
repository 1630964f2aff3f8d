"""The demo mall is open after the first start: rewards, pictures, and three members' histories."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.engines import ROOT
from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack


def everything(client: Client, path: str) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.get(f"{path}?limit=10{cursor}").json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


def test_the_catalog_has_rewards_of_many_kinds_and_brands(client: Client) -> None:
    rewards = everything(client, "/catalog")
    assert len(rewards) >= 24
    assert len({reward["kind"] for reward in rewards}) >= 6
    assert len({reward["brand"] for reward in rewards if reward["brand"]}) >= 4


def test_every_reward_has_a_drawn_picture(client: Client) -> None:
    root = client.api.removesuffix("/v1")
    drawn = [reward for reward in everything(client, "/catalog") if reward["picture"]]
    assert len(drawn) >= 24
    for reward in drawn:
        picture = client.http.get(root + reward["picture"])
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.text.lstrip().startswith("<svg")


@pytest.mark.parametrize(
    ("subject", "points", "orders"),
    [("demo-lin", 11_875, 6), ("demo-amelia", 2_809, 2), ("demo-zhou", 68, 0)],
)
def test_the_demo_members_have_their_histories(
    client: Client, subject: str, points: int, orders: int
) -> None:
    member = client.member(subject)
    assert member.get("/me/wallet").json()["available"] == points
    assert len(everything(member, "/orders")) == orders


def test_there_is_a_drop_of_a_hundred_and_a_pool_of_twenty_codes(client: Client) -> None:
    operator = client.person("op", "marketing")
    modes = {
        reward["stock"]["mode"]: reward["id"] for reward in everything(operator, "/admin/rewards")
    }
    drop, pool = (
        operator.get(f"/admin/rewards/{modes[mode]}/stock").json() for mode in ("numbered", "coded")
    )
    assert (drop["made"], drop["withdrawn"]) == (100, 0)
    assert (pool["made"], pool["withdrawn"]) == (20, 0)


def test_some_rewards_can_be_had_for_points_and_cash(client: Client) -> None:
    options = [option for one in everything(client, "/catalog") for option in one["options"]]
    assert len([option for option in options if option["cash"]]) >= 3


def test_earning_is_left_at_the_defaults(client: Client) -> None:
    program = client.person("op", "admin").get("/admin/program").json()
    assert (program["points_per_unit"], program["worth_points"]) == (1, 100)


def test_a_later_start_adds_nothing_unless_the_data_is_gone(tmp_path: Path) -> None:
    with a_stack(tmp_path, DEMO="yes") as first:
        before = len(everything(first.client(), "/catalog"))
    (note,) = tmp_path.glob("demo-*.json")
    with a_stack(tmp_path, DEMO="yes") as second:
        assert "demo mall" not in second.said()
    # A load that broke off right before its end.
    note.write_text(json.dumps({**json.loads(note.read_text()), "is_done": 0}))
    with a_stack(tmp_path, DEMO="yes") as third:
        assert "The demo mall is open" in third.said()
        assert len(everything(third.client(), "/catalog")) == before
        assert third.client().member("demo-lin").get("/me/wallet").json()["available"] == 11_875
    for path in (tmp_path / "engine").glob("**/*"):
        if path.is_file():
            path.unlink()
    with a_stack(tmp_path, DEMO="yes") as fourth:
        assert len(everything(fourth.client(), "/catalog")) == before


def test_the_console_verifies_the_running_stacks_books(stack: StackProcess) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "infra.console", "--state", str(stack.home), "verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "trial balance holds; 0 fault(s)" in ran.stdout
