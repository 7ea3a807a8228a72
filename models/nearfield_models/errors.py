"""What can go wrong with packs, runtimes and engines.

::

    ModelsError
    ├── PackNotFoundError        no manifest, or not fetched yet
    ├── ManifestError            a pack's TOML or a licence policy's is wrong, or names no such file
    ├── DigestMismatchError      the bytes are not the ones the manifest names
    ├── PackDamagedError         a stored file is missing, truncated or altered
    ├── FetchError               no source gave the file (retryable)
    ├── LicenceRefusedError      the site's policy does not accept the pack's licence or origin
    ├── BuildStepError           a derived file could not be made
    ├── StorageError             the store's disk is full or read-only
    ├── RuntimeMissingError      an optional runtime is not installed
    ├── EngineError              a model refused its input or failed while running
    ├── WakePhraseError          a wake phrase that cannot be said or recognised
    ├── AudioFormatError         sound that cannot be read or converted
    ├── SsmlError                marked-up speech that cannot be read
    ├── LexiconError             a site's own pronunciations are wrong
    ├── GrammarError             a sentence template is wrong
    ├── TeachingError            too few sentences to learn intents from
    ├── TrainedWeightsError      kept weights of a classifier are damaged
    └── CancelledWorkError       the caller no longer wants the result
"""

from __future__ import annotations


class ModelsError(Exception):
    """Root of this package's errors.

    Attributes:
        code: Stable name for logs, records and scripts.
        retryable: Whether the same call may succeed later without any change.
    """

    code = "models_error"
    retryable = False


class PackNotFoundError(ModelsError):
    """No pack of that name, or it has not been fetched."""

    code = "pack_not_found"


class ManifestError(ModelsError):
    """A pack's manifest or a licence policy is wrong, or a manifest does not name the file asked for."""

    code = "manifest_invalid"


class DigestMismatchError(ModelsError):
    """Fetched bytes differ from what the manifest names; nothing was kept."""

    code = "digest_mismatch"


class PackDamagedError(ModelsError):
    """A stored file is missing, truncated or altered."""

    code = "pack_damaged"


class FetchError(ModelsError):
    """No source gave the file."""

    code = "fetch_failed"
    retryable = True


class LicenceRefusedError(ModelsError):
    """The licence policy in force does not accept this pack."""

    code = "licence_refused"


class BuildStepError(ModelsError):
    """A derived file could not be made."""

    code = "build_step_failed"


class StorageError(ModelsError):
    """The store cannot be written: disk full, read-only or not permitted."""

    code = "storage_failed"
    retryable = True


class RuntimeMissingError(ModelsError):
    """An optional runtime is not installed; the message names the extra that brings it."""

    code = "runtime_missing"


class EngineError(ModelsError):
    """A model refused its input or failed while running."""

    code = "engine_failed"


class WakePhraseError(ModelsError):
    """A wake phrase cannot be said or recognised as it is written; the message says why."""

    code = "wake_phrase_invalid"


class AudioFormatError(ModelsError):
    """Sound that cannot be read or converted."""

    code = "audio_unreadable"


class SsmlError(ModelsError):
    """Marked-up speech cannot be read; the message says what and where.

    Attributes:
        line: Where, from 1.
        column: Where in the line, from 1.
    """

    code = "ssml_invalid"

    def __init__(self, fault: str, *, line: int, column: int) -> None:
        super().__init__(f"SSML, line {line}, column {column}: {fault}")
        self.line = line
        self.column = column


class LexiconError(ModelsError):
    """A site's own pronunciations are wrong; the message names the file and the line."""

    code = "lexicon_invalid"


class GrammarError(ModelsError):
    """A sentence template is wrong; the message names the skill, the intent and the sentence."""

    code = "grammar_invalid"


class TeachingError(ModelsError):
    """A classifier was given too few sentences to learn from."""

    code = "teaching_insufficient"


class TrainedWeightsError(ModelsError):
    """Weights kept by an earlier training are not what was written; training again mends it."""

    code = "trained_weights_damaged"


class CancelledWorkError(ModelsError):
    """The caller cancelled; there is no result."""

    code = "cancelled"
