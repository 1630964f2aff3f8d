"""Many new members of one referrer, heard of at once: no more are paid for than a month allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from chalicelib.kernel.errors import Contended
from chalicelib.storage.work import Work
from tests.activities import hear, refer
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.referring import available, returned
from tests.rows import of_sort

THREADS: Final = 64
PER_MONTH: Final = 3
"""As by default."""


def test_64_new_members_heard_of_at_once_bring_what_a_month_allows(mall: Mall) -> None:
    mall.member("lin")
    names = [f"new-{number}" for number in range(THREADS)]

    def begin(name: str) -> None:
        # Two of them share a device.
        refer(mall, name, "lin", device=f"device-{int(name.removeprefix('new-')) // 2}")
        made(mall.till.post("/purchases", a_purchase(name, 10, f"{name}-1")), 201)

    def listen(name: str) -> None:
        while True:
            try:
                return hear(Work(mall.clock.now()), name)
            except Contended:
                continue  # As the relay tries again.

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(begin, names))
        list(threads.map(listen, names * 2))
        assert available(mall, "lin") == PER_MONTH * 500
        outcomes = {item["s"]["S"][2:]: item["st"]["S"] for item in of_sort("F#mem_")}
        assert list(outcomes.values()).count("paid") == PER_MONTH
        assert len(outcomes) == THREADS
        check_all(Work(mall.clock.now()))
        paid = [name for name in names if outcomes[id_of(name)] == "paid"]
        list(threads.map(lambda name: returned(mall, name, 10), paid))
        list(threads.map(listen, paid * 2))
    assert available(mall, "lin") == 0
    check_all(Work(mall.clock.now()))
