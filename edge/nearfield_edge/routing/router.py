"""The route of a turn: a pure function of what was understood, what can be reached and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nearfield_edge.doubts.answers import DENY
from nearfield_edge.doubts.asking import inquiry_about
from nearfield_edge.doubts.doubt import Doubt
from nearfield_edge.doubts.offers import OWN, offer_in
from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_sync.messages.turn_record import RouteDecision, Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What could answer besides a skill."""

    cache: bool = False
    """Whether the local cache has a fitting answer."""
    cloud: bool = False
    """Whether the orchestrator is connected."""
    no_link: str = "no link"
    """Why it is not."""
    words: int | None = None
    """How many were said; None where that does not matter."""
    restricted: bool = False
    """Whether the site forbids outbound connections."""
    unlearned: str = ""
    """Why paraphrases cannot be understood; empty where they can, or where nobody wants them to be."""


def choose_route(
    understanding: Understanding, reach: Reach, policy: RoutingPolicy, asked: Doubt | None = None
) -> RouteDecision:
    """Say who answers, why, and why not the others; in the order skill, cache, cloud, clarify, refuse.

    Args:
        understanding: Of this turn.
        reach: What could answer besides a skill.
        policy: Who may answer what.
        asked: What the device asked in the turn before because it was not sure.
    """
    considered: list[str] = []
    if offer_in(understanding) is not None:
        reason = f"the person {understanding.intent} what was offered"
        return _decision("cloud", reason, understanding, policy, considered)
    for route, verdict in (
        ("skill", _skill(understanding, reach, policy)),
        ("cache", _cache(understanding, reach, policy)),
        ("cloud", _cloud(understanding, reach, policy)),
        ("clarify", _clarify(understanding, policy, asked)),
    ):
        taken, reason = verdict
        if taken:
            return _decision(route, reason, understanding, policy, considered)
        considered.append(f"{route}: {reason}")
    reason = f"no sentence of any skill fits, and nobody else can be asked{_unlearned(understanding, reach)}"
    return _decision("refuse", reason, understanding, policy, considered)


def _decision(
    route: str, reason: str, understanding: Understanding, policy: RoutingPolicy, considered: list[str]
) -> RouteDecision:
    return RouteDecision(
        route=route,
        reason=reason,
        confidence=understanding.confidence,
        policy_version=policy.version,
        considered=tuple(considered),
    )


Verdict = tuple[bool, str]
_TOO_LATE: Final = "it goes on with a conversation that is over"
_ANSWER: Final = "it answers what the device asked"


def _skill(understanding: Understanding, reach: Reach, policy: RoutingPolicy) -> Verdict:
    if understanding.skill is None:
        nothing = f"no sentence fits{_unlearned(understanding, reach)}"
        return False, _TOO_LATE if understanding.source == "expired" else nothing
    if understanding.skill == OWN:
        return False, "the answer confirms nothing"
    least = policy.sure_enough(understanding.source).act_confidence
    if understanding.confidence < least:
        return False, f"confidence {understanding.confidence:.2f} below {least:.2f}"
    return True, f"{understanding.source} matched {understanding.skill}.{understanding.intent}"


def _cache(understanding: Understanding, reach: Reach, policy: RoutingPolicy) -> Verdict:
    if understanding.source == "clarified":
        return False, _ANSWER
    if not policy.cache.enabled:
        return False, "switched off by the policy"
    return (True, "a fitting answer is stored") if reach.cache else (False, "no fitting answer")


def _cloud(understanding: Understanding, reach: Reach, policy: RoutingPolicy) -> Verdict:
    if understanding.source == "expired":
        return False, _TOO_LATE
    if understanding.source == "clarified":
        return False, _ANSWER
    if reach.restricted:
        return False, "the site is restricted"
    if not policy.cloud.enabled or policy.cloud.may_leave == "nothing":
        return False, "switched off by the policy"
    if reach.words is not None and reach.words < policy.cloud.least_words:
        return False, f"{reach.words} words are no question"
    return (True, "nothing local fits") if reach.cloud else (False, reach.no_link)


def _clarify(understanding: Understanding, policy: RoutingPolicy, asked: Doubt | None) -> Verdict:
    least = policy.sure_enough(understanding.source).clarify_confidence
    if understanding.skill is None or understanding.confidence < least:
        return False, "nothing sure enough to ask about"
    if is_denial(understanding, policy):
        return True, "what was asked about is denied"
    if understanding.skill == OWN:
        return True, f"the answer does not decide, or not surely: confidence {understanding.confidence:.2f}"
    inquiry = inquiry_about(understanding, asked)
    enough = f"confidence {understanding.confidence:.2f} is enough to ask, not to act"
    return True, f"{enough}; {inquiry.reason}"


def is_denial(understanding: Understanding, policy: RoutingPolicy) -> bool:
    """Whether somebody surely said no to the device's own question."""
    denied = (understanding.skill, understanding.intent) == (OWN, DENY)
    return denied and understanding.confidence >= policy.skill.act_confidence


def _unlearned(understanding: Understanding, reach: Reach) -> str:
    nothing_found = understanding.skill is None and understanding.source != "expired"
    return f" ({reach.unlearned})" if nothing_found and reach.unlearned else ""
