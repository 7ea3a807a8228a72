"""All that the doctor looks at, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nearfield_edge.configuration import Configuration, read_configuration
from nearfield_edge.doctor import machine, software, understanding
from nearfield_edge.doctor.cloud import cloud
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.doctor.page import page
from nearfield_edge.doctor.prompts import prompts
from nearfield_edge.doctor.wake_phrases import wake_phrases
from nearfield_edge.errors import ConfigurationError, EdgeError
from nearfield_edge.life.egress import parse_destination
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.keys import FileKeyStore
from nearfield_models.errors import LexiconError, ModelsError
from nearfield_models.store import ModelStore
from nearfield_models.tts.lexicon import read_lexicon
from nearfield_sync.clock import Clock, SystemClock

Check = Callable[[], Finding | list[Finding]]


def run_checks(
    config: Path | None, *, clock: Clock | None = None, store: ModelStore | None = None
) -> list[Finding]:
    """Look at everything that this configuration needs.

    A wrong configuration is a finding too; the rest is then looked at as if there were none.

    Args:
        config: The configuration file, or None for the defaults.
        clock: The machine's clock if None.
        store: This user's store of packs if None.
    """
    configuration, finding = _configuration(config)
    packs_in = store or ModelStore.default()
    checks: dict[str, Check] = {
        "processor": machine.processor,
        "memory": machine.memory,
        "board": machine.board,
        "accelerators": machine.accelerators,
        "python": software.python,
        "packages": lambda: software.packages(configuration),
        "runtimes": lambda: software.runtimes(configuration),
        "sound devices": lambda: software.sound_devices(configuration),
        "packs": lambda: software.packs(configuration, packs_in),
        "paraphrases": lambda: understanding.paraphrases(configuration, packs_in),
        "lexicon": lambda: lexicon(configuration),
        "prompts": lambda: prompts(configuration, packs_in),
        "wake phrase": lambda: wake_phrases(configuration),
        "porcupine": lambda: software.porcupine(configuration),
        "data folder": lambda: machine.disk(configuration.device.data),
        "limits": machine.limits,
        "page": lambda: page(configuration, (clock or SystemClock()).utc_now()),
        "clock": lambda: machine.wall_clock(clock or SystemClock()),
        "site": lambda: site(configuration),
        "cloud": lambda: cloud(configuration, clock or SystemClock()),
        "recordings": lambda: recordings(configuration),
        "effects": lambda: effects(configuration),
    }
    return [finding, *(found for name, check in checks.items() for found in _looked_at(name, check))]


def site(configuration: Configuration) -> Finding:
    """Where the device may connect to."""
    device = configuration.device
    for text in device.egress:
        try:
            parse_destination(text)
        except ConfigurationError as error:
            return Finding(name="site", status="fail", found=str(error), mend="mend device.egress")
    if device.site_mode == "restricted":
        return Finding(
            name="site", status="ok", found=f"restricted, may reach {', '.join(device.egress) or 'nothing'}"
        )
    if device.egress:
        return Finding(
            name="site",
            status="warn",
            found="open, although device.egress names where it may connect to",
            mend='the list counts only under device.site_mode = "restricted"',
        )
    return Finding(name="site", status="ok", found="open")


def lexicon(configuration: Configuration) -> list[Finding]:
    """Whether the site's own pronunciations can be used; nothing where there are none."""
    path = configuration.engines.lexicon
    if path is None:
        return []
    try:
        count = len(read_lexicon(path))
    except LexiconError as error:
        return [
            Finding(name="lexicon", status="fail", found=str(error), mend="mend the file, engines.lexicon")
        ]
    return [
        Finding(name="lexicon", status="ok", found=f"{count} {'word' if count == 1 else 'words'} in {path}")
    ]


def recordings(configuration: Configuration) -> Finding:
    """Whether sound is recorded, and whether its key can be trusted."""
    key = configuration.device.recordings_key
    if key.exists():
        try:
            FileKeyStore(key).key_id()
        except EdgeError as error:
            return Finding(name="recordings", status="fail", found=str(error), mend="mend the key file")
    if configuration.records.sound:
        return Finding(
            name="recordings",
            status="warn",
            found=f"sound is recorded, encrypted, for {configuration.records.sound_keep_days} days",
            mend="say so to the people in the room, or switch off records.sound",
        )
    return Finding(name="recordings", status="ok", found="no sound is recorded")


def effects(configuration: Configuration) -> Finding:
    """Whether what was promised to people has happened."""
    file = configuration.device.effects_file
    counts: dict[str, int] = {}
    if file.exists():
        store = EffectStore(file)
        try:
            counts = store.counts()
        finally:
            store.close()
    failed = counts.get("failed", 0)
    found = f"{counts.get('staged', 0) + counts.get('committed', 0)} waiting, {failed} set aside"
    if failed:
        return Finding(
            name="effects",
            status="warn",
            found=f"{found}: promised, and could not be carried out",
            mend="look at them with `nearfield outbox`, then try them again or erase them there",
        )
    return Finding(name="effects", status="ok", found=found)


def _configuration(config: Path | None) -> tuple[Configuration, Finding]:
    name = "configuration"
    try:
        configuration = read_configuration(config)
    except ConfigurationError as error:
        return Configuration(), Finding(
            name=name,
            status="fail",
            found=str(error),
            mend="mend the file; below, the defaults are looked at",
        )
    return configuration, Finding(
        name=name, status="ok", found=str(config) if config else "built-in defaults"
    )


def _looked_at(name: str, check: Check) -> list[Finding]:
    try:
        found = check()
    except (OSError, EdgeError, ModelsError) as error:
        return [Finding(name=name, status="fail", found=str(error), mend="the doctor could not look at it")]
    return found if isinstance(found, list) else [found]
