from __future__ import annotations

from pathlib import Path

import pytest

from nearfield_edge.errors import SkillError
from nearfield_edge.skills.loading import find_skills, load_skills, shipped_skills_folder
from nearfield_edge.skills.permissions import Origin, PermissionGuard
from tests.edge.skill_folders import SENTENCES, load_probe

SAYING = '[intents.try]\nreply = "done"\n'
CALLING = '[intents.try]\nfunction = "probe:act"\n'


def test_a_skill_without_python_loads_with_its_settings_and_permissions(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    manifest = """
    [permissions]
    network = ["https://Shop.example.com", "{settings.url}", "{settings.absent_url}"]
    files_read = ["{settings.menu}"]
    files_write = ["{data}"]
    publish = ["shop/{settings.counter}/#"]
    [settings]
    url = { type = "text", default = "http://[::1]:8080/orders" }
    absent_url = { type = "text", default = "" }
    menu = { type = "path", default = "{skill}/menu.toml" }
    counter = { type = "text", default = "left" }
    """
    skill = load_probe(tmp_path, guard, manifest=manifest + SAYING, settings={"counter": "right"})
    assert skill.permissions.network == {
        Origin(scheme="https", host="shop.example.com", port=443),
        Origin(scheme="http", host="::1", port=8080),
    }
    assert skill.permissions.publish == ("shop/right/#",)
    assert skill.permissions.write == (str((tmp_path / "data").resolve()),)
    assert skill.settings["menu"] == str(tmp_path / "skills" / "probe" / "menu.toml")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ('[intents.try]\nreply = "don"\n', "intents.try: no reply 'don'.*did you mean 'done'"),
        ('[intents.try]\nreplay = "done"\n', "unknown key 'intents.try.replay'; did you mean 'reply'"),
        ("[permission]\n" + SAYING, "unknown key 'permission'; did you mean 'permissions'"),
        ('[permissions]\nnetwrk = []\n[intents.try]\nreply = "done"\n', "did you mean 'network'"),
        ('[permissions]\nnetwork = ["example.com"]\n' + SAYING, "permissions.network.*is not https"),
        ('[permissions]\nfiles_read = ["data"]\n' + SAYING, "permissions.files_read.*must be absolute"),
        ('[permissions]\npublish = ["{settings.nothing}"]\n' + SAYING, "names no text setting"),
        ('[settings.a]\ntype = "number"\ndefault = "x"\n' + SAYING, "settings.a.*its default is no number"),
        ("[intents.try]\n", "either 'function' or 'reply'"),
        (SAYING + 'required = { size = "ask_siz" }\n', "no reply 'ask_siz'.*did you mean 'ask_size'"),
        (SAYING + '[intents.other]\nreply = "done"\n', "sentences.yaml has no such intent"),
        ('[intents.tri]\nreply = "done"\n', "no such intent; did you mean 'try'"),
        (SAYING + '[lists.size]\nsetting = "sizes"\n', "lists.size: 'sizes' is no setting of type list"),
        (SAYING + "effects = [{ http = { url = '{{ slots.' } }]\n", "intents.try.effects"),
        (SAYING + "effects = [{}]\n", "either 'http' or 'mqtt'"),
        ("this is no TOML", "not valid TOML"),
        (CALLING, "probe.py: no such file"),
    ],
)
def test_a_wrong_manifest_is_one_sentence_that_names_file_and_key(
    tmp_path: Path, guard: PermissionGuard, manifest: str, words: str
) -> None:
    with pytest.raises(SkillError, match=words) as raised:
        load_probe(tmp_path, guard, manifest=manifest)
    assert "probe" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_intent_that_is_said_but_not_declared_is_named(tmp_path: Path, guard: PermissionGuard) -> None:
    sentences = SENTENCES.replace("lists:", "  tryy: {data: [{sentences: [tryy]}]}\nlists:")
    with pytest.raises(SkillError, match="intent 'tryy', which is not declared; did you mean 'try'"):
        load_probe(tmp_path, guard, manifest=SAYING, sentences=sentences)


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ("done: '{{ oops'", "replies.yaml: reply 'done'"),
        ("done: []", "must be a text or a list of texts"),
        ("done: 3", "must be a text or a list of texts"),
        ("- done", "must hold a table"),
        ("done: [", "not valid YAML"),
        ("x" * 300_000, "larger than"),
    ],
)
def test_wrong_replies_are_one_sentence(
    tmp_path: Path, guard: PermissionGuard, replies: str, words: str
) -> None:
    with pytest.raises(SkillError, match=words):
        load_probe(tmp_path, guard, manifest=SAYING, replies=replies)


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ("def other(call): ...", "no function 'act'"),
        ("import nothing_of_that_name", "cannot be imported: No module named"),
        ("open('/etc/shadow')", "may not read /etc/shadow"),
    ],
)
def test_wrong_python_is_one_sentence_and_held_to_permissions_while_it_is_imported(
    tmp_path: Path, guard: PermissionGuard, python: str, words: str
) -> None:
    with pytest.raises(SkillError, match=words):
        load_probe(tmp_path, guard, manifest=CALLING, python=python)


def test_settings_of_a_wrong_name_or_kind_are_refused(tmp_path: Path, guard: PermissionGuard) -> None:
    manifest = '[settings]\nmost = { type = "number", default = 3 }\n' + SAYING
    with pytest.raises(SkillError, match="unknown setting 'mots'; did you mean 'most'"):
        load_probe(tmp_path / "a", guard, manifest=manifest, settings={"mots": 4})
    with pytest.raises(SkillError, match="setting 'most' must be a number, not True"):
        load_probe(tmp_path / "b", guard, manifest=manifest, settings={"most": True})


def test_a_sites_skill_replaces_a_shipped_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "coffee").mkdir()
    (tmp_path / "coffee" / "skill.toml").touch()
    found = find_skills([shipped_skills_folder(), tmp_path])
    assert found["coffee"] == tmp_path / "coffee"
    assert found["visit"] == shipped_skills_folder() / "visit"


def test_a_missing_skill_is_answered_with_the_nearest_name(tmp_path: Path, guard: PermissionGuard) -> None:
    with pytest.raises(SkillError, match="no skill 'cofee'; did you mean 'coffee'"):
        load_skills(
            [shipped_skills_folder()], enabled=["cofee"], settings={}, data_folder=tmp_path, guard=guard
        )
