"""Say a recording to a device that listens on a WebSocket, and write down what it replies.

``python -m tools.talk RECORDING [-o REPLY.wav]`` talks to the device of ``make dev-up``; begin the recording
with the wake word ("Alexa" or "Okay Nabu").
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import soundfile
from websockets.asyncio.client import ClientConnection, connect

from nearfield_models.pcm import SAMPLE_RATE_HZ, to_bytes
from nearfield_models.resampling import mix_down, resample
from tools.dev_up import CONNECTION

_CHUNK_SECONDS = 0.02


def main() -> int:
    """Talk once; 0 if the device replied."""
    parser = argparse.ArgumentParser(prog="python -m tools.talk", description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("out/dev/reply.wav"))
    parser.add_argument("--patience", type=float, default=15.0, help="seconds to wait for the reply's end")
    arguments = parser.parse_args()
    connection = tomllib.loads(CONNECTION.read_text("utf-8"))
    sound, rate_hz = soundfile.read(arguments.recording, dtype="float32", always_2d=True)
    pcm = to_bytes(resample(mix_down(sound), rate_hz, SAMPLE_RATE_HZ))
    token = Path(connection["token_file"]).read_text("utf-8").strip()
    reply = asyncio.run(_talk(connection["url"], token, pcm, arguments.patience))
    if not reply:
        print("the device did not reply", file=sys.stderr)
        return 1
    soundfile.write(arguments.output, np.frombuffer(reply, "<i2"), SAMPLE_RATE_HZ)
    print(f"{len(reply) / 2 / SAMPLE_RATE_HZ:.1f} s of reply written to {arguments.output}")
    return 0


async def _talk(url: str, token: str, pcm: bytes, patience: float) -> bytes:
    async with connect(
        f"{url}?rate_hz={SAMPLE_RATE_HZ}&channels=1&bits=16",
        additional_headers={"Authorization": f"Bearer {token}"},
    ) as socket:
        speaking = asyncio.create_task(_speak(socket, pcm))
        try:
            async with asyncio.timeout(len(pcm) / 2 / SAMPLE_RATE_HZ + patience):
                return await _listen(socket)
        except TimeoutError:
            return b""
        finally:
            speaking.cancel()


async def _speak(socket: ClientConnection, pcm: bytes) -> None:
    """Send the sound at the pace of real time, then silence for as long as the reply is waited for."""
    size = int(_CHUNK_SECONDS * SAMPLE_RATE_HZ) * 2
    silence = bytes(size)
    at = 0
    while True:
        await socket.send(pcm[at : at + size] or silence)
        at += size
        await asyncio.sleep(_CHUNK_SECONDS)


async def _listen(socket: ClientConnection) -> bytes:
    heard = bytearray()
    async for message in socket:
        if isinstance(message, bytes):
            heard += message
        elif json.loads(message)["type"] in ("speech.ended", "speech.stopped"):
            break
    return bytes(heard)


if __name__ == "__main__":
    sys.exit(main())
