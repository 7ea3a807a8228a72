"""HTTP effects: one request, repeated with the same ``Idempotency-Key`` until the server has answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

from nearfield_edge.errors import DeliveryError, EffectRejectedError
from nearfield_edge.skills.api import HttpEffect
from nearfield_edge.skills.effects import may_reach
from nearfield_edge.skills.permissions import Permissions, origin_of

EgressCheck = Callable[[str, int], None]
"""Called with host and port before each connection; ``EgressRefusedError`` where the site forbids it."""

LARGEST_ANSWER_BYTES: Final = 64 * 1024
MOST_REDIRECTS: Final = 3
_PATIENCE: Final = frozenset({408, 425, 429})


class HttpDelivery:
    """Sends a request with an ``Idempotency-Key`` header and reads the status.

    Source: draft-ietf-httpapi-idempotency-key-header.
    """

    def __init__(
        self, egress: EgressCheck, *, timeout_seconds: float = 10.0, proxy: str | None = None
    ) -> None:
        self._egress = egress
        self._timeout_seconds = timeout_seconds
        self._proxy = proxy

    def send(self, effect: HttpEffect, key: str, permissions: Permissions) -> None:
        """Return once the server has answered 2xx.

        A redirect that keeps method and body (307, 308) is followed to declared hosts.

        Raises:
            DeliveryError: No connection, no answer, or 408, 425, 429 or 5xx.
            EffectRejectedError: Any other status, or a redirect elsewhere.
            EgressRefusedError: The site forbids the connection.
        """
        url = effect.url
        for _ in range(MOST_REDIRECTS + 1):
            status, location = self._request(effect, url, key)
            if 200 <= status < 300:
                return
            if status not in {307, 308} or location is None:
                break
            url = urljoin(url, location)
            if not may_reach(url, permissions):
                raise EffectRejectedError(
                    f"{origin_of(effect.url)} redirects to '{url}', which the skill does not declare"
                )
        where = f"{effect.method} {origin_of(url)} answered {status}"
        if status in _PATIENCE or status >= 500:
            raise DeliveryError(f"{where}: tried again later")
        raise EffectRejectedError(f"{where}: the server will not take it")

    def _request(self, effect: HttpEffect, url: str, key: str) -> tuple[int, str | None]:
        import httpx

        origin = origin_of(url)
        self._egress(origin.host, origin.port)
        headers = {"Idempotency-Key": key, "Content-Type": "application/json", "User-Agent": "nearfield"}
        content = None if effect.body is None else json.dumps(effect.body, ensure_ascii=False).encode()
        try:
            with (
                httpx.Client(
                    timeout=self._timeout_seconds, follow_redirects=False, trust_env=False, proxy=self._proxy
                ) as client,
                client.stream(effect.method, url, headers=headers, content=content) as response,
            ):
                # The answer's body means nothing; a little is read so that the server sees it taken.
                taken = 0
                for chunk in response.iter_raw():
                    taken += len(chunk)
                    if taken > LARGEST_ANSWER_BYTES:
                        break
                return response.status_code, response.headers.get("location")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"{effect.method} {origin}: {type(error).__name__}: {error}") from error
