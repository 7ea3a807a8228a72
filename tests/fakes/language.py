"""A language model that says what it is told to, or fails."""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_models.errors import EngineError
from nearfield_models.language.engine import LanguageCapabilities, LanguageEngine


class FakeLanguage:
    """Gives the lines of a script, one a call; ``None`` in it is a fault."""

    def __init__(self, script: Sequence[str | None]) -> None:
        self._script = list(script)
        self.prompts: list[str] = []
        self.closed = False

    @property
    def capabilities(self) -> LanguageCapabilities:
        """Of no model."""
        return LanguageCapabilities(model_id="fake", longest_tokens=1_000)

    def go_on(self, prompt: str, *, most_tokens: int, longest_seconds: float) -> str:
        """The next line of the script."""
        self.prompts.append(prompt)
        line = self._script.pop(0)
        if line is None:
            raise EngineError("the fake language model was told to fail")
        return line

    def close(self) -> None:
        """Remember it."""
        self.closed = True


_: LanguageEngine = FakeLanguage(())
