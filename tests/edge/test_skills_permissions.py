from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nearfield_edge.skills.permissions import Held, Origin, PermissionGuard, Permissions, origin_of


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    server = socket.create_server(("127.0.0.1", 0))
    yield server
    server.close()


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    folder.mkdir()
    (folder / "note").write_text("here")
    (tmp_path / "secret").write_text("there")
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


def held(allowed: Path, *, network: frozenset[Origin] = frozenset(), writable: bool = False) -> Held:
    real = str(allowed.resolve())
    return Held(
        permissions=Permissions(
            skill="probe", network=network, read=(real,), write=(real,) if writable else ()
        )
    )


def test_declared_folders_are_read_and_written_as_usual(guard: PermissionGuard, allowed: Path) -> None:
    call = held(allowed, writable=True)
    with guard.holding(call):
        assert (allowed / "note").read_text() == "here"
        (allowed / "new").write_text("written")
        (allowed / "new").rename(allowed / "newer")
        (allowed / "newer").unlink()
        assert "note" in os.listdir(allowed)  # noqa: PTH208 (this event is what is tested)
    assert call.refusals == []


FORBIDDEN: dict[str, Callable[[Path], object]] = {
    "read": lambda allowed: (allowed.parent / "secret").read_text(),
    "read through a link": lambda allowed: (allowed / "link").read_text(),
    "read around": lambda allowed: (allowed / ".." / "secret").read_text(),
    "read by descriptor": lambda allowed: os.open(allowed.parent / "secret", os.O_RDONLY),
    "write": lambda allowed: (allowed / "note").write_text("changed"),
    "append": lambda allowed: (allowed / "note").open("a"),
    "create by descriptor": lambda allowed: os.open(allowed / "new", os.O_CREAT | os.O_WRONLY),
    "remove": lambda allowed: (allowed / "note").unlink(),
    "rename": lambda allowed: (allowed / "note").rename(allowed / "other"),
    "make a folder": lambda allowed: (allowed / "folder").mkdir(),
    "link": lambda allowed: (allowed / "second").symlink_to(allowed.parent),
    "change rights": lambda allowed: (allowed / "note").chmod(0o777),
    "list": lambda allowed: list(allowed.parent.iterdir()),
    "database": lambda allowed: sqlite3.connect(allowed / "base.db"),
    "program": lambda allowed: subprocess.run(["true"], check=True),
    "shell": lambda allowed: os.system("true"),  # noqa: S605 (it is refused)
    "fork": lambda allowed: os.fork(),
    "kill": lambda allowed: os.kill(os.getpid(), 0),
    "resolve": lambda allowed: socket.getaddrinfo("example.com", 443),
    "listen": lambda allowed: socket.create_server(("127.0.0.1", 0)),
    "datagram": lambda allowed: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "local socket": lambda allowed: socket.socket(socket.AF_UNIX).connect("/run/other.socket"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_not_declared_is_refused_and_named(guard: PermissionGuard, allowed: Path, name: str) -> None:
    call = held(allowed)
    with guard.holding(call), pytest.raises(PermissionError, match="skill probe may not"):
        FORBIDDEN[name](allowed)
    assert len(call.refusals) == 1
    assert (allowed / "note").read_text() == "here"


def test_a_refusal_is_kept_even_where_the_code_swallows_it(guard: PermissionGuard, allowed: Path) -> None:
    call = held(allowed)
    with guard.holding(call):
        try:
            Path("/etc/shadow").read_bytes()
        except OSError:
            found = None
    assert found is None
    assert call.refusals == ["read /etc/shadow"]


def test_an_undeclared_port_of_a_declared_host_is_refused(
    guard: PermissionGuard, allowed: Path, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    call = held(allowed, network=frozenset({Origin(scheme="http", host="127.0.0.1", port=port + 1)}))
    with guard.holding(call), pytest.raises(PermissionError, match=f"connect 127.0.0.1:{port}"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_another_address_at_a_declared_port_is_refused(
    guard: PermissionGuard, allowed: Path, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    call = held(allowed, network=frozenset({Origin(scheme="http", host="192.0.2.1", port=port)}))
    with guard.holding(call), socket.socket() as plain, pytest.raises(PermissionError, match="connect"):
        plain.connect(("127.0.0.1", port))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_declared_host_is_reached_by_name_and_by_the_address_it_resolves_to(
    guard: PermissionGuard, allowed: Path, listener: socket.socket, host: str
) -> None:
    port = listener.getsockname()[1]
    call = held(allowed, network=frozenset({origin_of(f"http://{host}:{port}")}))
    with guard.holding(call):
        socket.create_connection((host, port), timeout=1).close()
        with socket.socket() as plain:
            plain.settimeout(1)
            plain.connect(("127.0.0.1", port))
    assert call.refusals == []


def test_other_threads_and_later_code_are_not_touched(guard: PermissionGuard, allowed: Path) -> None:
    read: list[str] = []

    def elsewhere() -> None:
        read.append((allowed.parent / "secret").read_text())

    with guard.holding(held(allowed)):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    elsewhere()
    assert read == ["there", "there"]


def test_a_revoked_call_is_refused_what_it_had_declared(guard: PermissionGuard, allowed: Path) -> None:
    call = held(allowed, writable=True)
    with guard.holding(call):
        call.revoked = True
        with pytest.raises(PermissionError, match="its time is over"):
            (allowed / "note").read_text()
        with pytest.raises(PermissionError, match="its time is over"):
            (allowed / "note").write_text("late")


def test_installed_modules_and_time_zones_can_be_used(guard: PermissionGuard, allowed: Path) -> None:
    for name in ("colorsys", "xml.dom.minidom"):
        sys.modules.pop(name, None)
    call = held(allowed)
    with guard.holding(call):
        import colorsys
        import xml.dom.minidom

        assert colorsys.rgb_to_hsv(1, 0, 0)
        assert xml.dom.minidom.parseString("<a/>")  # noqa: S318 (our own text)
        assert ZoneInfo("Pacific/Chatham").key
    assert call.refusals == []


CALENDARS: dict[str, dict[str, object]] = {
    "Nobody has this room.": {},
    "SkillFailedError: .* the calendar server cannot be reached": {
        "caldav_url": "https://localhost:9/",
        "rooms": [{"id": "boardroom", "name": "the boardroom", "collection": "boardroom/"}],
    },
}


@pytest.mark.parametrize("answer", CALENDARS)
def test_a_function_asked_for_the_first_time_imports_its_libraries_without_a_refusal(
    tmp_path: Path, answer: str
) -> None:
    """In a process like the console script's: its folder and the working one hold strangers' files."""
    scripts, elsewhere = tmp_path / "bin", tmp_path / "elsewhere"
    for folder in (scripts, elsewhere):
        folder.mkdir()
        (folder / "secret").write_text("there")
    script = scripts / "fresh_skill.py"
    script.write_text((Path(__file__).parent / "fresh_skill.py").read_text())
    done = subprocess.run(
        [sys.executable, script, json.dumps(CALENDARS[answer]), tmp_path / "rooms"],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(elsewhere)}, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert (result["refused"], result["refusals"]) == ([], 0)
    assert re.match(answer, result["told"])


def test_a_folder_of_imports_is_listed_but_not_read(allowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(allowed.parent)
    guard = PermissionGuard()
    call = held(allowed)
    with guard.holding(call):
        assert "secret" in os.listdir(allowed.parent)  # noqa: PTH208 (this event is what is tested)
        with pytest.raises(PermissionError, match="may not read"):
            (allowed.parent / "secret").read_text()
    call.revoked = True
    with guard.holding(call), pytest.raises(PermissionError, match="its time is over"):
        os.listdir(allowed.parent)  # noqa: PTH208 (likewise)


@pytest.mark.parametrize("url", ["ftp://a", "https://", "https://user:word@host", "https://a:99999", "host"])
def test_what_is_no_web_address_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"http\(s\)|[Pp]ort"):
        origin_of(url)
