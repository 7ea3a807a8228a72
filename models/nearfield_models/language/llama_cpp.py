"""llama.cpp through ``xllamacpp``: any model in GGUF's form, on the processor.

The library's only way to a model is its own server, which listens on a free port of 127.0.0.1 as well. It is
asked in the process, the port is closed to whoever lacks a key that is drawn at random and told to nobody,
and its page and its listing of slots are off.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.language.engine import LanguageCapabilities
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack

_SUFFIX: Final = ".gguf"
_MAGIC: Final = b"GGUF"
_LONGEST_TOKENS: Final = 2_048
_SILENT: Final = -1


class LlamaCppLanguage:
    """A GGUF model on llama.cpp; see `LanguageEngine` for the contract."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load the model.

        Raises:
            RuntimeMissingError: ``xllamacpp`` is not installed.
            EngineError: The pack holds no GGUF file, or it cannot be loaded.
        """
        try:
            import xllamacpp
        except ImportError as error:
            raise RuntimeMissingError(
                "xllamacpp is not installed: install the extra with `pip install 'nearfield[llm-local]'`"
            ) from error
        names = [name for name in pack.names if name.endswith(_SUFFIX)]
        if len(names) != 1:
            raise EngineError(
                f"{pack.id} holds {len(names)} files that end in {_SUFFIX}: llama.cpp needs one"
            )
        file = pack.file(names[0])
        with file.open("rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                raise EngineError(f"{file} is no GGUF file")
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = _LONGEST_TOKENS
        parameters.n_parallel = 1
        parameters.n_gpu_layers = 0
        parameters.warmup = False
        parameters.verbosity = _SILENT
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.api_keys = [secrets.token_urlsafe(32)]
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = max(1, runtime.threads)
        try:
            self._server: Any = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise EngineError(f"llama.cpp cannot load {file}: {error}") from error
        self._model_id = f"{pack.id}@{pack.digest}"

    @property
    def capabilities(self) -> LanguageCapabilities:
        """What this engine can do."""
        return LanguageCapabilities(model_id=self._model_id, longest_tokens=_LONGEST_TOKENS)

    def go_on(self, prompt: str, *, most_tokens: int, longest_seconds: float) -> str:
        """Give what most probably follows the prompt, up to the end of its first line.

        Raises:
            EngineError: The prompt is too long, or the model failed.
        """
        if self._server is None:
            raise EngineError("the language model was closed")
        request = {
            "prompt": prompt,
            "max_tokens": most_tokens,
            "temperature": 0.0,
            "stop": ["\n"],
            "stream": False,
            "t_max_predict_ms": max(1, int(longest_seconds * 1e3)),
        }
        try:
            answered = self._server.handle_completions(request)
            return str(answered["choices"][0]["text"]).strip()
        except (RuntimeError, ValueError, KeyError, IndexError, TypeError) as error:
            raise EngineError(f"the language model failed: {error}") from error

    def close(self) -> None:
        """Stop the server and free the model."""
        self._server = None
