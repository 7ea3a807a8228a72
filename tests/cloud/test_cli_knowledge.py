"""The commands of documents, with the real model, as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore

pytestmark = pytest.mark.models


@pytest.fixture(autouse=True)
def model() -> None:
    try:
        ModelStore.default().installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "hours.md").write_text(
        "# Opening hours\n\nThe library in Elm Street opens at nine. On Sundays it is closed."
    )
    (folder / "drinks.csv").write_text("Drink,Size,Price\nLatte,large,4.20\nEspresso,small,2.10\n")
    return folder


def run(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "NEARFIELD_CLOUD_HOME": str(tmp_path / "home")}
    program = "from nearfield_cloud.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def run_json(tmp_path: Path, *arguments: str) -> Any:
    status, out, complaint = run(tmp_path, *arguments, "--json")
    assert status == 0, complaint
    return json.loads(out)


def test_documents_are_ingested_searched_listed_and_deleted(tmp_path: Path, docs: Path) -> None:
    assert [one["outcome"] for one in run_json(tmp_path, "ingest", str(docs))] == ["added", "added"]
    assert [one["outcome"] for one in run_json(tmp_path, "ingest", str(docs))] == ["unchanged", "unchanged"]
    best = run_json(tmp_path, "search", "Which day is the library shut?")[0]
    assert set(best) >= {"chunk_id", "document", "source", "section", "text", "score", "similarity"}
    assert best["document"] == "Opening hours"
    assert "Price: 4.20" in run_json(tmp_path, "search", "what does a large latte cost")[0]["text"]
    assert [one["title"] for one in run_json(tmp_path, "documents")] == ["drinks", "Opening hours"]
    left = run_json(tmp_path, "documents", "--delete", str(docs / "hours.md"))
    assert [one["title"] for one in left] == ["drinks"]
    assert all(one["document"] == "drinks" for one in run_json(tmp_path, "search", "library on Sundays"))


def test_a_broken_document_is_named_and_the_status_says_so(tmp_path: Path, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(b"broken")
    status, out, complaint = run(tmp_path, "ingest", str(docs))
    assert status == 1
    assert "2 added, 1 failed" in out
    assert f"{docs / 'broken.docx'} cannot be read" in complaint
    assert "Traceback" not in complaint


def test_pruning_removes_what_left_the_folder(tmp_path: Path, docs: Path) -> None:
    run_json(tmp_path, "ingest", str(docs))
    (docs / "hours.md").unlink()
    reports = run_json(tmp_path, "ingest", str(docs), "--prune")
    assert [one["outcome"] for one in reports] == ["unchanged", "removed"]


def test_audiences_and_tenants_see_their_own(tmp_path: Path, docs: Path) -> None:
    run_json(tmp_path, "ingest", str(docs / "hours.md"), "--audience", "staff", "--title", "Staff hours")
    assert run_json(tmp_path, "search", "library hours") == []
    assert (
        run_json(tmp_path, "search", "library hours", "--audience", "staff")[0]["document"] == "Staff hours"
    )
    assert run_json(tmp_path, "search", "library hours", "--audience", "staff", "--tenant", "rival") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "nowhere"], "no file or folder"),
        (["documents", "--delete", "nothing"], "no document by the name"),
        (["ingest", "http://169.254.169.254/latest"], "no public address"),
    ],
)
def test_an_operators_mistake_is_one_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    status, _, complaint = run(tmp_path, *arguments)
    assert status == 1
    assert said in complaint
    assert len(complaint.strip().splitlines()) == 1
