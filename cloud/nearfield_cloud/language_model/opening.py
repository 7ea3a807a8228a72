"""Makes the language model that the configuration asks for."""

from __future__ import annotations

import httpx

from nearfield_cloud.breaker import BreakerSettings
from nearfield_cloud.configuration.language_model import EndpointSection, LanguageModelSection
from nearfield_cloud.language_model.endpoint import Endpoint
from nearfield_cloud.language_model.failover import Choice, EndpointsInOrder
from nearfield_cloud.secret import read_secret
from nearfield_cloud.timing import Timekeeper


def open_language_model(section: LanguageModelSection, time: Timekeeper) -> EndpointsInOrder | None:
    """Give the language model, or None where no endpoint is configured; nothing is connected yet.

    Raises:
        ConfigurationError: A secret is not where it is said to be.
    """
    if not section.endpoints:
        return None
    choices = []
    for number, each in enumerate(section.endpoints):
        client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        endpoint = Endpoint(each, section, time, client, _secrets(each, number))
        settings = BreakerSettings(failures=each.failures, rest_seconds=each.rest_seconds)
        choices.append(Choice(name=endpoint.name, model=endpoint, settings=settings))
    return EndpointsInOrder(choices, time)


def _secrets(section: EndpointSection, number: int) -> dict[str, str]:
    where = f"language_model.endpoints.{number}"
    headers = {
        name.lower(): read_secret(source, f"{where}.headers.{name}")
        for name, source in section.headers.items()
    }
    if section.key is not None:
        headers["authorization"] = f"Bearer {read_secret(section.key, f'{where}.key')}"
    return headers
