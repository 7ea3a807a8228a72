"""The route of a turn: a pure function of what was understood, what can be reached and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_sync.messages.turn_record import RouteDecision, Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What could answer besides a skill."""

    cache: bool = False
    """Whether the local cache has a fitting answer."""
    cloud: bool = False
    """Whether the orchestrator is connected."""
    restricted: bool = False
    """Whether the site forbids outbound connections."""


def choose_route(understanding: Understanding, reach: Reach, policy: RoutingPolicy) -> RouteDecision:
    """Say who answers, why, and why not the others; in the order skill, cache, cloud, clarify, refuse."""
    considered: list[str] = []
    for route, verdict in (
        ("skill", _skill(understanding, policy)),
        ("cache", _cache(reach, policy)),
        ("cloud", _cloud(understanding, reach, policy)),
        ("clarify", _clarify(understanding, policy)),
    ):
        taken, reason = verdict
        if taken:
            return _decision(route, reason, understanding, policy, considered)
        considered.append(f"{route}: {reason}")
    reason = "no sentence of any skill fits, and nobody else can be asked"
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


def _skill(understanding: Understanding, policy: RoutingPolicy) -> Verdict:
    if understanding.skill is None:
        return False, _TOO_LATE if understanding.source == "expired" else "no sentence fits"
    least = policy.skill.act_confidence
    if understanding.confidence < least:
        return False, f"confidence {understanding.confidence:.2f} below {least:.2f}"
    return True, f"{understanding.source} matched {understanding.skill}.{understanding.intent}"


def _cache(reach: Reach, policy: RoutingPolicy) -> Verdict:
    if not policy.cache.enabled:
        return False, "switched off by the policy"
    return (True, "a fitting answer is stored") if reach.cache else (False, "no fitting answer")


def _cloud(understanding: Understanding, reach: Reach, policy: RoutingPolicy) -> Verdict:
    if understanding.source == "expired":
        return False, _TOO_LATE
    if reach.restricted:
        return False, "the site is restricted"
    if not policy.cloud.enabled or policy.cloud.may_leave == "nothing":
        return False, "switched off by the policy"
    return (True, "nothing local fits") if reach.cloud else (False, "no link")


def _clarify(understanding: Understanding, policy: RoutingPolicy) -> Verdict:
    if understanding.skill is None or understanding.confidence < policy.skill.clarify_confidence:
        return False, "nothing sure enough to ask about"
    return True, f"confidence {understanding.confidence:.2f} is enough to ask, not to act"
