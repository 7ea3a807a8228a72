"""What the device says again and again: how much of it can be said at once."""

from __future__ import annotations

from nearfield_edge.composition import load_skill_runtime, surroundings
from nearfield_edge.composition.prompts import prompt_voice
from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_models.engines import load_tts
from nearfield_models.errors import ModelsError
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore

NAME = "prompts"


def prompts(configuration: Configuration, store: ModelStore) -> Finding:
    """How many fixed replies are kept for the voice in use; it is loaded for that.

    Raises:
        EdgeError: A skill, or the site's list of connections, is wrong.
    """
    if not configuration.prompts.keep:
        return Finding(name=NAME, status="ok", found="not kept, as configured")
    engines = configuration.engines
    runtime = RuntimeOptions(
        engine=engines.runtime, providers=engines.providers, device=engines.openvino_device, threads=1
    )
    try:
        voice = load_tts(engines.tts, store=store, runtime=runtime)
    except ModelsError as error:
        return Finding(
            name=NAME, status="warn", found=f"the voice cannot be loaded: {error}", mend="mend its pack first"
        )
    place = surroundings(configuration)
    kept = prompt_voice(place, load_skill_runtime(place).skills.values(), voice)
    if kept is None:
        return Finding(name=NAME, status="ok", found="not kept: this voice does not tell how it speaks")
    missing, count = len(kept.missing()), len(kept.prompts)
    found = f"{count - missing} of {count} filled, in {configuration.device.prompts}"
    if missing:
        return Finding(
            name=NAME,
            status="warn",
            found=found,
            mend="`nearfield run` fills them beside its work, in about a minute; if it has, look for space "
            "on the disk, or raise prompts.most_megabytes",
        )
    return Finding(name=NAME, status="ok", found=found)
