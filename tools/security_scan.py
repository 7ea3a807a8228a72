"""``make security-scan``: dependency audit, static analysis, secret scan.

Three kept tools do the looking: pip-audit, bandit, detect-secrets. Here their answers are brought into one
form, held against the list of explained findings (``security_explained.toml``), and summed up honestly: what
could not be looked at says SKIPPED, in the last line too. Exit status 0 means that nothing was found;
``--strict`` also wants that nothing was skipped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
EXPLAINED: Final = Path(__file__).with_name("security_explained.toml")
CODE_FOLDERS: Final = ("edge", "cloud", "models", "firmware-images", "sync", "provisioning", "tools")
OWN_PACKAGE: Final = "nearfield"
TIMEOUT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a tool holds for a weakness."""

    rule: str
    path: str
    """File, or name of a package."""
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one tool found, and what it could not look at."""

    findings: tuple[Finding, ...] = ()
    skipped: str = ""
    """Why some or all was not looked at; empty when all was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why some findings are no fault."""

    scanner: str
    rule: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return fnmatchcase(finding.rule, self.rule) and fnmatchcase(finding.path, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scan after the explanations have been held against it."""

    scanner: str
    open: tuple[Finding, ...]
    explained: int
    skipped: str

    @property
    def state(self) -> str:
        """``FOUND``, ``SKIPPED`` or ``CLEAN``, the worst that is true."""
        return "FOUND" if self.open else "SKIPPED" if self.skipped else "CLEAN"


def read_explanations(text: str) -> tuple[Explanation, ...]:
    """Read the list of explained findings.

    Raises:
        ValueError: Not TOML, or an entry has a key too many, too few or an empty reason.
    """
    try:
        entries = tuple(Explanation(**entry) for entry in tomllib.loads(text).get("explained", []))
    except TypeError as error:
        raise ValueError(
            f"an entry needs exactly scanner, rule, path and reason, all text ({error})"
        ) from error
    for entry in entries:
        if not entry.reason.strip():
            raise ValueError(f"the entry for {entry.rule} in {entry.path} needs a reason")
    return entries


def judge(scanner: str, scan: Scan, explanations: Sequence[Explanation]) -> Result:
    """Take the explained findings out, and report explanations that explain nothing."""
    ours = [entry for entry in explanations if entry.scanner == scanner]
    unexplained = [f for f in scan.findings if not any(entry.covers(f) for entry in ours)]
    if not scan.skipped:
        unexplained += [
            Finding(
                rule=entry.rule, path=entry.path, line=0, text="explained, but no longer found: remove it"
            )
            for entry in ours
            if not any(entry.covers(finding) for finding in scan.findings)
        ]
    return Result(
        scanner=scanner,
        open=tuple(unexplained),
        explained=sum(any(entry.covers(f) for entry in ours) for f in scan.findings),
        skipped=scan.skipped,
    )


