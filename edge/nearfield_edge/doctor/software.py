"""The software: runtimes and their versions, what they can run on, sound devices, model packs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.errors import EdgeError, SourceError
from nearfield_edge.porcupine import require_porcupine
from nearfield_models.errors import ModelsError, RuntimeMissingError
from nearfield_models.policy import judge, named_policy
from nearfield_models.runtime.onnx_runtime import available_providers
from nearfield_models.runtime.open_vino import available_devices
from nearfield_models.site_files import is_file_name, pack_or_file
from nearfield_models.store import ModelStore


def python() -> Finding:
    """Interpreter and C library."""
    return Finding(
        name="python",
        status="ok",
        found=f"{platform.python_version()}, {' '.join(platform.libc_ver()) or 'C library unknown'}",
    )


def packages(configuration: Configuration) -> list[Finding]:
    """The libraries that this configuration needs, and those that it could use."""
    engines = configuration.engines
    wake = configuration.wake.engine if configuration.wake.mode == "wake" else ""
    by_device = {"microphone", "speaker"} & {configuration.audio.source, configuration.audio.sink}
    needed_by = {
        "onnxruntime": "edge",
        "pymicro-wakeword": "edge",
        "gruut": "edge",
        "hassil": "edge",
        "apsw": "edge",
        "cryptography": "edge",
        "sounddevice": "audio" if by_device else "",
        "openvino": "openvino" if engines.runtime == "openvino" else "",
        "sherpa-onnx": "sherpa" if engines.asr_engine == "sherpa" else "",
        "pywhispercpp": "whisper-cpp" if engines.asr_engine == "whisper-cpp" else "",
        "ai-edge-litert": "litert" if wake in ("microwakeword-litert", "openwakeword") else "",
        "pvporcupine": "porcupine" if wake == "porcupine" else "",
    }
    return [_package(name, extra) for name, extra in needed_by.items()]


def _package(name: str, extra: str) -> Finding:
    try:
        return Finding(name=name, status="ok", found=version(name))
    except PackageNotFoundError:
        if not extra:
            return Finding(name=name, status="ok", found="not installed, not needed as configured")
        return Finding(
            name=name,
            status="fail",
            found="not installed",
            mend=f"install it with `pip install 'nearfield[{extra}]'`",
        )


def runtimes(configuration: Configuration) -> list[Finding]:
    """What ONNX Runtime and OpenVINO can run on, and whether that is what is configured."""
    engines = configuration.engines
    findings = []
    try:
        providers = available_providers()
    except RuntimeMissingError as error:
        findings.append(Finding(name="onnxruntime providers", status="fail", found="none", mend=str(error)))
    else:
        missing = [provider for provider in engines.providers if provider not in providers]
        findings.append(
            Finding(
                name="onnxruntime providers",
                status="fail" if missing else "ok",
                found=", ".join(providers),
                mend=f"engines.providers names {', '.join(missing)}: leave out or install" if missing else "",
            )
        )
    findings.append(_openvino(configured=engines.runtime == "openvino"))
    return findings


def _openvino(*, configured: bool) -> Finding:
    name = "openvino devices"
    try:
        devices = available_devices()
    except RuntimeMissingError as error:
        if configured:
            return Finding(name=name, status="fail", found="none", mend=str(error))
        return Finding(name=name, status="ok", found="OpenVINO is not installed, not needed as configured")
    return Finding(name=name, status="ok", found=", ".join(devices) or "none")


def sound_devices(configuration: Configuration) -> list[Finding]:
    """Whether there is the microphone and the loudspeaker that are configured."""
    audio = configuration.audio
    wanted = {
        "microphone": ("max_input_channels", audio.microphone) if audio.source == "microphone" else None,
        "loudspeaker": ("max_output_channels", audio.speaker) if audio.sink == "speaker" else None,
    }
    try:
        devices = _devices()
    except SourceError as error:
        return [_no_sound(name, str(error)) if need else _not_needed(name) for name, need in wanted.items()]
    findings = []
    for name, need in wanted.items():
        if need is None:
            findings.append(_not_needed(name))
            continue
        channels, called = need
        names = [str(device["name"]) for device in devices if int(device[channels]) > 0]
        findings.append(_sound_device(name, names, called))
    return findings


def _devices() -> list[dict[str, Any]]:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: there is no PortAudio
        raise SourceError(str(error)) from error
    try:
        return [dict(device) for device in sounddevice.query_devices()]
    except sounddevice.PortAudioError as error:
        raise SourceError(str(error)) from error


def _sound_device(kind: str, names: list[str], called: str | None) -> Finding:
    fitting = [name for name in names if called is None or called.lower() in name.lower()]
    if fitting:
        return Finding(name=kind, status="ok", found=", ".join(fitting))
    there = f"there are {', '.join(names)}" if names else "there is none"
    return Finding(
        name=kind,
        status="fail",
        found=f"none called {called!r}; {there}" if called else "none",
        mend="plug one in, let this user join the group `audio`, or name another audio.source or audio.sink",
    )


def _no_sound(kind: str, reason: str) -> Finding:
    return Finding(
        name=kind,
        status="fail",
        found=f"sound devices cannot be reached ({reason})",
        mend="install the extra `nearfield[audio]` and PortAudio (`apt-get install libportaudio2`)",
    )


def _not_needed(kind: str) -> Finding:
    return Finding(name=kind, status="ok", found="not needed as configured")


def packs(configuration: Configuration, store: ModelStore) -> list[Finding]:
    """Every byte of the packs in use, and whether the site's policy accepts their licences."""
    return [
        _site_file(name, store) if is_file_name(name) else _pack(name, configuration, store)
        for name in _packs_in_use(configuration)
    ]


