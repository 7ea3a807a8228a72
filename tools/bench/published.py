"""What others published about the same orders: command acceptance in noise, percent.

Each is the mean of two noises, of which only the kitchen is measured here; the engines are of 2018 to 2022.

Source: https://github.com/Picovoice/speech-to-intent-benchmark (src/plot.py of 2025-06-10)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PUBLISHED_SNRS_DB: Final = (6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0)
PUBLISHED: Final[Mapping[str, tuple[float, ...]]] = {
    "Picovoice Rhino": (93.5, 96.5, 98.0, 98.5, 98.5, 99.0, 99.0),
    "Microsoft LUIS": (84.5, 87.0, 89.5, 90.5, 91.5, 93.0, 93.0),
    "IBM Watson": (61.0, 80.0, 88.5, 92.5, 94.5, 95.0, 96.0),
    "Amazon Lex": (75.5, 83.0, 84.5, 87.0, 87.0, 87.0, 87.5),
    "Google Dialogflow": (66.5, 74.0, 77.0, 79.5, 81.5, 82.5, 82.5),
}
