"""The page's HTTP, over a real server on a free port, with what attackers would try."""

from __future__ import annotations

import asyncio
import io
import wave
from pathlib import Path

import pytest

from nearfield_edge.page.guard import COOKIE
from nearfield_edge.page.sessions import MOST_WRONG
from tests.edge.pages import ServedPage, served
from tests.fakes.asr import ScriptedAsr

pytestmark = pytest.mark.server

PRIVATE = ("/api/device", "/api/turns", "/api/turns/x", "/api/turns/x/sound.wav")


def built(folder: Path) -> Path:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the page</title>")
    (folder / "assets" / "app.js").write_text("1;")
    (folder.parent / "secret.txt").write_text("not for pages")
    return folder


async def with_turns(it: ServedPage, count: int) -> list[str]:
    """Make so many turns; gives their ids, the latest first."""
    async with it.page() as page:
        for _ in range(count):
            await page.ask(type="text", text="what do you have")
            await page.until("turn")
    return [record.turn_id for record in reversed(it.stage.records)]


async def test_the_page_and_its_assets_need_no_session_and_come_with_their_headers(tmp_path: Path) -> None:
    async with served(tmp_path, static=built(tmp_path / "static")) as it, it.http() as client:
        for path in ("/", "/kiosk"):
            page = await client.get(path)
            assert (page.status_code, "the page" in page.text) == (200, True)
            assert page.headers["cache-control"] == "no-cache"
        asset = await client.get("/assets/app.js")
        assert (asset.status_code, asset.text) == (200, "1;")
        assert "immutable" in asset.headers["cache-control"]
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"connect-src 'self' ws://127.0.0.1:{it.access.address.port};" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "server" not in page.headers


async def test_a_page_that_was_not_built_is_one_plain_sentence(tmp_path: Path) -> None:
    async with served(tmp_path) as it, it.http() as client:
        page = await client.get("/")
        assert page.status_code == 503
        assert "was not built" in page.text
        assert (await client.get("/assets/app.js")).status_code == 404


async def test_everything_else_needs_a_session(tmp_path: Path) -> None:
    async with served(tmp_path) as it, it.http() as client:
        for path in PRIVATE:
            refused = await client.get(path)
            assert refused.status_code == 401
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["code"] == "no_session"
        assert (await client.get("/nothing/here")).status_code == 401
        forged = await client.get("/api/device", headers={"Cookie": f"{COOKIE}=forged"})
        assert forged.status_code == 401


async def test_the_token_makes_a_session_of_which_no_script_learns(tmp_path: Path) -> None:
    async with served(tmp_path) as it, it.http() as client:
        signed_in = await client.post("/api/session", json={"token": it.access.token})
        assert signed_in.status_code == 204
        cookie = signed_in.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie
        assert it.access.token.lower() not in cookie
        assert (await client.get("/api/device")).status_code == 200
        assert (await client.delete("/api/session")).status_code == 204
        client.cookies = signed_in.cookies
        assert (await client.get("/api/device")).status_code == 401


