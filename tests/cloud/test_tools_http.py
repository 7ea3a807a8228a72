"""Tools of a real HTTP service that an OpenAPI document describes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from nearfield_cloud.configuration.tools import ToolServerSection
from nearfield_cloud.errors import ConfigurationError, ToolArgumentsError, ToolError
from nearfield_cloud.timing import SystemTimekeeper
from nearfield_cloud.tools.http_server import request_of
from nearfield_cloud.tools.openapi import read_operations
from nearfield_cloud.tools.opening import open_tools
from nearfield_cloud.tools.tool import ToolCall, ToolResult
from nearfield_cloud.tools.toolbox import Toolbox
from tests.cloud.answers import DEVICE
from tests.cloud.served import served

pytestmark = pytest.mark.server

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Weather", "version": "1"},
    "paths": {
        "/cities/{city}/weather": {
            "parameters": [{"name": "city", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "weather",
                "summary": "How the weather is",
                "parameters": [
                    {
                        "name": "days",
                        "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 7},
                    },
                    {"name": "X-Units", "in": "header", "schema": {"enum": ["metric", "imperial"]}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sky"}}}}
                },
            },
        },
        "/alarms": {
            "post": {
                "operationId": "setAlarm",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Alarm"}}},
                },
                "responses": {"201": {"description": "set"}},
            }
        },
        "/odd/{kind}": {
            "get": {
                "operationId": "odd",
                "parameters": [
                    {"name": "kind", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {},
            }
        },
    },
    "components": {
        "schemas": {
            "Sky": {
                "type": "object",
                "properties": {"sky": {"type": "string"}, "degrees": {"type": "number"}},
                "required": ["sky"],
            },
            "Alarm": {
                "type": "object",
                "properties": {"at": {"type": "string", "maxLength": 5}, "loud": {"type": "boolean"}},
                "required": ["at"],
            },
        }
    },
}


class Weather:
    """The service, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        routes = [
            Route("/api/cities/{city}/weather", self.weather),
            Route("/api/alarms", self.alarm, methods=["POST"]),
            Route("/api/odd/{kind}", self.odd),
        ]
        self.app = Starlette(routes=routes)

    async def note(self, request: Request) -> None:
        target = request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode()
        self.asked.append((request.method, target, dict(request.headers), await request.body()))

    async def weather(self, request: Request) -> Response:
        await self.note(request)
        if request.path_params["city"] == "Nowhere":
            return JSONResponse({"degrees": "warm"})
        return JSONResponse({"sky": "clear", "degrees": 21.0})

    async def alarm(self, request: Request) -> Response:
        await self.note(request)
        return Response(status_code=201)

    async def odd(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind == "large":
            return PlainTextResponse("x" * 100_000)
        if kind == "elsewhere":
            return RedirectResponse("http://169.254.169.254/latest/meta-data")
        if kind == "html":
            return Response("<html>", media_type="text/html")
        if kind == "broken":
            return Response("{", media_type="application/json")
        return PlainTextResponse("no", status_code={"missing": 404, "down": 503}[kind])


@asynccontextmanager
async def weather(folder: Path, **more: Any) -> AsyncIterator[tuple[Toolbox, Weather]]:
    (folder / "weather.json").write_text(json.dumps(DOCUMENT))
    (folder / "key").write_text("sesame")
    service = Weather()
    async with served(service.app) as address:
        written = {
            "kind": "openapi",
            "url": f"{address}/api",
            "document": str(folder / "weather.json"),
            "networks": ["127.0.0.0/8"],
            "headers": {"Authorization": {"file": str(folder / "key")}},
            "allowed": [{"tenants": ["*"], "roles": ["*"], "tools": ["*"]}],
            "calls": {"weather": {"changes_state": False}, "setAlarm": {}, "odd": {}},
            "largest_result_bytes": 50_000,
            "failures": 100,
        }
        section = ToolServerSection.model_validate({**written, **more})
        box = open_tools({"weather": section}, SystemTimekeeper())
        yield box, service
        await box.aclose()


async def called(box: Toolbox, name: str, arguments: dict[str, Any]) -> ToolResult:
    tool = next(each for each in await box.allowed(DEVICE) if each.call == name)
    return await box.call(ToolCall(tool=tool, arguments=arguments), DEVICE)


async def test_arguments_go_where_the_document_says(tmp_path: Path) -> None:
    async with weather(tmp_path) as (box, service):
        arguments = {"city": "Bad Tölz?x=1", "days": 2, "X-Units": "metric"}
        result = await called(box, "weather", arguments)
    assert result.structured == {"sky": "clear", "degrees": 21.0}
    method, target, headers, _ = service.asked[0]
    assert method == "GET"
    assert target == "/api/cities/Bad%20T%C3%B6lz%3Fx%3D1/weather?days=2"
    assert headers["x-units"] == "metric"
    assert headers["authorization"] == "sesame"


async def test_a_body_is_sent_as_json_and_an_empty_answer_is_one(tmp_path: Path) -> None:
    async with weather(tmp_path) as (box, service):
        result = await called(box, "setAlarm", {"at": "07:30", "loud": True})
    assert (result.text, result.structured) == ("", None)
    assert json.loads(service.asked[0][3]) == {"at": "07:30", "loud": True}


@pytest.mark.parametrize(
    "arguments",
    [
        {"city": "Rome", "days": 9},
        {"days": 1},
        {"city": ".."},
        {"city": "Rome", "X-Units": "metric\r\nx: y"},
        {"city": "Rome", "host": "evil"},
    ],
)
async def test_arguments_that_do_not_fit_never_leave(tmp_path: Path, arguments: dict[str, Any]) -> None:
    async with weather(tmp_path) as (box, service):
        with pytest.raises(ToolArgumentsError):
            await called(box, "weather", arguments)
    assert service.asked == []


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("large", "not reached"),
        ("elsewhere", "not reached"),
        ("html", "text/html"),
        ("broken", "no application/json"),
        ("missing", "could not do it"),
        ("down", "status 503"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(tmp_path: Path, kind: str, why: str) -> None:
    async with weather(tmp_path) as (box, _):
        with pytest.raises(ToolError, match=why):
            await called(box, "odd", {"kind": kind})


async def test_a_result_that_is_not_what_the_document_says_is_an_error(tmp_path: Path) -> None:
    async with weather(tmp_path) as (box, _):
        with pytest.raises(ToolError, match="not what it was said to be"):
            await called(box, "weather", {"city": "Nowhere"})


async def test_a_service_at_an_address_that_is_not_public_is_not_called(tmp_path: Path) -> None:
    async with weather(tmp_path, networks=[]) as (box, service):
        with pytest.raises(ToolError, match="destination_refused"):
            await called(box, "weather", {"city": "Rome"})
    assert service.asked == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"openapi": "2.0"}', '{"openapi": "3.1.0", "paths": []}', "a: [", "\x00"]
)
def test_a_file_that_is_no_openapi_document_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(content)
    section = ToolServerSection(kind="openapi", url="https://x.example", document=file)
    with pytest.raises(ConfigurationError, match=r"odd\.yaml"):
        open_tools({"x": section}, SystemTimekeeper())


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(item=JSONS, parameter=JSONS, schema=JSONS)
def test_any_operation_is_understood_or_one_error(item: Any, parameter: Any, schema: Any) -> None:
    operation = {
        "operationId": "x",
        "parameters": [parameter, {"name": "n", "in": "query", "schema": schema}],
        "requestBody": item,
    }
    document = {"openapi": "3.0.0", "paths": {"/": {"get": operation}, "/y": item}}
    with suppress(ToolError):
        read_operations(document, frozenset({"x"}), "tools.x")


def test_a_document_that_refers_to_itself_is_an_error() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["components"]["schemas"]["Sky"] = {"$ref": "#/components/schemas/Sky"}
    with pytest.raises(ToolError, match="itself"):
        read_operations(document, frozenset({"weather"}), "tools.weather")


@given(city=st.text(min_size=1, max_size=20))
def test_no_argument_leaves_its_place_in_the_path(city: str) -> None:
    (operation,) = read_operations(DOCUMENT, frozenset({"weather"}), "tools.weather")
    try:
        url, _, _ = request_of(operation, "https://x.example", {"city": city})
    except (ToolArgumentsError, UnicodeEncodeError):
        return
    path = url.removeprefix("https://x.example")
    assert path.count("/") == 3
    assert not set(path) & set("?#\\ ")
