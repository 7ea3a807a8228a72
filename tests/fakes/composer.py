"""A composer that speaks a passage's first sentence if it shares a long word with the question."""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_cloud.composing.composer import Composed, Composer
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import Citation, SentenceReady
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.orchestrator.sentences import whole


class FirstSentenceComposer:
    """Judges by shared words of more than three letters, by their first four."""

    def close(self) -> None:
        """Nothing is held."""

    async def compose(self, question: Question, found: Sequence[Found]) -> Composed:
        wanted = {word.strip("?.,").lower()[:4] for word in question.text.split() if len(word) > 3}
        for each in found:
            for text in whole(each.text):
                if wanted & {word.strip("?.,").lower()[:4] for word in text.split()}:
                    cited = Citation(
                        chunk_id=each.chunk_id, document=each.document, source=each.source, quote=text
                    )
                    sentence = SentenceReady(text=text, citations=(cited,))
                    reason = "shared words"
                    return Composed(sentences=(sentence,), confidence=0.9, grounded=True, reason=reason)
        return Composed(sentences=(), confidence=0.1, grounded=False, reason="no shared words")


def as_composer(composer: FirstSentenceComposer) -> Composer:
    """Only here so that mypy checks the fake against the seam."""
    return composer
