"""Running a skill's function: in a thread of its own, held to its permissions, under a deadline."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from nearfield_edge.errors import (
    EffectRejectedError,
    EgressRefusedError,
    PermissionRefusedError,
    SkillFailedError,
)
from nearfield_edge.skills.permissions import Held, PermissionGuard, Permissions
from nearfield_sync.telemetry import Counters

Result = TypeVar("Result")

MOST_ABANDONED: Final = 3
"""Calls of one skill that may hang at once before it is no longer asked."""


class FunctionWorker:
    """Calls functions of skills; Python cannot end a thread, so one that hangs is abandoned and counted."""

    def __init__(self, guard: PermissionGuard, counters: Counters) -> None:
        self._guard = guard
        self._counters = counters
        self._abandoned: Counter[str] = Counter()
        self._lock = threading.Lock()

    def call(
        self, function: Callable[[], Result], permissions: Permissions, *, name: str, deadline_seconds: float
    ) -> tuple[Result, tuple[str, ...]]:
        """Run ``function`` and give its result with what it was refused on the way.

        Args:
            function: Takes nothing.
            permissions: What it is held to.
            name: ``coffee/coffee:order``, for messages.
            deadline_seconds: After this the call has failed, whatever the function still does.

        Raises:
            SkillFailedError: It raised, took too long, or earlier calls of the skill still hang.
            PermissionRefusedError: It raised after something undeclared had been refused.
            EgressRefusedError: It raised because the site forbids a connection.
            EffectRejectedError: It raised that itself.
        """
        skill = permissions.skill
        with self._lock:
            if self._abandoned[skill] >= MOST_ABANDONED:
                raise SkillFailedError(f"{name}: {MOST_ABANDONED} earlier calls of this skill still hang")
        run = _Run(function, self._guard, permissions)
        thread = threading.Thread(target=run, args=(self._returned,), name=f"skill {name}", daemon=True)
        thread.start()
        if not run.done.wait(deadline_seconds) and self._abandon(run):
            self._counters.add("nearfield_skill_timeouts_total", skill=skill)
            raise SkillFailedError(f"{name}: no answer within {deadline_seconds:g} s")
        return self._outcome(run, name)

    def _outcome(self, run: _Run[Result], name: str) -> tuple[Result, tuple[str, ...]]:
        skill = run.held.permissions.skill
        refusals = tuple(dict.fromkeys(run.held.refusals))
        self._counters.add("nearfield_skill_refusals_total", len(run.held.refusals), skill=skill)
        if run.error is None:
            return run.results[0], refusals
        if isinstance(run.error, EffectRejectedError):
            raise run.error
        self._counters.add("nearfield_skill_failures_total", skill=skill)
        forbidden = _egress_refusal(run.error)
        if forbidden is not None:
            raise EgressRefusedError(f"{name}: {forbidden}") from run.error
        if refusals:
            raise PermissionRefusedError(
                f"{name} may not {refusals[0]}: declare it under [permissions] in skill.toml if it should"
            ) from run.error
        raise SkillFailedError(f"{name}: {type(run.error).__name__}: {run.error}") from run.error

    def _abandon(self, run: _Run[Result]) -> bool:
        """Give the call up; False when it ended at the last moment after all."""
        with self._lock:
            if run.done.is_set():
                return False
            run.held.revoked = True
            run.abandoned = True
            self._abandoned[run.held.permissions.skill] += 1
            return True

    def _returned(self, run: _Run[Result]) -> None:
        with self._lock:
            run.done.set()
            if run.abandoned:
                self._abandoned[run.held.permissions.skill] -= 1


def _egress_refusal(error: BaseException | None) -> EgressRefusedError | None:
    """What the site has forbidden, also where a library has made another error of it."""
    while error is not None and not isinstance(error, EgressRefusedError):
        error = error.__cause__ or error.__context__
    return error


class _Run(Generic[Result]):
    """One call: what goes in, and what came out."""

    def __init__(
        self, function: Callable[[], Result], guard: PermissionGuard, permissions: Permissions
    ) -> None:
        self._function = function
        self._guard = guard
        self.held = Held(permissions=permissions)
        self.done = threading.Event()
        self.abandoned = False
        self.results: list[Result] = []
        self.error: BaseException | None = None

    def __call__(self, returned: Callable[[_Run[Result]], None]) -> None:
        try:
            with self._guard.holding(self.held):
                self.results.append(self._function())
        except BaseException as error:  # SystemExit too must end the call, not the thread alone
            self.error = error
        returned(self)
