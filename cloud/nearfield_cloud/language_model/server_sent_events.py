"""Decodes server-sent events, within limits.

Source: HTML Living Standard, "Server-sent events", "Interpreting an event stream".
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from nearfield_cloud.errors import LanguageModelError


class EventDecoder:
    """Takes a stream's bytes as they come and gives the data of each event; other fields mean nothing."""

    def __init__(self, *, longest_event_bytes: int, longest_stream_bytes: int) -> None:
        self._longest_event = longest_event_bytes
        self._longest_stream = longest_stream_bytes
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        self._line = ""
        self._data: list[str] = []
        self._after_return = False

    def feed(self, received: bytes) -> Iterator[str]:
        """Take bytes, give the data of the events that they complete.

        Raises:
            LanguageModelError: An event or the stream is longer than allowed, or is no UTF-8.
        """
        self._bytes += len(received)
        if self._bytes > self._longest_stream:
            raise LanguageModelError(f"the answer has over {self._longest_stream} bytes: it was cut off")
        try:
            text = self._text.decode(received)
        except UnicodeDecodeError as error:
            raise LanguageModelError("the answer is no UTF-8") from error
        if self._after_return and text.startswith("\n"):
            text = text[1:]
        if text:
            self._after_return = text.endswith("\r")
        *lines, self._line = (self._line + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        for line in lines:
            data = self._take(line)
            if data is not None:
                yield data
        self._check(len(self._line))

    def _take(self, line: str) -> str | None:
        if not line:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        field, _, value = line.partition(":")
        if field == "data":
            self._data.append(value.removeprefix(" "))
            self._check(0)
        return None

    def _check(self, pending: int) -> None:
        if pending + sum(map(len, self._data)) > self._longest_event:
            raise LanguageModelError(f"an event of the answer has over {self._longest_event} bytes")
