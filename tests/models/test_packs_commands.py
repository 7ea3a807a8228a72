"""The ``nearfield-models`` command as a person or a script meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.models.small_packs import Site


class Terminal:
    """Runs the command against one site, in a process of its own."""

    def __init__(self, site: Site) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("NEARFIELD_")},
            "NEARFIELD_PACKS": str(site.manifests),
            "NEARFIELD_MODELS": str(site.store.folder),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nearfield_models.cli", *arguments],
            env={**self._environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.stderr == ""
        return json.loads(done.stdout)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.add_pack("small", {"a.bin": b"alpha"})
    site.add_pack("unfree", {"b.bin": b"beta"}, licence="CC-BY-NC-SA-4.0")
    origin = {"name": "some recordings", "licence": "LicenseRef-Research"}
    site.add_pack("spoken", {"c.bin": b"gamma"}, derived_from=[origin])
    return site


@pytest.fixture
def terminal(site: Site) -> Terminal:
    return Terminal(site)


def test_a_fetched_pack_is_listed_as_ready(terminal: Terminal) -> None:
    brought = terminal.json("fetch", "small")
    assert brought["packs"][0]["fetched"] == ["a.bin"]
    states = {pack["id"]: pack["state"] for pack in terminal.json("list")["packs"]}
    assert (states["small"], states["spoken"]) == ("ready", "absent")


def test_the_list_for_people_names_every_pack(terminal: Terminal) -> None:
    shown = terminal.run("list").stdout
    assert "small" in shown
    assert "moonshine-tiny-en" in shown
    assert "refused" in shown


def test_a_quiet_fetch_of_what_is_here_says_nothing(terminal: Terminal) -> None:
    terminal.run("fetch", "small")
    again = terminal.run("fetch", "small", "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_refused_licence_is_one_sentence_and_a_failure(terminal: Terminal) -> None:
    refused = terminal.run("fetch", "unfree")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "pack unfree is refused: its licence CC-BY-NC-SA-4.0" in refused.stderr


def test_the_profile_comes_from_the_environment(terminal: Terminal) -> None:
    refused = terminal.run("fetch", "spoken", NEARFIELD_PROFILE="production")
    assert refused.returncode == 1
    assert "derived from some recordings" in refused.stderr


def test_a_notice_reaches_also_those_who_asked_for_silence(terminal: Terminal) -> None:
    done = terminal.run("fetch", "spoken", "--quiet")
    assert done.returncode == 0
    assert done.stderr.startswith("spoken: it is derived from some recordings")


def test_an_unknown_pack_is_one_sentence_and_a_failure(terminal: Terminal) -> None:
    unknown = terminal.run("fetch", "smal")
    assert unknown.returncode == 1
    assert unknown.stderr == "nearfield-models: there is no pack called 'smal': did you mean small?\n"


def test_verify_finds_what_was_altered_and_says_how_to_mend_it(terminal: Terminal, site: Site) -> None:
    terminal.run("fetch", "small")
    assert terminal.run("verify").stdout == "small: sound\n"
    site.store.installed("small").file("a.bin").write_bytes(b"ALPHA")
    found = terminal.run("verify")
    assert found.returncode == 1
    assert "a.bin was altered" in found.stdout
    assert "nearfield-models fetch small" in found.stderr


def test_info_tells_files_digests_and_licence(terminal: Terminal, site: Site) -> None:
    told = terminal.json("info", "spoken")
    assert told["files"][0]["sha256"] == site.store.catalogue.manifest("spoken").files[0].sha256
    assert told["derived_from"][0]["licence"] == "LicenseRef-Research"
    assert "made from some recordings" in terminal.run("info", "spoken").stdout


def test_packs_travel_by_export_and_import(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("fetch", "small")
    assert terminal.json("export", str(tmp_path / "medium"))["packs"] == ["small"]
    elsewhere = ("--store", str(tmp_path / "elsewhere"))
    assert terminal.json(*elsewhere, "import", str(tmp_path / "medium"))["packs"][0]["id"] == "small"
    assert terminal.run(*elsewhere, "verify").stdout == "small: sound\n"


def test_exporting_from_an_empty_store_says_so(terminal: Terminal, tmp_path: Path) -> None:
    empty = terminal.run("export", str(tmp_path / "medium"))
    assert empty.returncode == 1
    assert "no packs" in empty.stderr
