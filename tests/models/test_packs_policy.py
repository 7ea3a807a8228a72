from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.catalogue import Catalogue, shipped_manifests
from nearfield_models.errors import LicenceRefusedError, ManifestError
from nearfield_models.policy import LicencePolicy, OriginRule, judge, named_policy, require_accepted
from tests.models.small_packs import DEVELOPMENT, PRODUCTION, Site

SHIPPED = Catalogue([shipped_manifests()])
VOICE = SHIPPED.manifest("piper-en-us-joe-medium")


def test_non_commercial_models_are_refused_by_name_in_every_profile() -> None:
    unfree = SHIPPED.manifest("openwakeword-alexa")
    for policy in (DEVELOPMENT, PRODUCTION):
        with pytest.raises(LicenceRefusedError, match=r"openwakeword-alexa is refused.*CC-BY-NC-SA-4\.0"):
            require_accepted([unfree], policy)


def test_the_default_voice_is_allowed_with_a_notice_in_development() -> None:
    verdict = judge(VOICE, DEVELOPMENT)
    assert verdict.allowed
    assert verdict.notice is not None
    assert "recordings are licensed for research" in verdict.notice


def test_the_default_voice_is_refused_in_production_for_what_it_is_derived_from() -> None:
    verdict = judge(VOICE, PRODUCTION)
    assert not verdict.allowed
    assert "derived from Piper voice en_US lessac" in verdict.reason


def test_all_other_default_packs_are_fit_for_production() -> None:
    others = [pack_id for pack_id in SHIPPED.defaults() if pack_id != VOICE.id]
    assert all(judge(SHIPPED.manifest(pack_id), PRODUCTION).allowed for pack_id in others)


def test_a_site_states_its_own_policy(tmp_path: Path) -> None:
    path = tmp_path / "licences.toml"
    path.write_text('name = "museum"\naccepted = ["CC-BY-NC-SA-4.0"]\n')
    policy = named_policy(str(path))
    assert judge(SHIPPED.manifest("openwakeword-alexa"), policy).allowed
    refused = judge(SHIPPED.manifest("silero-vad"), policy)
    assert "MIT is not among those that policy museum accepts" in refused.reason


def test_a_site_that_has_cleared_the_recordings_says_so_by_their_licence(tmp_path: Path) -> None:
    path = tmp_path / "licences.toml"
    path.write_text('name = "lab"\naccepted = ["CC0-1.0", "LicenseRef-Lessac-Blizzard-2013"]\n')
    verdict = judge(VOICE, named_policy(str(path)))
    assert verdict.allowed
    assert verdict.notice is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accepted = []", "wrong at name"),
        ('name = "x"\naccepted = ["MIT"]\norigin = "notice"', "wrong at origin"),
        ('name = "x"\naccepted = ["not a licence"]', r"wrong at accepted\.0"),
        ("name = ", "cannot be read"),
    ],
)
def test_a_wrong_policy_file_is_one_clear_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "licences.toml"
    path.write_text(text)
    with pytest.raises(ManifestError, match=said):
        named_policy(str(path))


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ManifestError, match="development, production, or a policy's TOML file"):
        named_policy("prodction")


@given(
    accepted=st.frozensets(st.sampled_from(["MIT", "CC0-1.0", "CC-BY-NC-SA-4.0", "LicenseRef-X"])),
    origins=st.sampled_from(["ignore", "notice", "refuse"]),
)
def test_no_policy_allows_a_licence_that_it_does_not_name(
    accepted: frozenset[str], origins: OriginRule
) -> None:
    policy = LicencePolicy(name="any", accepted=accepted, origins=origins)
    for pack_id in SHIPPED.ids():
        manifest = SHIPPED.manifest(pack_id)
        verdict = judge(manifest, policy)
        foreign = any(origin.licence not in accepted for origin in manifest.derived_from)
        fits = manifest.licence in accepted and not (foreign and origins == "refuse")
        assert verdict.allowed == fits
        assert (verdict.notice is not None) == (fits and foreign and origins == "notice")


def test_a_packs_own_notice_is_passed_on(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add_pack("small", {"a.bin": b"a"}, notice="say who made it")
    assert judge(site.store.catalogue.manifest("small"), PRODUCTION).notice == "small: say who made it"
