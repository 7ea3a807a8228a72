"""Text as it is read aloud: what is written as digits, signs and abbreviations becomes words.

``spoken`` finds what is to be read otherwise than it is written; ``numbers``, ``amounts``, ``times``,
``addresses`` and ``abbreviations`` say how.
"""

from nearfield_models.tts.reading.spoken import spoken

__all__ = ["spoken"]
