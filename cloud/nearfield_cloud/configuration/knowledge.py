"""Where documents are kept, how they are cut and searched, and what of them is taken."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from nearfield_sync.section import Section

_HOST: Final = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")


class KnowledgeSection(Section):
    """The customer's documents."""

    store: Literal["sqlite", "pgvector", "qdrant"] = "sqlite"
    """``sqlite`` is a file in the data folder; the others need ``address`` and their extra."""
    address: SecretStr | None = None
    """``postgresql://user@host/database`` or ``http://host:6333``."""
    key: SecretStr | None = None
    """Qdrant's, where it asks for one."""
    embedding: str = "minilm-l6-v2-int8"
    """The pack of the embedding model. Another one needs all documents ingested again: vectors of two models
    are never compared."""
    hosts: tuple[str, ...] = ()
    """From where documents are fetched besides the host that ``ingest URL`` names: ``docs.example.com``,
    ``*.example.com``, either with a port."""
    networks: tuple[str, ...] = ()
    """Networks that are fetched from although they are not public: ``10.20.0.0/16``."""
    largest_document_bytes: int = Field(20 * 1024 * 1024, ge=1, le=1024**3)
    largest_unpacked_bytes: int = Field(200 * 1024 * 1024, ge=1, le=8 * 1024**3)
    """Of what is compressed inside a document (DOCX, XLSX)."""
    most_characters: int = Field(5_000_000, ge=1, le=1_000_000_000)
    """Of a document's text."""
    most_pages: int = Field(2_000, ge=1, le=100_000)
    """Of a PDF."""
    most_documents: int = Field(20_000, ge=1, le=1_000_000)
    """Of one folder that is ingested."""
    fetch_seconds: float = Field(30.0, gt=0, le=600)
    """For one document from elsewhere, redirects included."""
    largest_passage_tokens: int = Field(256, ge=32, le=4_096)
    """Of the embedding model; longer paragraphs are cut between sentences."""
    smallest_passage_tokens: int = Field(24, ge=0, le=4_096)
    """What is shorter goes along with what follows under the same heading."""
    most_question_characters: int = Field(2_000, ge=1, le=100_000)
    """What a question has beyond them is not looked at."""
    candidates: int = Field(50, ge=1, le=1_000)
    """Passages that each kind of search may bring into the fusion, and the most that a search gives."""
    meaning_weight: float = Field(0.75, ge=0, le=1)
    """Of the vectors against the words."""
    least_similarity: float = Field(0.15, ge=-1, le=1)
    """Cosine below which a passage fits nothing, unless a telling word of the question is in it."""

    @field_validator("hosts")
    @classmethod
    def _hosts_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _HOST.fullmatch(host):
                raise ValueError(
                    f"{host!r} is no host: examples are 'docs.example.com' and '*.example.com:8443'"
                )
        return value

    @field_validator("networks")
    @classmethod
    def _networks_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{network!r} is no network: an example is '10.20.0.0/16'") from error
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> KnowledgeSection:
        if self.store != "sqlite" and self.address is None:
            raise ValueError(f"the store '{self.store}' needs an address")
        if self.smallest_passage_tokens > self.largest_passage_tokens:
            raise ValueError("smallest_passage_tokens is more than largest_passage_tokens")
        return self
