"""``make dev-up``: everything that exists so far, running together on this machine; Ctrl-C ends it.

An MQTT broker, a cloud that has taken in the demonstration's handbook, and a device that listens on a
WebSocket, all on loopback and on free ports. Talk to it from another terminal with ``python -m tools.talk
RECORDING``.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tools.free_port import free_port

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "dev"
HANDBOOK = ROOT / "tools" / "demo" / "handbook.md"
CONNECTION = OUT / "connection.toml"
_STOP_SECONDS = 10.0


def main() -> int:
    """Start all, wait for the end of any or for Ctrl-C, stop all."""
    parser = argparse.ArgumentParser(prog="python -m tools.dev_up", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, help="end by itself after this time")
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with ExitStack() as running:
        processes = {"broker": _broker(running), "cloud": _cloud(running), "device": _device(running)}
        print(f"device   listens on the WebSocket of {CONNECTION.relative_to(ROOT)}")
        print("talk     .venv/bin/python -m tools.talk RECORDING   (in another terminal)")
        print("Ctrl-C ends it.")
        ends = None if arguments.seconds is None else time.monotonic() + arguments.seconds
        try:
            while ends is None or time.monotonic() < ends:
                for name, process in processes.items():
                    if process is not None and process.poll() is not None:
                        print(f"{name} ended with status {process.returncode}", file=sys.stderr)
                        return 1
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("ending")
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _broker(running: ExitStack) -> subprocess.Popen[bytes] | None:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        print(
            "broker   SKIPPED: mosquitto is not installed, skills that publish will say so", file=sys.stderr
        )
        return None
    port = free_port()
    configuration = OUT / "mosquitto.conf"
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    (OUT / "mqtt.port").write_text(str(port), encoding="utf-8")
    print(f"broker   mqtt://127.0.0.1:{port}")
    return _started([program, "-c", str(configuration)], running)


def _cloud(running: ExitStack) -> subprocess.Popen[bytes]:
    folder, port = OUT / "cloud", free_port()
    identity = folder / "identity"
    environment = {**os.environ, "NEARFIELD_CLOUD_HOME": str(folder)}
    command = [sys.executable, "-m", "nearfield_cloud.cli"]
    identity.mkdir(parents=True, exist_ok=True)
    for old in identity.iterdir():
        old.unlink()
    for words in (("ingest", str(HANDBOOK)), ("devices", "certify", "dev", "--out", str(identity))):
        subprocess.run([*command, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    (OUT / "cloud.toml").write_text(
        f'[cloud]\nurl = "http://127.0.0.1:{port}"\n'
        f'key_file = "{identity / "dev.key"}"\ncertificate_file = "{identity / "dev.pem"}"\n',
        encoding="utf-8",
    )
    print(f"cloud    http://127.0.0.1:{port}  (its data: {folder.relative_to(ROOT)})")
    return _started([*command, "serve", "--port", str(port)], running, environment)


def _device(running: ExitStack) -> subprocess.Popen[bytes]:
    port, token = free_port(), secrets.token_urlsafe(24)
    token_file = OUT / "token"
    token_file.touch(mode=0o600)
    token_file.write_text(token + "\n", encoding="utf-8")
    CONNECTION.write_text(
        f'url = "ws://127.0.0.1:{port}/audio"\ntoken_file = "{token_file}"\n', encoding="utf-8"
    )
    broker = OUT / "mqtt.port"
    mqtt = (
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.read_text()}\ntls = false\n' if broker.exists() else ""
    )
    configuration = OUT / "nearfield.toml"
    configuration.write_text(
        f'[device]\nid = "dev"\ndata = "{OUT / "data"}"\n'
        '[audio]\nsource = "websocket"\nsink = "websocket"\n'
        f'[audio.websocket]\nport = {port}\ntoken_file = "{token_file}"\n{mqtt}'
        + (OUT / "cloud.toml").read_text("utf-8"),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "nearfield_edge.cli", "run", "--config", str(configuration)]
    return _started(command, running)


def _started(
    command: list[str], running: ExitStack, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=environment)
    running.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
