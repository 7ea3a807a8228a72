"""What a skill may touch, and the guard that holds its Python to it.

A skill's functions run in this process, so the guard works with the interpreter's audit events: while a
function runs (and only in its thread), opening a file, changing a folder, connecting, resolving a name and
starting a program are looked at first and refused unless ``skill.toml`` declares them. A refusal is a plain
``PermissionError`` for the code that asked, so that a library copes as with any forbidden file, and it is
kept in the ``Held`` record of the call, so that it is counted and named whatever the code does with it.

This holds against mistakes and careless code. It does not hold against code that means harm: native
extensions, ``ctypes`` and threads that a function starts by itself are outside of it (docs/skills.md).
"""

from __future__ import annotations

import errno
import importlib.util
import os
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from nearfield_edge.errors import SkillError
from nearfield_edge.skills.manifest import SkillManifest
from nearfield_sync.messages.turn_record import Json

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A server: scheme, host in small letters, port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """As it is written in ``skill.toml``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """The origin of an ``http`` or ``https`` URL.

    Raises:
        ValueError: Not such a URL, no host, or it carries a user name.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"'{url}' is not http(s)://host[:port]")
    return Origin(
        scheme=parts.scheme, host=parts.hostname.lower(), port=parts.port or DEFAULT_PORTS[parts.scheme]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What one skill may do, with all names resolved."""

    skill: str
    network: frozenset[Origin] = frozenset()
    read: tuple[str, ...] = ()
    """Real paths of files and folders, the writable ones included."""
    write: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()


def resolve_permissions(
    manifest: SkillManifest, settings: Mapping[str, Json], *, skill_folder: Path, data_folder: Path
) -> Permissions:
    """Fill ``{data}``, ``{skill}`` and ``{settings.NAME}`` in; entries that name an empty setting fall away.

    Args:
        manifest: Its ``permissions``.
        settings: As ``resolve_settings`` gives them.
        skill_folder: The skill's own folder; always readable.
        data_folder: Where the skill may keep files if it declares ``{data}``.

    Raises:
        SkillError: A named setting does not exist or holds no text, or a URL is none.
    """
    places = {"{data}": str(data_folder), "{skill}": str(skill_folder)}
    for name, value in settings.items():
        if isinstance(value, str):
            places[f"{{settings.{name}}}"] = value

    def filled(key: str, entries: tuple[str, ...]) -> list[str]:
        results = []
        for entry in entries:
            text = entry
            for place, value in places.items():
                if place in text and not value:
                    break
                text = text.replace(place, value)
            else:
                if "{" in text:
                    raise SkillError(
                        f"skill {manifest.id}: permissions.{key}: '{entry}' names no text setting"
                    )
                results.append(text)
        return results

    declared = manifest.permissions
    try:
        network = frozenset(origin_of(url) for url in filled("network", declared.network))
    except ValueError as error:
        raise SkillError(f"skill {manifest.id}: permissions.network: {error}") from error
    write = tuple(os.path.realpath(path) for path in filled("files_write", declared.files_write))
    read = tuple(os.path.realpath(path) for path in filled("files_read", declared.files_read))
    return Permissions(
        skill=manifest.id,
        network=network,
        read=(*read, *write, os.path.realpath(skill_folder)),
        write=write,
        publish=tuple(filled("publish", declared.publish)),
    )


@dataclass(slots=True, kw_only=True)
class Held:
    """One call that is held to its permissions."""

    permissions: Permissions
    refusals: list[str] = field(default_factory=list)
    """What was refused, in order: ``open /etc/shadow``."""
    revoked: bool = False
    """Set when the call's time is over: everything is refused from then on."""
    resolved: set[str] = field(default_factory=set)
    """Addresses of the declared hosts, as the resolver gave them."""
    looking_up: bool = False


class PermissionGuard:
    """Holds calls to their permissions; one for the process, since an audit hook cannot be taken out."""

    def __init__(self) -> None:
        self._held: ContextVar[Held | None] = ContextVar("nearfield_held", default=None)
        self._always_readable = _interpreter_folders()
        # An import looks through the names in each of these, whatever else lies there.
        self._listable = frozenset(os.path.realpath(folder or ".") for folder in sys.path)
        self._checks: Mapping[str, Callable[[Held, tuple[Any, ...]], None]] = {
            "open": self._open,
            "socket.connect": self._connect,
            "socket.sendto": self._connect,
            "socket.sendmsg": self._connect,
            "socket.bind": self._bind,
            "socket.getaddrinfo": self._resolve,
            "socket.gethostbyname": self._resolve,
            "sqlite3.connect": lambda held, args: self._write(held, "sqlite3.connect", args[0]),
            "os.listdir": self._list,
            "os.scandir": lambda held, args: self._read(held, "os.scandir", args[0]),
        }
        sys.addaudithook(self._audit)

    @contextmanager
    def holding(self, held: Held) -> Iterator[None]:
        """Hold this thread to the call's permissions while the block runs; other threads are not touched."""
        token = self._held.set(held)
        try:
            yield
        finally:
            self._held.reset(token)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        held = self._held.get()
        if held is None or held.looking_up:
            return
        check = self._checks.get(event)
        if check is not None:
            check(held, arguments)
        elif event in _CHANGES:
            for path in arguments[: _CHANGES[event]]:
                self._write(held, event, path)
        elif event.startswith(_STARTS):
            _refuse(held, f"{event} {arguments[0] if arguments else ''}".strip())

    def _open(self, held: Held, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        writing = any(letter in mode for letter in "wax+") if mode else bool(flags & _WRITING_FLAGS)
        if writing:
            self._write(held, "write", path)
        else:
            self._read(held, "read", path)

    def _list(self, held: Held, arguments: tuple[Any, ...]) -> None:
        if held.revoked or isinstance(arguments[0], int) or _real(arguments[0]) not in self._listable:
            self._read(held, "os.listdir", arguments[0])

    def _read(self, held: Held, event: str, path: Any) -> None:
        if isinstance(path, int):
            return
        real = _real(path)
        roots = (*held.permissions.read, *self._always_readable, *_SYSTEM_FILES)
        if held.revoked or not _inside(real, roots):
            _refuse(held, f"{event} {real}")

    def _write(self, held: Held, event: str, path: Any) -> None:
        if isinstance(path, int) or path == os.devnull:
            return
        real = _real(path)
        # The interpreter caches what it compiles while a function imports an installed module.
        importable = (*self._always_readable, *held.permissions.read)
        is_cache = "__pycache__" in Path(real).parts and _inside(real, importable)
        if held.revoked or not (is_cache or _inside(real, held.permissions.write)):
            _refuse(held, f"{event} {real}")

    def _resolve(self, held: Held, arguments: tuple[Any, ...]) -> None:
        host = _text(arguments[0]).lower()
        if held.revoked or not any(origin.host == host for origin in held.permissions.network):
            _refuse(held, f"resolve {host}")
        self._look_up(held, host)

    def _connect(self, held: Held, arguments: tuple[Any, ...]) -> None:
        address = arguments[1]
        if not isinstance(address, tuple):  # a local socket is a file
            self._write(held, "connect", address)
            return
        host, port = _text(address[0]).lower(), address[1]
        candidates = [origin for origin in held.permissions.network if origin.port == port]
        if held.revoked or not candidates:
            _refuse(held, f"connect {host}:{port}")
        if any(origin.host == host for origin in candidates) or host in held.resolved:
            return
        for origin in candidates:
            self._look_up(held, origin.host)
        if host not in held.resolved:
            _refuse(held, f"connect {host}:{port}")

    def _bind(self, held: Held, arguments: tuple[Any, ...]) -> None:
        if tuple(arguments[1][:2]) != _IPV6_PROBE or held.revoked:
            _refuse(held, f"listen {arguments[1]}")

    def _look_up(self, held: Held, host: str) -> None:
        held.looking_up = True
        try:
            held.resolved.update(str(entry[4][0]).lower() for entry in socket.getaddrinfo(host, None))
        except OSError:
            return  # the caller asks the resolver himself and gets its answer
        finally:
            held.looking_up = False


_CHANGES: Final = {
    "os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2,
    "os.truncate": 1, "os.chmod": 1, "os.chown": 1, "os.utime": 1, "os.setxattr": 1, "os.removexattr": 1,
}  # fmt: skip
"""Events that change files, with how many of their arguments are paths."""

_STARTS: Final = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.kill",
    "pty.",
)
"""Programs are never started by a skill, and no process is signalled."""

_WRITING_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_IPV6_PROBE: Final = ("::1", 0)
"""What urllib3 binds to, once and without listening, to learn whether this machine has IPv6."""

_SYSTEM_FILES: Final = (
    "/etc/hosts", "/etc/localtime", "/etc/mime.types", "/etc/nsswitch.conf", "/etc/pki", "/etc/resolv.conf",
    "/etc/ssl", "/etc/timezone", "/usr/lib/ssl", "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom",
)  # fmt: skip
"""Time zones, certificates and the resolver's files: what libraries read unasked."""


def _interpreter_folders() -> tuple[str, ...]:
    """Where Python and the installed modules lie, and where ours lie."""
    named = {path for key, path in sysconfig.get_paths().items() if key not in {"data", "scripts"}}
    named.update(path for path in sys.path if path and Path(path).name in {"site-packages", "dist-packages"})
    named.update(path for path in sys.path if path.endswith(".zip") or Path(path).name == "lib-dynload")
    for package in ("nearfield_edge", "nearfield_models", "nearfield_sync"):
        spec = importlib.util.find_spec(package)
        named.update(spec.submodule_search_locations or () if spec else ())
    return tuple({os.path.realpath(path) for path in named})


def _inside(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _real(path: Any) -> str:
    return os.path.realpath(os.fsdecode(path) if path is not None else ".")


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _refuse(held: Held, what: str) -> None:
    held.refusals.append(what)
    reason = "its time is over" if held.revoked else "skill.toml does not declare it"
    raise PermissionError(errno.EACCES, f"skill {held.permissions.skill} may not {what}: {reason}")
