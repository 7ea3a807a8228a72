"""The local language model: real, where its pack was fetched; its port is closed to everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from nearfield_models.catalogue import Catalogue
from nearfield_models.engines import load_language
from nearfield_models.errors import EngineError, LicenceRefusedError, PackNotFoundError
from nearfield_models.language.llama_cpp import LlamaCppLanguage
from nearfield_models.policy import PROFILES, require_accepted
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack

pytest.importorskip("xllamacpp", reason="needs xllamacpp: install the extra llm-local")


@pytest.fixture(scope="module")
def language() -> Iterator[LlamaCppLanguage]:
    try:
        engine = load_language()
    except PackNotFoundError as error:
        pytest.skip(str(error))
    assert isinstance(engine, LlamaCppLanguage)
    yield engine
    engine.close()


@pytest.mark.models
def test_a_text_goes_on_to_the_end_of_its_line_and_the_same_way_each_time(language: LlamaCppLanguage) -> None:
    prompt = "Passage: The tank holds 40 litres.\nQuestion: How many litres does the tank hold?\nAnswer:"
    first = language.go_on(prompt, most_tokens=12, longest_seconds=30.0)
    assert "40" in first
    assert "\n" not in first
    assert language.go_on(prompt, most_tokens=12, longest_seconds=30.0) == first


@pytest.mark.models
def test_a_prompt_that_is_too_long_is_refused_by_name(language: LlamaCppLanguage) -> None:
    with pytest.raises(EngineError):
        language.go_on("word " * 10_000, most_tokens=4, longest_seconds=5.0)


@pytest.mark.models
@pytest.mark.parametrize("path", ["/v1/completions", "/completion", "/props", "/slots"])
def test_the_librarys_port_answers_nobody_without_the_key(language: LlamaCppLanguage, path: str) -> None:
    answered = httpx.post(language._server.listening_address + path, json={}, timeout=20, trust_env=False)
    assert answered.status_code == 401


def test_a_file_that_is_no_gguf_never_reaches_the_library(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"something else")
    pack = InstalledPack(id="small", version="1", digest="0", folder=tmp_path, names=("model.gguf",))
    with pytest.raises(EngineError, match="no GGUF file"):
        LlamaCppLanguage(pack, RuntimeOptions())
    with pytest.raises(EngineError, match="0 files"):
        LlamaCppLanguage(replace(pack, names=()), RuntimeOptions())


def test_no_profile_accepts_the_models_terms_unasked() -> None:
    manifest = Catalogue.default().manifest("gemma3-270m")
    for profile in PROFILES.values():
        with pytest.raises(LicenceRefusedError, match="LicenseRef-Gemma"):
            require_accepted([manifest], profile)
