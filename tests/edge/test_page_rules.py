"""Who gets in, under which name and from where, and what a page may ask: the pure part."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import PageRequestError, TooManyTriesError, WrongTokenError
from nearfield_edge.page.guard import session_in
from nearfield_edge.page.hosts import Hosts, is_loopback, is_own_origin, parse_authority
from nearfield_edge.page.requests import LONGEST_TEXT, MuteRequest, TextRequest, parse_request
from nearfield_edge.page.sessions import (
    LIFETIME_MS,
    MOST_SESSIONS,
    MOST_WRONG,
    WRONG_WITHIN_MS,
    Sessions,
)

TOKEN = "the-token-of-a-test-0123456789"


def test_the_token_opens_a_session_and_nothing_else_does() -> None:
    sessions = Sessions(TOKEN)
    name = sessions.open(TOKEN, "here", 0)
    assert sessions.use(name, 1)
    for wrong in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "tökén", "\ud800"):
        with pytest.raises(WrongTokenError):
            sessions.open(wrong, "there", 0)
    assert not sessions.use(None, 1)
    assert not sessions.use(name[:-1], 1)


def test_a_session_ends_some_time_after_its_last_use() -> None:
    sessions = Sessions(TOKEN)
    name = sessions.open(TOKEN, "here", 0)
    assert sessions.use(name, LIFETIME_MS - 1)
    assert sessions.use(name, 2 * LIFETIME_MS - 2)
    assert not sessions.use(name, 3 * LIFETIME_MS)


def test_an_open_connection_keeps_its_session_alive_unless_it_is_closed() -> None:
    sessions = Sessions(TOKEN)
    name = sessions.open(TOKEN, "here", 0)
    with sessions.held(name):
        assert sessions.use(name, 5 * LIFETIME_MS)
        sessions.close(name)
        assert not sessions.use(name, 5 * LIFETIME_MS)


def test_of_many_sessions_the_one_that_is_missed_least_ends() -> None:
    sessions = Sessions(TOKEN)
    kiosk, other = sessions.open(TOKEN, "here", 0), sessions.open(TOKEN, "here", 1)
    with sessions.held(kiosk):
        for at in range(2, MOST_SESSIONS + 1):
            sessions.open(TOKEN, "here", at)
        assert sessions.use(kiosk, 100)
        assert not sessions.use(other, 100)


def test_wrong_tokens_lock_their_address_out_for_a_minute_and_no_other() -> None:
    sessions = Sessions(TOKEN)
    for at in range(MOST_WRONG):
        with pytest.raises(WrongTokenError):
            sessions.open("wrong", "there", at)
    with pytest.raises(TooManyTriesError):
        sessions.open(TOKEN, "there", WRONG_WITHIN_MS - 1)
    sessions.open(TOKEN, "elsewhere", WRONG_WITHIN_MS - 1)
    sessions.open(TOKEN, "there", WRONG_WITHIN_MS)


def test_very_many_addresses_are_not_all_remembered() -> None:
    sessions = Sessions(TOKEN)
    for number in range(3_000):
        with pytest.raises(WrongTokenError):
            sessions.open("wrong", f"10.0.{number // 250}.{number % 250}", 0)
    assert len(sessions._wrong._tries) <= 1_024


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("127.0.0.1:8770", True),
        ("localhost:8770", True),
        ("LOCALHOST", True),
        ("[::1]:8770", True),
        ("[::ffff:127.0.0.1]:8770", True),
        ("192.168.1.5:8770", True),
        ("reception.example:443", True),
        ("Reception.Example.", True),
        ("192.168.1.6:8770", False),
        ("evil.example:8770", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("evil.example/127.0.0.1", False),
        ("evil.example#localhost", False),
        ("127.0.0.1:x", False),
        ("127.0.0.1:99999999", False),
        ("[::1", False),
        ("", False),
        (" 127.0.0.1", False),
        ("127.0.0.1;script-src *", False),
    ],
)
def test_only_names_and_addresses_of_this_machine_are_answered(host: str, admitted: bool) -> None:
    assert Hosts(["reception.example"]).admits(host, "192.168.1.5") is admitted


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://127.0.0.1:8770", "127.0.0.1:8770", True),
        ("https://reception.example", "reception.example", True),
        ("https://reception.example", "reception.example:443", True),
        ("http://reception.example", "reception.example:443", False),
        ("http://127.0.0.1:8771", "127.0.0.1:8770", False),
        ("http://evil.example", "127.0.0.1:8770", False),
        ("http://localhost:8770", "127.0.0.1:8770", False),
        ("null", "127.0.0.1:8770", False),
        ("file://", "127.0.0.1:8770", False),
        ("chrome-extension://abc", "abc", False),
        (None, "127.0.0.1:8770", False),
        ("", "", False),
    ],
)
def test_only_the_own_page_may_change_anything(origin: str | None, host: str, own: bool) -> None:
    assert is_own_origin(origin, host) is own


@given(st.text(max_size=40))
def test_no_host_header_breaks_the_rules(text: str) -> None:
    admitted = Hosts([]).admits(text, "192.168.1.5")
    authority = parse_authority(text)
    if admitted:
        assert authority is not None
        assert authority.host == "192.168.1.5" or is_loopback(authority.host)


@pytest.mark.parametrize(
    ("cookies", "name"),
    [
        ("nearfield_session=abc", "abc"),
        ("a=b; nearfield_session=abc; c=d", "abc"),
        ("nearfield_session2=abc", None),
        ("", None),
        ("nearfield_session", None),
        ("\x00;=;nearfield_session=\x00", None),
    ],
)
def test_a_session_is_found_among_cookies(cookies: str, name: str | None) -> None:
    assert session_in(cookies) == name


def test_a_request_is_read_with_the_white_space_around_its_text_taken_off() -> None:
    assert parse_request('{"type": "text", "text": "  a latte "}') == TextRequest(type="text", text="a latte")
    assert parse_request('{"type": "mute", "muted": true}') == MuteRequest(type="mute", muted=True)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "malformed"),
        ("{", "malformed"),
        ("[]", "malformed"),
        ("1", "malformed"),
        ("{}", "malformed"),
        ('{"type": "dance"}', "unknown_type"),
        ('{"type": 3}', "unknown_type"),
        ('{"type": "text"}', "malformed"),
        ('{"type": "text", "text": ""}', "malformed"),
        ('{"type": "text", "text": "   "}', "malformed"),
        ('{"type": "text", "text": 3}', "malformed"),
        (json.dumps({"type": "text", "text": "x" * (LONGEST_TEXT + 1)}), "malformed"),
        ('{"type": "text", "text": "\\ud800"}', "malformed"),
        ('{"type": "mute", "muted": "yes"}', "malformed"),
        ('{"type": "talk", "held": 1}', "malformed"),
        ('{"type": "stop", "now": true}', "malformed"),
        ("[" * 60_000, "malformed"),
    ],
)
def test_a_message_that_is_wrong_is_refused_by_name(message: str, code: str) -> None:
    with pytest.raises(PageRequestError) as refused:
        parse_request(message)
    assert refused.value.code == code
    assert str(refused.value)


@given(st.text(max_size=200))
def test_no_message_breaks_the_reader(text: str) -> None:
    with pytest.raises(PageRequestError):
        parse_request(text)


@given(st.dictionaries(st.sampled_from(["type", "text", "held", "muted"]), st.text() | st.booleans()))
def test_an_object_is_a_request_or_refused(fields: dict[str, str | bool]) -> None:
    with suppress(PageRequestError):
        assert parse_request(json.dumps(fields)).type == fields["type"]
