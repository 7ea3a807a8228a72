"""HTTP to the cloud: a token, a call set up, a call hung up. Every failure has a name, every answer a cap."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from nearfield_edge.errors import ConfigurationError, EgressRefusedError, LinkError
from nearfield_edge.escalation.failures import of_exception, of_status

EgressCheck = Callable[[str, int], None]
"""Called with host and port before each connection; ``EgressRefusedError`` where the site forbids it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back with a status below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CloudRequests:
    """Sends requests below the cloud's URL."""

    def __init__(
        self,
        url: str,
        *,
        egress: EgressCheck,
        now: Callable[[], datetime],
        ca_file: Path | None = None,
        timeout_seconds: float = 5.0,
        largest_answer_bytes: int = 256 * 1024,
    ) -> None:
        """Take what all requests share; nothing is connected yet.

        Args:
            url: The cloud's, without a path.
            egress: Asked before each connection.
            now: The wall clock.
            ca_file: The authorities to trust instead of the system's (PEM).
            timeout_seconds: For a whole request.
            largest_answer_bytes: What is longer is an error.
        """
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.where = f"{self.host}:{self.port}"
        self._egress = egress
        self._now = now
        self._ca_file = ca_file
        self._timeout_seconds = timeout_seconds
        self._largest_answer_bytes = largest_answer_bytes
        self._context: ssl.SSLContext | None = None

    def check_egress(self) -> None:
        """Pass if the site lets the device connect to the cloud.

        Raises:
            LinkError: It does not (``egress_refused``).
        """
        try:
            self._egress(self.host, self.port)
        except EgressRefusedError as error:
            raise LinkError(str(error), code=error.code) from error

    async def tls(self) -> ssl.SSLContext | None:
        """What certificates are judged by; None for a URL in the clear.

        Raises:
            LinkError: ``cloud.ca_file`` cannot be read.
        """
        if not self.url.startswith("https:"):
            return None
        if self._context is None:
            # Reading a system's authorities takes tens of milliseconds.
            self._context = await asyncio.to_thread(_context, self._ca_file)
        return self._context

    async def post(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        parts: Mapping[str, tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send and read the whole answer.

        Args:
            path: Below the cloud's URL.
            form: Sent as ``application/x-www-form-urlencoded``.
            parts: Sent as ``multipart/form-data``: by name the media type and the text.
            headers: Further ones.

        Raises:
            LinkError: It could not be sent, was declined, or the answer is too long.
        """
        self.check_egress()
        context = await self.tls()
        sent = {"User-Agent": "nearfield", **(headers or {})}
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                httpx.AsyncClient(
                    verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    trust_env=False,
                    follow_redirects=False,
                    timeout=self._timeout_seconds,
                ) as client,
                client.stream(
                    "POST",
                    self.url + path,
                    data=dict(form) if form else None,
                    files={name: (None, text, kind) for name, (kind, text) in (parts or {}).items()} or None,
                    headers=sent,
                ) as response,
            ):
                body = await self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise of_exception(error, self.where, self._now()) from error
        answer_headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code >= 300:
            raise of_status(response.status_code, answer_headers, body, self.where, self._now())
        return Answer(status=response.status_code, headers=answer_headers, body=body)

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._largest_answer_bytes:
                raise LinkError(
                    f"{self.where}: its answer has more than {self._largest_answer_bytes} bytes",
                    code="answer_invalid",
                )
        return bytes(body)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(
            f"cloud.ca_file {ca_file} cannot be read ({error}): name a file of certificates in PEM form",
            code="credential_failed",
        ) from error


def read_secret(path: Path, key: str) -> str:
    """The first line of a file that only its owner should read.

    Raises:
        ConfigurationError: It cannot be read, or is empty.
    """
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key} {path} cannot be read: {error}") from error
    if not secret or len(secret) > 4_096 or not secret.isascii():
        raise ConfigurationError(f"{key} {path} holds no key: one line is expected")
    return secret
