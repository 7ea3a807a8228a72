"""Keys that rotate: there is always one that signs, published in time, kept for as long as it is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.identity import TokenSection
from nearfield_cloud.errors import ConfigurationError, CredentialError
from nearfield_cloud.identity.access_tokens import AccessTokens
from nearfield_cloud.identity.sealing import Sealing
from nearfield_cloud.identity.signing_keys import SigningKeys, Validity, is_needed, missing_key
from nearfield_cloud.storage.storage import Storage, sqlite_url

CALLER = Caller(tenant="cafe", subject="till-1", kind="device", roles=frozenset({"device"}))


@given(
    key_days=st.floats(0.01, 0.1) | st.floats(0.01, 30),
    ahead=st.floats(0, 86_400),
    life=st.integers(30, 3_600),
    steps=st.lists(st.floats(0.1, 2_000) | st.floats(0.1, 3 * 86_400), max_size=40),
)
def test_at_every_moment_one_key_signs_and_all_that_have_signed_good_tokens_are_kept(
    key_days: float, ahead: float, life: int, steps: list[float]
) -> None:
    tokens = TokenSection(key_days=key_days, published_ahead_seconds=ahead, life_seconds=life)
    now, kept = 1_000_000.0, list[Validity]()
    signed: list[tuple[float, Validity]] = []
    for step in [0.0, *steps]:
        now += step
        missing = missing_key(kept, now, tokens)
        kept += [] if missing is None else [missing]
        kept = [one for one in kept if is_needed(one, now, tokens)]
        signing = [one for one in kept if one.signs_from <= now < one.signs_until]
        assert signing
        signed.append((now, signing[-1]))
        for at, by in signed:
            assert by in kept or at + life <= now


def test_a_new_key_is_published_before_it_signs() -> None:
    tokens = TokenSection(key_days=1, published_ahead_seconds=3_600)
    (first,) = [missing_key([], 0.0, tokens)]
    assert first == Validity(signs_from=0.0, signs_until=86_400.0)
    assert missing_key([first], 86_400.0 - 3_601, tokens) is None
    assert missing_key([first], 86_400.0 - 3_600, tokens) == Validity(
        signs_from=86_400.0, signs_until=172_800.0
    )


async def kept(folder: Path, sealing_key: bytes = bytes(32)) -> SigningKeys:
    storage = Storage(sqlite_url(folder / "cloud.db"))
    await storage.migrate()
    return SigningKeys(storage, Sealing(sealing_key), TokenSection())


async def test_what_one_process_signs_another_reads_and_none_does_without_the_sealing_key(
    tmp_path: Path,
) -> None:
    first, second = await kept(tmp_path), await kept(tmp_path)
    await first.rotate(0.0)
    await second.rotate(0.0)
    assert first.published() == second.published()
    stranger = await kept(tmp_path, bytes([1] * 32))
    with pytest.raises(ConfigurationError, match="sealed with another key"):
        await stranger.rotate(0.0)
    assert b"PRIVATE" not in (tmp_path / "cloud.db").read_bytes()
    for keys in (first, second, stranger):
        await keys._storage.close()


async def test_a_token_never_outlives_the_proof_it_rests_on(tmp_path: Path) -> None:
    keys = await kept(tmp_path)
    tokens = AccessTokens(keys, TokenSection(), lambda: "https://cloud.example")
    issued = await tokens.issue(replace(CALLER, expires_at=130.0), 100.0)
    assert issued.life_seconds == 30
    assert (await tokens.caller(issued.text, 129.0)).tenant == "cafe"
    with pytest.raises(CredentialError, match="over"):
        await tokens.caller(issued.text, 130.0)
    short = await tokens.issue(CALLER, 100.0, life_seconds=60)
    assert short.caller.expires_at == 160.0
    elsewhere = AccessTokens(keys, TokenSection(), lambda: "https://other.example")
    with pytest.raises(CredentialError, match="another service"):
        await elsewhere.caller(short.text, 100.0)
    await keys._storage.close()
