"""The shelf over HTTP: for everybody, and for the member who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import ConfigDict, Field

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import EVERYONE, Kind, Option, Per, Standing, Window
from chalicelib.catalog.shelf import service
from chalicelib.catalog.shelf.model import Ask, Locks, Mine, Shown, Wish
from chalicelib.catalog.shelf.rules import seconds_to_keep
from chalicelib.catalog.stock.model import Hint
from chalicelib.kernel.errors import Language, NotEnrolled
from chalicelib.ledger.members import service as members
from chalicelib.web.bodies import Flag, MoneyOut, PageQuery, View
from chalicelib.web.calls import Answer, Cache, Call
from chalicelib.web.identity import PUBLIC
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

REWARD_EXAMPLE: Final[Example] = {
    "id": "rwd_0Ab1Cd2Ef3G",
    "kind": "goods",
    "title": "High-mountain oolong",
    "description": "First spring picking, medium roast.",
    "brand": "Mujian Tea",
    "picture": "/pictures/oolong-tin.svg",
    "category": "coffee-tea",
    "options": [{"points": 3800, "cash": None, "label": "50 g"}],
    "stock": "in_stock",
    "audience": None,
    "limits": [{"per": "month", "units": 2}],
    "redeemable": {"from": "2026-11-01T00:00:00Z", "until": None},
}
MINE_EXAMPLE: Final[Example] = {
    **REWARD_EXAMPLE,
    "affordable": False,
    "locked_by": [{"what": "points", "missing_points": 620}],
    "use_soon": False,
}


class ShelfQuery(PageQuery):
    """Which category, all of them where it is not said, and which part of the list.

    A category that nobody uses, or could use, is a shelf without rewards.
    """

    category: str | None = None


class MyShelfQuery(ShelfQuery):
    """Which category, and only what the member has, or has not, the points for.

    `use_soon` is about the points that end within 30 days, and lists the cheapest reward first.
    """

    affordable: Flag | None = None
    use_soon: Flag | None = None


Q = TypeVar("Q", bound=ShelfQuery)


class OptionView(View):
    """A price for a unit: points alone, or points and cash."""

    points: int
    cash: MoneyOut | None
    label: str | None

    @classmethod
    def of(cls, option: Option, language: Language) -> OptionView:
        """Return an option in one language."""
        label = option.label.told(language) if option.label else None
        cash = MoneyOut.of(option.cash) if option.cash else None
        return cls(points=option.points, cash=cash, label=label)


class AudienceView(View):
    """For whom: a standing and above, a plan, holders of one of the tags."""

    standing: Standing | None
    plan: str | None
    tags: list[str]


class LimitView(View):
    """At most so many units for one member in a period."""

    per: Per
    units: int


class WindowView(View):
    """From an instant until just before another; null is without end."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    opens: datetime | None = Field(alias="from")
    closes: datetime | None = Field(alias="until")

    @classmethod
    def of(cls, window: Window) -> WindowView:
        """Return a window as an answer."""
        return cls(opens=window.opens, closes=window.closes)


class RewardView(View):
    """A reward on the shelf, in the language of the request. `audience` null is everyone."""

    id: str
    kind: Kind
    title: str
    description: str | None
    brand: str | None
    picture: str | None
    category: str | None
    options: list[OptionView]
    stock: Hint
    audience: AudienceView | None
    limits: list[LimitView]
    redeemable: WindowView | None

    @classmethod
    def of(cls, shown: Shown, language: Language) -> RewardView:
        """Return a reward in one language."""
        reward = shown.reward
        asked = reward.audience
        return cls(
            id=reward.id,
            kind=reward.kind,
            title=reward.title.told(language),
            description=reward.description.told(language) if reward.description else None,
            brand=reward.brand,
            picture=reward.picture,
            category=reward.category,
            options=[OptionView.of(option, language) for option in reward.options],
            stock=shown.hint,
            audience=None
            if asked == EVERYONE
            else AudienceView(standing=asked.standing, plan=asked.plan, tags=list(asked.tags)),
            limits=[LimitView(per=limit.per, units=limit.units) for limit in reward.limits],
            redeemable=WindowView.of(reward.redeemable) if reward.redeemable else None,
        )


class StandingLock(View):
    """Open from a standing on."""

    what: Literal["standing"]
    standing: str


class PlanLock(View):
    """Open with a plan."""

    what: Literal["plan"]
    plan: str


