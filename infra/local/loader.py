"""Fills a new stack with the demo mall, through the public API like anybody's client.

The order: rewards, then each member with its purchases, refunds and orders. Every call carries the
key or the id that makes it safe to send again, so a load that broke off is taken up from its
beginning and changes nothing twice. For that the same call has to say the same: the program's time
is noted once, before the first call, and every purchase's date is counted back from the note. A
finished load is noted too, and costs the next start nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from chalicelib.kernel.clock import rfc3339
from infra.local.caller import Caller, Said
from infra.local.state import write_json

HOME: Final = Path(__file__).resolve().parent / "demo"
TAKEN: Final = 409
"""A member's subject that is there already: what a load that is taken up again meets."""

ORDER_FIELDS: Final = ("option", "quantity", "address")

Entry = Mapping[str, Any]
Tell = Callable[[int, int], None]


class DemoRefused(Exception):
    """The program refused a call of the load; the message says which and why."""


class Load:
    """One load of the demo mall."""

    def __init__(self, caller: Caller, begun: datetime) -> None:
        self._caller = caller
        self._begun = begun
        self._rewards: dict[str, str] = {}
        self._token = cache(self._token_for)

    def steps(self) -> Iterator[None]:
        """Make the calls, pausing after each."""
        for reward in _entries("rewards"):
            self._reward(reward)
            yield
        for member in _entries("members"):
            self._member(member)
            yield
            for purchase in member["purchases"]:
                self._purchase(member, purchase)
                yield
            for redemption in member["redemptions"]:
                self._redemption(member, redemption)
                yield

    def _token_for(self, subject: str, role: str) -> Entry:
        asked = {"subject": subject, "roles": [role]}
        return _done(self._caller.post("/local/token", asked), asked)

    def _reward(self, reward: Entry) -> None:
        operator = self._token("demo-marketing", "marketing")["token"]
        key = f"demo-reward-{Path(reward['picture']).stem}"
        body = {name: reward[name] for name in reward if name != "codes"}
        made = self._caller.post("/v1/admin/rewards", body, token=operator, Idempotency_Key=key)
        self._rewards[reward["title"]["en"]] = _done(made, body)["id"]
        if "codes" in reward:
            self._codes(reward, operator=operator, key=f"{key}-codes")

    def _codes(self, reward: Entry, *, operator: str, key: str) -> None:
        path = f"/v1/admin/rewards/{self._rewards[reward['title']['en']]}/codes"
        body = {"csv": "\n".join(reward["codes"])}
        begun = _done(self._caller.post(path, body, token=operator, Idempotency_Key=key), body)
        carried = f"{path}/{begun['id']}/execute"
        while _done(self._caller.post(carried, {}, token=operator), body)["state"] != "done":
            pass

    def _member(self, member: Entry) -> None:
        told = {name: member[name] for name in ("subject", "name", "email", "birthday")}
        till = self._token("till", "channel:online")["token"]
        made = self._caller.post("/v1/members", told, token=till)
        if made.status != TAKEN:
            _done(made, told)

    def _purchase(self, member: Entry, purchase: Entry) -> None:
        channel, purchase_id = purchase["channel"], purchase["purchase_id"]
        till = self._token("till", f"channel:{channel}")["token"]
        occurred_at = self._begun - timedelta(days=purchase["days_ago"])
        report = {
            "channel": channel,
            "purchase_id": purchase_id,
            "member_id": self._token(member["subject"], "member")["member_id"],
            "paid": purchase["paid"],
            "occurred_at": rfc3339(occurred_at),
        }
        _done(self._caller.post("/v1/purchases", report, token=till), report)
        for refund in purchase.get("refunds", ()):
            path = f"/v1/purchases/{channel}/{purchase_id}/refunds"
            _done(self._caller.post(path, refund, token=till), refund)

    def _redemption(self, member: Entry, redemption: Entry) -> None:
        order = {
            "reward_id": self._rewards[redemption["reward"]],
            **{name: redemption[name] for name in ORDER_FIELDS if name in redemption},
        }
        token = self._token(member["subject"], "member")["token"]
        headers = {
            "Idempotency_Key": redemption["key"],
            "Accept_Language": member["language"],
        }
        _done(self._caller.post("/v1/orders", order, token=token, **headers), order)


def load_once(caller: Caller, note: Path, *, tell: Tell) -> bool:
    """Load the demo mall unless the note says that it was done; tell whether anything was loaded.

    `tell` hears after each step how many are done, of how many.
    """
    noted = json.loads(note.read_text()) if note.exists() else _begin(caller, note)
    if noted["is_done"]:
        return False
    total = _count()
    steps = Load(caller, datetime.fromisoformat(noted["begun_at"])).steps()
    for done, _ in enumerate(steps, start=1):
        tell(done, total)
    write_json(note, {**noted, "is_done": 1})
    return True


def _begin(caller: Caller, note: Path) -> dict[str, Any]:
    noted = {"begun_at": caller.get("/local/clock").json["now"], "is_done": 0}
    write_json(note, noted)
    return noted


def _entries(name: str) -> list[Entry]:
    entries: list[Entry] = json.loads((HOME / f"{name}.json").read_text())
    return entries


def _count() -> int:
    members = _entries("members")
    calls = sum(1 + len(one["purchases"]) + len(one["redemptions"]) for one in members)
    return len(_entries("rewards")) + calls


def _done(said: Said, asked: Entry) -> Mapping[str, Any]:
    """Return an answer's JSON, or say which call of the load was refused."""
    if said.status not in {200, 201}:
        told = json.dumps(asked, ensure_ascii=False)[:200]
        raise DemoRefused(f"{said.status} {said.json.get('detail', '')} for {told}")
    return said.json
