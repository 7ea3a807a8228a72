"""One endpoint that speaks OpenAI's Chat Completions over HTTP and server-sent events.

Written on httpx: what is used of the protocol is one POST and its stream, and silence has to be told from
life by us in any case, since servers keep a dead stream open with comments and empty pieces.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import httpx

from nearfield_cloud.configuration.language_model import EndpointSection, LanguageModelSection
from nearfield_cloud.errors import LanguageModelError
from nearfield_cloud.language_model.chat import ModelEvent, ModelFinished, ModelRequest
from nearfield_cloud.language_model.chunks import Assembly
from nearfield_cloud.language_model.server_sent_events import EventDecoder
from nearfield_cloud.timing import Timekeeper, within

_DONE: Final = "[DONE]"


@dataclass(slots=True)
class _Watch:
    """How long the endpoint may still be silent."""

    time: Timekeeper
    limit_seconds: float
    since_ms: float

    def left_seconds(self) -> float:
        return self.limit_seconds - (self.time.monotonic_ms() - self.since_ms) / 1000

    def restart(self, limit_seconds: float) -> None:
        self.limit_seconds, self.since_ms = limit_seconds, self.time.monotonic_ms()


class Endpoint:
    """A `LanguageModel` of one endpoint; it fails where the endpoint does."""

    def __init__(
        self,
        section: EndpointSection,
        limits: LanguageModelSection,
        time: Timekeeper,
        client: httpx.AsyncClient,
        secrets: Mapping[str, str],
    ) -> None:
        """Prepare; nothing is connected.

        Args:
            section: Which endpoint.
            limits: What an answer may have.
            time: Measures silence.
            client: Without redirects and proxies; closed with this endpoint.
            secrets: Headers with secrets in them.
        """
        self.name = f"{section.model} at {httpx.URL(section.url).netloc.decode()}"
        self._section = section
        self._limits = limits
        self._time = time
        self._client = client
        self._headers = {"accept": "text/event-stream", **secrets}

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer; the contract is the seam's.

        Raises:
            LanguageModelError: The endpoint cannot be reached, refuses, is silent, breaks off or talks
            nonsense.
        """
        watch = _Watch(self._time, self._section.first_token_seconds, self._time.monotonic_ms())
        assembly = Assembly(
            most_calls=self._limits.most_calls,
            longest_arguments_characters=self._limits.longest_arguments_characters,
        )
        response = await self._opened(request, watch)
        try:
            async with aclosing(self._data(response, watch)) as pieces:
                async for data in pieces:
                    for event in assembly.take(data):
                        yield event
                    if assembly.progressed:
                        watch.restart(self._section.silence_seconds)
        finally:
            await response.aclose()
        if not assembly.finish_reason:
            raise LanguageModelError(f"{self.name} broke off in the middle of its answer")
        for call in assembly.calls():
            yield call
        yield ModelFinished(
            endpoint=self.name,
            tokens=assembly.tokens(request.prompt_tokens),
            cut=assembly.finish_reason == "length",
        )

    async def _opened(self, request: ModelRequest, watch: _Watch) -> httpx.Response:
        outgoing = self._client.build_request(
            "POST",
            f"{self._section.url.rstrip('/')}/chat/completions",
            json=self._body(request),
            headers=self._headers,
            timeout=httpx.Timeout(None, connect=self._section.connect_seconds),
        )
        try:
            response = await within(
                self._time, watch.left_seconds(), self._client.send(outgoing, stream=True)
            )
        except TimeoutError as error:
            raise self._silent() from error
        except httpx.HTTPError as error:
            raise LanguageModelError(f"{self.name} cannot be reached ({type(error).__name__})") from error
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.status_code == 200 and kind == "text/event-stream":
            return response
        await response.aclose()
        if response.status_code == 200:
            raise LanguageModelError(f"{self.name} streams {kind or 'nothing'}, expected text/event-stream")
        raise LanguageModelError(f"{self.name} answered with status {response.status_code}")

    async def _data(self, response: httpx.Response, watch: _Watch) -> AsyncGenerator[str, None]:
        """The data of each event until the stream says that it is done, or ends."""
        decoder = EventDecoder(
            longest_event_bytes=self._limits.longest_event_bytes,
            longest_stream_bytes=self._limits.longest_answer_bytes,
        )
        received = response.aiter_bytes()
        while True:
            try:
                some = await within(self._time, watch.left_seconds(), anext(received))
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise self._silent() from error
            except httpx.HTTPError as error:
                raise LanguageModelError(f"{self.name} broke off ({type(error).__name__})") from error
            for data in decoder.feed(some):
                if data == _DONE:
                    return
                yield data

    def _silent(self) -> LanguageModelError:
        return LanguageModelError(f"{self.name} was silent for too long")

    def _body(self, request: ModelRequest) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._section.model,
            "messages": [{"role": message.role, "content": message.text} for message in request.messages],
            "stream": True,
            self._section.tokens_key: request.most_tokens,
        }
        if self._section.temperature is not None:
            body["temperature"] = self._section.temperature
        if self._section.tells_usage:
            body["stream_options"] = {"include_usage": True}
        if request.offers:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": offer.name,
                        "description": offer.description,
                        "parameters": dict(offer.parameters),
                    },
                }
                for offer in request.offers
            ]
            body["tool_choice"] = "required"
        if request.shape is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.shape.name,
                    "schema": dict(request.shape.schema),
                    "strict": True,
                },
            }
        return body