class TagsLock(View):
    """Open to holders of one of the tags."""

    what: Literal["tags"]
    tags: list[str]


class LimitLock(View):
    """Redeemed as often as allowed; `resets_at` null is never."""

    what: Literal["limit"]
    limit: int
    per: Per
    used: int
    resets_at: datetime | None

    @classmethod
    def of(cls, counter: Counter) -> LimitLock:
        """Return a limit that is reached."""
        assert counter.used is not None
        return cls(
            what="limit",
            limit=counter.limit.units,
            per=counter.limit.per,
            used=counter.used,
            resets_at=counter.resets_at,
        )


class PointsLock(View):
    """Points are missing for the cheapest option."""

    what: Literal["points"]
    missing_points: int


Lock = Annotated[
    StandingLock | PlanLock | TagsLock | LimitLock | PointsLock, Field(discriminator="what")
]


class MyRewardView(RewardView):
    """A reward on the shelf as the caller sees it; `affordable` is about points alone.

    `use_soon`: a unit can be paid with nothing but points that end within 30 days.
    """

    affordable: bool
    locked_by: list[Lock]
    use_soon: bool

    @classmethod
    def of_mine(cls, mine: Mine, language: Language) -> MyRewardView:
        """Return a reward in one language, with what keeps the caller from redeeming it."""
        reward = RewardView.of(mine.shown, language)
        return cls(
            **dict(reward),
            affordable=not mine.locks.missing_points,
            locked_by=locks_of(mine.locks),
            use_soon=mine.use_soon,
        )


def locks_of(locks: Locks) -> list[Lock]:
    """Return what keeps a member from redeeming, in the order in which an order is judged."""
    told: list[Lock] = []
    lacks = locks.lacks
    if lacks.standing:
        told.append(StandingLock(what="standing", standing=lacks.standing))
    if lacks.plan:
        told.append(PlanLock(what="plan", plan=lacks.plan))
    if lacks.tags:
        told.append(TagsLock(what="tags", tags=list(lacks.tags)))
    if locks.limit:
        told.append(LimitLock.of(locks.limit))
    if locks.missing_points:
        told.append(PointsLock(what="points", missing_points=locks.missing_points))
    return told


@routes.get(
    "/catalog",
    roles=PUBLIC,
    tagged=True,
    query=ShelfQuery,
    answer=Paged[RewardView],
    summary="The rewards on the shelf now, newest first",
    answer_example={"items": [REWARD_EXAMPLE], "next_cursor": None},
)
def browse(call: Call[None, ShelfQuery]) -> Answer:
    """List rewards for everybody."""
    shelf = service.browse(call.work, _ask(call))
    page = paged(call, shelf.page, view=lambda shown: RewardView.of(shown, call.language))
    return Answer(page, cache=Cache(seconds_to_keep(shelf.turns_at, call.work.now)))


@routes.get(
    "/rewards/{id}",
    roles=PUBLIC,
    tagged=True,
    answer=RewardView,
    summary="One reward on the shelf",
    answer_example=REWARD_EXAMPLE,
    path_example={"id": "rwd_0Ab1Cd2Ef3G"},
)
def show(call: Call[None]) -> Answer:
    """Show one reward to everybody."""
    shelf = service.show(call.work, call.path["id"])
    view = RewardView.of(shelf.page.items[0], call.language)
    return Answer(view, cache=Cache(seconds_to_keep(shelf.turns_at, call.work.now)))


@routes.get(
    "/me/catalog",
    roles=("member",),
    tagged=True,
    query=MyShelfQuery,
    answer=Paged[MyRewardView],
    summary="The shelf as I see it: what I can afford, and what is locked and why",
    refusals=(NotEnrolled,),
    answer_example={"items": [MINE_EXAMPLE], "next_cursor": None},
)
def browse_mine(call: Call[None, MyShelfQuery]) -> Answer:
    """List rewards for the caller."""
    member_id = members.member_of(call.identity.subject)
    wish = Wish(call.query.affordable, call.query.use_soon)
    page = service.browse_as(call.work, member_id, ask=_ask(call), wish=wish)
    view = paged(call, page, view=lambda mine: MyRewardView.of_mine(mine, call.language))
    return Answer(view, cache=Cache(0, private=True))


def _ask(call: Call[None, Q]) -> Ask:
    return Ask(call.query.category, call.query.limit, position_of(call))