async def test_what_is_no_token_is_refused_by_name(tmp_path: Path) -> None:
    malformed = (
        b'{"token": 3}',
        b'{"token": "' + b"x" * 10_000 + b'"}',
        b"[" * 4_000,
        b"[]",
        b"",
        b"\xff",
    )
    async with served(tmp_path) as it, it.http() as client:
        for content in malformed:
            refused = await client.post("/api/session", content=content)
            assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), content[:20]
            assert "set-cookie" not in refused.headers
        wrong = await client.post("/api/session", json={"token": "wrong"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_token")
        assert "set-cookie" not in wrong.headers


async def test_guessing_is_answered_for_a_while_only_even_when_the_guess_is_right(tmp_path: Path) -> None:
    async with served(tmp_path) as it, it.http() as client:
        for number in range(MOST_WRONG):
            guess = await client.post("/api/session", json={"token": f"guess-{number}"})
            assert guess.status_code == 401
        refused = await client.post("/api/session", json={"token": it.access.token})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
        assert refused.headers["retry-after"] == "60"


async def test_a_name_that_was_made_to_point_here_is_not_answered(tmp_path: Path) -> None:
    async with served(tmp_path, static=built(tmp_path / "static")) as it:
        await it.sign_in()
        for host in ("evil.example", "evil.example:8770", "127.0.0.1.evil.example", "10.9.8.7"):
            async with it.http(headers={"Host": host, "Origin": f"http://{host}"}) as client:
                for answer in (
                    await client.get("/"),
                    await client.get("/api/device"),
                    await client.post("/api/session", json={"token": it.access.token}),
                ):
                    assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")
                    assert host not in answer.headers["content-security-policy"]
        assert it.counters.value("nearfield_page_refused_total", code="unknown_host") == 12


async def test_a_configured_name_is_answered(tmp_path: Path) -> None:
    named = {"names": ["reception.example"]}
    async with served(tmp_path, page=named) as it, it.http(headers={"Host": "reception.example"}) as client:
        assert (await client.get("/api/device")).status_code == 401


async def test_another_site_s_page_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"):
            async with it.http(headers={"Origin": origin}) as client:
                for answer in (
                    await client.post("/api/session", json={"token": it.access.token}),
                    await client.delete("/api/session"),
                ):
                    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), origin
        async with it.http() as client:
            del client.headers["Origin"]
            assert (await client.delete("/api/session")).status_code == 403
            assert (await client.get("/api/device")).status_code == 200


async def test_no_path_leads_out_of_the_assets(tmp_path: Path) -> None:
    paths = (
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//etc/passwd",
        f"/assets/{tmp_path}/secret.txt",
        "/assets/....//....//secret.txt",
        "/assets/..\\..\\secret.txt",
        "/assets/app.js%00.html",
    )
    async with served(tmp_path, static=built(tmp_path / "static")) as it:
        for path in paths:
            answer = await raw_get(it, path)
            assert b" 404 " in answer.partition(b"\r\n")[0], path
            assert b"not for pages" not in answer
        assert b" 200 " in await raw_get(it, "/assets/app.js")


async def raw_get(it: ServedPage, path: str) -> bytes:
    """A request whose path no client has tidied up."""
    port = it.access.address.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_the_device_says_what_it_is_and_what_one_can_say(tmp_path: Path) -> None:
    async with served(tmp_path, page={"languages": ["de"]}) as it:
        await it.sign_in()
        async with it.http() as client:
            facts = (await client.get("/api/device")).json()
    assert facts.keys() == {
        "device_id", "version", "wake_phrases", "mode", "sound_kept", "examples", "site_mode", "languages",
    }  # fmt: skip
    assert facts["languages"] == ["de"]
    assert "A large latte, please" in facts["examples"]


async def test_turns_come_page_by_page_the_newest_first(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        ids = await with_turns(it, 3)
        async with it.http() as client:
            first = (await client.get("/api/turns", params={"limit": 2})).json()
            rest = (await client.get("/api/turns", params={"limit": 2, "before": ids[1]})).json()
            one = (await client.get(f"/api/turns/{ids[0]}")).json()
    assert ([turn["turn_id"] for turn in first["turns"]], first["more"]) == (ids[:2], True)
    assert ([turn["turn_id"] for turn in rest["turns"]], rest["more"]) == (ids[2:], False)
    assert one == first["turns"][0]
    assert (one["transcript"], one["has_sound"], one["format"]) == ("what do you have", False, 1)


async def test_a_limit_that_is_none_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.http() as client:
            for limit in ("0", "101", "-1", "x", "", "1e9", "9" * 5_000, "000001000000", "٣"):
                refused = await client.get("/api/turns", params={"limit": limit})
                assert (refused.status_code, refused.json()["code"]) == (400, "bad_parameter"), limit[:9]


async def test_a_turn_that_is_not_kept_is_not_found(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.http() as client:
            for path in ("/api/turns/none", "/api/turns?before=none"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["code"]) == (404, "no_turn")
            nothing = await client.get("/api/nothing")
            assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
            wrong = await client.put("/api/device")
            assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


async def test_the_sound_of_a_turn_is_a_wav_file_where_it_is_kept(tmp_path: Path) -> None:
    asr = ScriptedAsr(["what do you have"] * 9)
    async with served(tmp_path, asr=asr, keep_sound=True) as it:
        await it.sign_in()
        async with it.page() as page:
            it.say((300, False), (900, True), (3_000, False))
            ended = await page.until("turn")
            assert ended["has_sound"]
        async with it.http() as client:
            turn_id = ended["record"]["turn_id"]
            sound = await client.get(f"/api/turns/{turn_id}/sound.wav")
            missing = await client.get("/api/turns/none/sound.wav")
    assert sound.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(sound.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.getnframes() > 16_000
    assert (missing.status_code, missing.json()["code"]) == (404, "no_sound")