def read_audit(raw: Mapping[str, Any]) -> Scan:
    """Read pip-audit's JSON.

    A package that the service does not know counts as not looked at: behind a mirror that serves packages
    and no advisories pip-audit knows none of them and still says "no known vulnerabilities".
    """
    packages = [one for one in raw["dependencies"] if one["name"] != OWN_PACKAGE]
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    findings = [
        Finding(
            rule=flaw["id"],
            path=one["name"],
            line=0,
            text=f"version {one['version']}; mended in {', '.join(flaw['fix_versions']) or 'no version yet'}",
        )
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    skipped = ""
    if not packages:
        skipped = "no package was looked at"
    elif unknown:
        some = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        skipped = (
            f"the vulnerability service does not know {len(unknown)} of {len(packages)} packages: {some}"
        )
    return Scan(findings=tuple(findings), skipped=skipped)


def read_analysis(raw: Mapping[str, Any], root: Path) -> Scan:
    """Read bandit's JSON; a file that it could not parse counts as not looked at."""
    findings = [
        Finding(
            rule=one["test_id"],
            path=_relative(one["filename"], root),
            line=one["line_number"],
            text=f"{one['issue_severity'].lower()}: {one['issue_text']}",
        )
        for one in raw["results"]
    ]
    unread = ", ".join(f"{_relative(one['filename'], root)} ({one['reason']})" for one in raw["errors"])
    return Scan(findings=tuple(findings), skipped=f"not parsed: {unread}" if unread else "")


def read_secrets(raw: Mapping[str, Any]) -> Scan:
    """Read detect-secrets' JSON; what the secret is stands nowhere in it."""
    found = [one for entries in raw["results"].values() for one in entries]
    return Scan(
        findings=tuple(
            Finding(
                rule=one["type"], path=one["filename"], line=one["line_number"], text="looks like a secret"
            )
            for one in found
        )
    )


def audit_dependencies(root: Path) -> Scan:
    """Ask the vulnerability service about every installed package."""
    arguments = ["--format", "json", "--progress-spinner", "off", "--skip-editable", "--timeout", "15"]
    return _run("pip_audit", arguments, root, read_audit)


def analyse_code(root: Path) -> Scan:
    """Look for dangerous constructs in all code that ships, and in the tools."""
    folders = [name for name in CODE_FOLDERS if (root / name).is_dir()]
    arguments = ["-r", *folders, "-q", "-f", "json", "-c", "pyproject.toml"]
    return _run("bandit", arguments, root, lambda raw: read_analysis(raw, root))


def find_secrets(root: Path) -> Scan:
    """Look for secrets in everything that git tracks, without asking any service whether they are valid."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    files = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    if listed.returncode or not files:
        return Scan(skipped=f"git lists no files here: {listed.stderr.strip() or 'none are tracked'}")
    return _run("detect_secrets", ["scan", "--no-verify", *files], root, read_secrets)


SCANNERS: Final[Mapping[str, tuple[str, Callable[[Path], Scan]]]] = {
    "dependencies": ("dependency audit (pip-audit)", audit_dependencies),
    "code": ("static analysis (bandit)", analyse_code),
    "secrets": ("secret scan (detect-secrets)", find_secrets),
}


def _run(
    module: str, arguments: Sequence[str], root: Path, read: Callable[[Mapping[str, Any]], Scan]
) -> Scan:
    """Run a tool of this environment; an answer that is no JSON means that it did not get to look."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Scan(skipped=f"{module} did not end within {TIMEOUT_SECONDS} s")
    try:
        return read(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        return Scan(skipped=f"{module} ended with status {done.returncode}: {lines[-1][:300]}")


def _relative(path: str, root: Path) -> str:
    given = Path(path)
    return (given.relative_to(root) if given.is_absolute() else given).as_posix().removeprefix("./")


def summary(results: Sequence[Result]) -> str:
    """The last line: it never sounds clean while something was skipped."""
    found = sum(len(result.open) for result in results)
    skipped = [SCANNERS[result.scanner][0] for result in results if result.skipped]
    parts = [f"{found} FOUND" if found else "nothing found"]
    if skipped:
        parts.append(f"SKIPPED: {', '.join(skipped)}")
    return f"security scan: {'; '.join(parts)}"


def _print(result: Result) -> None:
    title = SCANNERS[result.scanner][0]
    print(f"{title}: {result.state}, {result.explained} explained")
    for finding in result.open:
        print(f"  {finding.path}:{finding.line}: {finding.rule} {finding.text}")
    if result.skipped:
        print(f"  SKIPPED: {result.skipped}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scanners, print and give the exit status."""
    parser = argparse.ArgumentParser(prog="tools.security_scan", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--strict", action="store_true", help="fail also when something was skipped")
    chosen = parser.parse_args(arguments)
    explanations = read_explanations(EXPLAINED.read_text("utf-8"))
    results = []
    for name, (_, scan) in SCANNERS.items():
        result = judge(name, scan(ROOT), explanations)
        _print(result)
        results.append(result)
    print(summary(results))
    if chosen.json:
        content = {"summary": summary(results), "scanners": [_plain(result) for result in results]}
        chosen.json.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    has_failed = any(result.open or (chosen.strict and result.skipped) for result in results)
    return 1 if has_failed else 0


def _plain(result: Result) -> dict[str, Any]:
    return {**asdict(result), "state": result.state}


if __name__ == "__main__":
    sys.exit(main())
