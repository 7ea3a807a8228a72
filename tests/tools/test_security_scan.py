"""The security scan: what is found is reported, what is not looked at is never called clean."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.security_scan import (
    EXPLAINED,
    SCANNERS,
    Explanation,
    Finding,
    Result,
    Scan,
    analyse_code,
    find_secrets,
    judge,
    read_audit,
    read_explanations,
    summary,
)

FLAW = Finding(rule="B602", path="edge/x.py", line=3, text="high: shell")


def _repository(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    (tmp_path / "pyproject.toml").write_text("[tool.bandit]\n")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def _package(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [], **more}


def test_a_shell_in_shipped_code_is_found(tmp_path: Path) -> None:
    code = 'import subprocess\nsubprocess.run(f"ls {input()}", shell=True)\n'
    scan = analyse_code(_repository(tmp_path, "edge/bad.py", code))
    assert scan.skipped == ""
    assert ("B602", "edge/bad.py", 2) in [(f.rule, f.path, f.line) for f in scan.findings]


def test_code_that_does_not_parse_counts_as_not_looked_at(tmp_path: Path) -> None:
    scan = analyse_code(_repository(tmp_path, "edge/torn.py", "def broken(:\n"))
    assert "edge/torn.py" in scan.skipped


def test_a_key_in_a_tracked_file_is_found_and_not_repeated(tmp_path: Path) -> None:
    key = "AKIA" + "QWERTYUIOPASDFGH"  # in two parts, so that this file holds none
    scan = find_secrets(_repository(tmp_path, "docs/notes.md", f"use {key} for now\n"))
    assert [(f.rule, f.path, f.line) for f in scan.findings] == [("AWS Access Key", "docs/notes.md", 1)]
    assert key not in repr(scan)


def test_a_folder_without_tracked_files_is_skipped_and_says_so(tmp_path: Path) -> None:
    assert "git lists no files" in find_secrets(tmp_path).skipped


def test_a_known_vulnerability_is_found() -> None:
    flaw = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}
    scan = read_audit({"dependencies": [_package("jinja2", vulns=[flaw]), _package("numpy")]})
    assert [(f.rule, f.path) for f in scan.findings] == [("PYSEC-2026-1", "jinja2")]
    assert scan.skipped == ""


def test_packages_that_the_service_does_not_know_are_not_called_clean() -> None:
    unknown = {"name": "jinja2", "skip_reason": "not found"}
    assert "1 of 2" in read_audit({"dependencies": [unknown, _package("numpy")]}).skipped
    assert read_audit({"dependencies": []}).skipped != ""


def test_the_project_itself_needs_no_advisory() -> None:
    own = {"name": "nearfield", "skip_reason": "editable"}
    assert read_audit({"dependencies": [own, _package("numpy")]}).skipped == ""


def test_an_explained_finding_is_counted_and_no_longer_open() -> None:
    reason = Explanation(scanner="code", rule="B602", path="edge/*", reason="because")
    result = judge("code", Scan(findings=(FLAW,)), [reason])
    assert (result.state, result.open, result.explained) == ("CLEAN", (), 1)
    elsewhere = Explanation(scanner="secrets", rule="B602", path="edge/*", reason="because")
    assert judge("code", Scan(findings=(FLAW,)), [elsewhere]).open == (FLAW,)


def test_an_explanation_that_explains_nothing_is_a_finding() -> None:
    stale = Explanation(scanner="code", rule="B602", path="edge/*", reason="because")
    result = judge("code", Scan(), [stale])
    assert result.state == "FOUND"
    assert "remove it" in result.open[0].text
    assert judge("code", Scan(skipped="not run"), [stale]).open == ()


@pytest.mark.parametrize(
    ("open_findings", "skipped", "state", "line"),
    [
        ((), "", "CLEAN", "security scan: nothing found"),
        ((), "no net", "SKIPPED", "security scan: nothing found; SKIPPED: static analysis (bandit)"),
        ((FLAW,), "", "FOUND", "security scan: 1 FOUND"),
        ((FLAW,), "no net", "FOUND", "security scan: 1 FOUND; SKIPPED: static analysis (bandit)"),
    ],
)
def test_the_last_line_never_hides_what_was_found_or_skipped(
    open_findings: tuple[Finding, ...], skipped: str, state: str, line: str
) -> None:
    result = Result(scanner="code", open=open_findings, explained=0, skipped=skipped)
    assert result.state == state
    assert summary([result]) == line


@pytest.mark.parametrize(
    "text",
    [
        '[[explained]]\nscanner = "code"\nrule = "B1"\npath = "*"\n',
        '[[explained]]\nscanner = "code"\nrule = "B1"\npath = "*"\nreason = " "\n',
        '[[explained]]\nscanner = "code"\nrule = "B1"\npath = "*"\nreason = "x"\nline = 3\n',
    ],
)
def test_an_entry_without_a_reason_or_with_unknown_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        read_explanations(text)


def test_every_entry_of_the_list_names_a_scanner() -> None:
    assert {entry.scanner for entry in read_explanations(EXPLAINED.read_text("utf-8"))} <= set(SCANNERS)
