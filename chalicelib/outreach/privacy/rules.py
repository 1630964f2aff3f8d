"""What an export tells, what it leaves out and why, and what stands against being erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chalicelib.catalog.rewards.model import Text
from chalicelib.kernel.errors import Conflict
from chalicelib.ledger.journal.model import Entry
from chalicelib.outreach.privacy.model import LeftOut
from chalicelib.redeem.orders.model import Fulfilment, Order
from chalicelib.redeem.orders.rules import HOLDING, WAITING

TOLD: Final = ("P", "W", "J#", "O#", "A#", "L#", "Y#", "Y", "V#", "F#", "N", "N#")
"""What an export tells, by what the sort keys of a member's items are or begin with."""
LEFT_OUT: Final = (
    LeftOut(
        "R#",
        Text("请求回执", "Receipts of your requests"),
        Text(
            "仅为请求的摘要，用于避免重复处理；请求的结果已在此列出。",
            "Digests, so that a request sent twice is carried out once; what it did is told here.",
        ),
    ),
    LeftOut(
        "C#",
        Text("签到回执", "Receipts of your check-ins"),
        Text("每次签到已在明细中列出。", "Each check-in is an entry of the journal, told here."),
    ),
    LeftOut(
        "T#",
        Text("任务回执", "Receipts of your tasks"),
        Text("每个任务已在明细中列出。", "Each task is an entry of the journal, told here."),
    ),
    LeftOut(
        "E#",
        Text("任务凭证的摘要", "Digests of what you showed for tasks"),
        Text(
            "仅为摘要，用于识别重复提交；无法还原凭证内容。",
            "They tell whether something was shown before; nobody can read it out of them.",
        ),
    ),
    LeftOut(
        "Z#",
        Text("运营人员当日更正的合计", "What one operator corrected in a day"),
        Text(
            "用于监督运营人员；每笔更正已在此列出。",
            "It watches over operators; each correction is told here.",
        ),
    ),
    LeftOut(
        "",
        Text("手机号摘要", "A digest of your phone number"),
        Text(
            "仅为手机号的摘要；手机号已在资料中列出。",
            "It only finds you by the number, which the profile tells.",
        ),
    ),
    LeftOut(
        "",
        Text("设备的摘要", "A digest of the device that you joined with"),
        Text(
            "仅为摘要，用于识别自己推荐自己；无法还原设备信息。",
            "It tells whether somebody refers themselves; nobody can read the device out of it.",
        ),
    ),
    LeftOut(
        "",
        Text("语言是否由您告知", "Whether you told us your language"),
        Text(
            "仅说明语言是否为默认值；语言本身已在资料中列出。",
            "It only says whether the language is a default; the profile tells which one it is.",
        ),
    ),
    LeftOut(
        "",
        Text("认领前的退款", "Refunds of a purchase from before you claimed it"),
        Text(
            "当时该消费尚无归属；已退金额见该笔消费。",
            "It was nobody's then; the purchase tells how much of its money went back.",
        ),
    ),
    LeftOut(
        "",
        Text("推荐新会员的摘要", "Digests of what referred members were known by"),
        Text(
            "仅为手机号、邮箱或设备的摘要，不含会员信息，用于避免重复奖励推荐人。",
            "A phone, an address or a device brings points once; they name nobody.",
        ),
    ),
    LeftOut(
        "",
        Text("您推荐的会员的消费", "What members whom you referred bought"),
        Text(
            "那是他们的信息；推荐给您带来的积分已在明细中列出。",
            "That is theirs; the points that it brought you are in the journal.",
        ),
    ),
    LeftOut(
        "",
        Text("输入错误的次数", "Counts of wrong tries"),
        Text(
            "用于防止猜测代码，一小时后失效。",
            "They keep codes from being guessed, and mean nothing after an hour.",
        ),
    ),
    LeftOut(
        "",
        Text("运营日志与未执行的更正", "The operators' log, and corrections that were not made"),
        Text(
            "记录的是运营人员的操作，待审批或被拒绝的更正无法按会员检索；对您积分的影响已在明细中列出。",
            "They tell what operators did, and corrections that wait or were rejected cannot be"
            " found by member; whatever was done to your points is in the journal.",
        ),
    ),
    LeftOut(
        "",
        Text("兑换码", "Voucher codes"),
        Text(
            "兑换码即为价值，请在订单中查看；此处仅说明是否已查看。",
            "A code is worth what it opens: its order shows it, and here stands whether it was.",
        ),
    ),
)
"""What an export does not tell; those with a sort are items beside the wallet."""
ORDERS_TOLD_MAX: Final = 20
"""Orders that a refusal names: more than anybody waits for."""


class OrdersOpen(Conflict):
    """Something of the member's is still under way: it would go to nobody."""

    code = "orders_open"
    en = "Something is still under way: cancel it or wait for it first. Orders: {orders}."
    zh = "仍有未完成的订单，请先取消或等待完成。订单：{orders}。"


def is_open(order: Order) -> bool:
    """Tell whether an order waits for a decision or for money, or is still to be sent."""
    unsent = order.status in HOLDING and order.fulfilment is Fulfilment.PENDING
    return unsent or order.status in WAITING


def refuse_open(orders: Iterable[Order], *, held: int) -> None:
    """Raise `OrdersOpen` while an order is open or any points are held."""
    names = [order.id for order in orders if is_open(order)]
    if names or held:
        raise OrdersOpen(orders=names[:ORDERS_TOLD_MAX], points_held=held)


def named(entries: Iterable[Entry], *names: str) -> list[tuple[str, ...]]:
    """Return what entries refer to under all of these names, each once, in their order."""
    found = (tuple(entry.refers.get(name, "") for name in names) for entry in entries)
    return [told for told in dict.fromkeys(found) if all(told)]
