"""What a sentence that no template covers was meant to say: a classifier over sentence embeddings.

``load_or_train`` gives a ``ParaphraseClassifier`` for a device's skills; ``teaching_of`` turns a grammar and
the skills' example sentences into what it learns from.
"""

from nearfield_models.intents.classifier import Learned, ParaphraseClassifier, ParaphraseGuess, learn
from nearfield_models.intents.keeping import Loaded, find_kept, is_kept, load_or_train, train_and_keep
from nearfield_models.intents.possible import possible_intents
from nearfield_models.intents.teaching import Example, Teaching, teaching_of

__all__ = [
    "Example",
    "Learned",
    "Loaded",
    "ParaphraseClassifier",
    "ParaphraseGuess",
    "Teaching",
    "find_kept",
    "is_kept",
    "learn",
    "load_or_train",
    "possible_intents",
    "teaching_of",
    "train_and_keep",
]