def _packs_in_use(configuration: Configuration) -> Iterable[str]:
    wake = configuration.wake.packs_in_use if configuration.wake.mode == "wake" else ()
    turn = (configuration.turn.pack,) if configuration.turn.pack else ()
    return dict.fromkeys(
        (configuration.engines.asr, configuration.vad.pack, *turn, *wake, configuration.engines.tts)
    )


def _site_file(name: str, store: ModelStore) -> Finding:
    try:
        file = pack_or_file(name, store)
    except ModelsError as error:
        return Finding(name=f"model file {name}", status="fail", found=str(error), mend="mend engines.asr")
    return Finding(name=f"model file {name}", status="ok", found=f"the site's own, {file.digest}")


def porcupine(configuration: Configuration) -> list[Finding]:
    """Whether Porcupine has its key and its keywords and may run here, where it is chosen."""
    if configuration.wake.mode != "wake" or configuration.wake.engine != "porcupine":
        return []
    try:
        require_porcupine(configuration, os.environ)
    except EdgeError as error:
        mend = "give it what it needs, or choose another wake.engine"
        return [Finding(name="porcupine", status="fail", found=str(error), mend=mend)]
    return [
        Finding(
            name="porcupine",
            status="warn",
            found="has its key and its keywords",
            mend="its first use on a device contacts its vendor: start the device once while it is connected",
        )
    ]


def _pack(pack_id: str, configuration: Configuration, store: ModelStore) -> Finding:
    name = f"pack {pack_id}"
    mend = f"run `nearfield-models fetch {pack_id}`"
    try:
        manifest = store.catalogue.manifest(pack_id)
        pack = store.installed(pack_id)
        faults = store.faults(manifest, thorough=True)
        verdict = judge(manifest, named_policy(configuration.device.profile))
    except ModelsError as error:
        return Finding(name=name, status="fail", found=str(error), mend=mend)
    if faults:
        return Finding(name=name, status="fail", found=f"{faults[0].name} {faults[0].reason}", mend=mend)
    if not verdict.allowed:
        return Finding(
            name=name,
            status="fail",
            found=verdict.reason,
            mend="choose another pack, or state in a policy of your own what you accept",
        )
    found = f"{pack.version}, {pack.digest}"
    if verdict.notice:
        return Finding(name=name, status="warn", found=found, mend=verdict.notice)
    return Finding(name=name, status="ok", found=found)
