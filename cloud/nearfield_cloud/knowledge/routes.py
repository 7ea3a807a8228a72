"""``/v1/search`` and ``/v1/documents``: knowledge for those who may read it, and for those who write it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from nearfield_cloud.errors import MissingError
from nearfield_cloud.gateway.identification import Asking, parts_of
from nearfield_cloud.gateway.routes.shapes import PROBLEMS, Shape
from nearfield_cloud.identity.authorising import Resource
from nearfield_cloud.knowledge.search import Knowledge
from nearfield_sync.passages.store import PassageStore

DocumentId = Annotated[str, Path(pattern="^[0-9a-f]{8,64}$")]


class SearchRequest(Shape):
    """A question."""

    query: str = Field(min_length=1, max_length=2_000)
    limit: int = Field(5, ge=1, le=50)


class FoundShape(Shape):
    """A passage that may answer."""

    chunk_id: str
    document: str
    source: str
    section: list[str]
    text: str
    score: float


class SearchAnswer(Shape):
    """The passages, the best first."""

    found: list[FoundShape]


class DocumentShape(Shape):
    """A document of the tenant."""

    id: str
    title: str
    source: str
    audience: str
    passages: int


class DocumentList(Shape):
    """All documents of the tenant, by source."""

    documents: list[DocumentShape]


def knowledge_router(knowledge: Knowledge, store: PassageStore) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["knowledge"], responses=PROBLEMS)

    @router.post("/search", summary="Passages that may answer a question")
    async def search(request: Request, caller: Asking, wanted: SearchRequest) -> SearchAnswer:
        """Of the tenant's documents, those that the caller may read."""
        what = Resource(kind="knowledge", tenant=caller.tenant)
        parts_of(request).identity.authorisation.authorise(caller, "search", what)
        found = await knowledge.search(wanted.query, caller, limit=wanted.limit)
        shapes = [
            FoundShape(
                chunk_id=one.chunk_id,
                document=one.document,
                source=one.source,
                section=list(one.section),
                text=one.text,
                score=one.score,
            )
            for one in found
        ]
        return SearchAnswer(found=shapes)

    @router.get("/documents", summary="The tenant's documents")
    async def documents(request: Request, caller: Asking) -> DocumentList:
        """All of them, whatever their audience."""
        what = Resource(kind="knowledge", tenant=caller.tenant)
        parts_of(request).identity.authorisation.authorise(caller, "read", what)
        listed = await store.documents(caller.tenant)
        shapes = [
            DocumentShape(
                id=one.document.document_id,
                title=one.document.title,
                source=one.document.source,
                audience=one.document.audience,
                passages=one.passages,
            )
            for one in listed
        ]
        return DocumentList(documents=shapes)

    @router.delete("/documents/{document}", status_code=204, summary="Delete a document for good")
    async def delete(request: Request, caller: Asking, document: DocumentId) -> Response:
        """With its words and vectors."""
        what = Resource(kind="knowledge", tenant=caller.tenant)
        parts_of(request).identity.authorisation.authorise(caller, "delete", what)
        if not await store.delete(caller.tenant, document):
            raise MissingError(f"there is no document {document}")
        return Response(status_code=204)

    return router
