"""One request for each code of activities and campaigns that is answered with it."""

from __future__ import annotations

from tests.campaigns import begun, giving
from tests.mall import Mall, id_of, made
from tests.refused import Send, settings

EVIDENCE = {"evidence": "https://example.test/posts/1"}


def already_checked_in(mall: Mall) -> Send:
    lin = mall.member()
    made(lin.post("/me/check-ins", key="first"), 201)
    return lambda headers: lin.post("/me/check-ins", key="refused", headers=headers)


def evidence_used(mall: Mall) -> Send:
    lin, path = mall.member(), "/me/tasks/share"
    made(lin.post(path, EVIDENCE, key="first"), 201)
    return lambda headers: lin.post(path, EVIDENCE, key="refused", headers=headers)


def referral_refused(mall: Mall) -> Send:
    made(mall.till.post("/members", {"subject": "lin", "device": "9f2c"}), 201)
    told = {"referred_by": id_of("lin"), "device": "9f2c"}
    return lambda headers: mall.till.post("/members", told, headers=headers)


def campaigns_at_odds(mall: Mall) -> Send:
    begun(mall, giving(200))
    return settings(mall, currency="jpy")
