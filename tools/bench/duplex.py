"""Speaking and listening at once, in a simulated room: echo, self-triggers, interruptions, orders.

The device's own voice (the voice pack reading an encyclopedia) is played without a pause; real orders are
said into it. Everything the microphone hears is simulated (``tools.bench.room``), since there is no sound
hardware.

* ``enhancement_db``: echo before over echo after, second by second once settled, nobody else speaking.
  ``disturbance_db``: in the recogniser's signal, while orders are said, what is not near speech over near
  speech.
* ``self_triggers``: ``stretches`` of speech that the voice detector hears in the suppressed signal while
  nobody speaks, from the very first sound on; ``interruptions`` are those of more than 200 ms, which
  ``per_hour`` counts; and wake words likewise.
* ``interruptions``: orders at the level of the echo that count as speech within 300 ms of their onset, and
  when they have done so for 200 ms.
* ``orders``: fully right in silence, while the device plays on, and when it stops 80 ms after an
  interruption.
* ``hop_ms``: the linear canceller with the search for the delay, and the whole front end.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_models.engines import load_vad
from nearfield_models.errors import ModelsError
from nearfield_models.frontend.aligned import AlignedCanceller
from nearfield_models.frontend.cancelling import EchoCancellingFrontEnd
from nearfield_models.frontend.engine import CleanedHop, FrontEndCapabilities
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.duplex_sounds import Condition, Scene, order_names, scene, silenced
from tools.bench.duplex_trials import (
    HEARD_WITHIN_MS,
    Cleaned,
    cleaned,
    cost_ms,
    disturbance_db,
    enhancement_db,
    interrupting,
    noticed_after_ms,
    right_orders,
    segments,
    speech_hops,
    stopped_spans,
    wake_count,
)
from tools.bench.order_sounds import read_labels
from tools.bench.order_trials import VAD, coffee_grammar, load_recogniser
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.bench.room import KIOSK, MEETING_ROOM
from tools.bench.room import Path as SoundPath

EQUAL: Final = Condition(room=KIOSK, path=SoundPath(delay_ms=120, distortion=0.3))
"""The condition of the targets: the loudspeaker as loud in the microphone as the person."""
CONDITIONS: Final = (
    EQUAL,
    Condition(room=MEETING_ROOM, path=SoundPath(delay_ms=120, distortion=0.3), seed=1),
    Condition(room=KIOSK, path=SoundPath(delay_ms=20), echo_over_near_db=10, seed=2),
    Condition(room=KIOSK, path=SoundPath(delay_ms=450, drift_ppm=50, distortion=0.3), seed=3),
    Condition(room=MEETING_ROOM, path=SoundPath(delay_ms=200, drift_ppm=-50, distortion=1), seed=4),
)
TARGETS: Final = (
    Target(name="device speech taken for a person", figure="self_triggers.per_hour", at="most", value=0),
    Target(name="wake words of its own", figure="self_triggers.wakes", at="most", value=0),
    Target(name="interruptions heard in time", figure="interruptions.heard_percent", at="least", value=95),
    Target(name="orders lost when it stops", figure="orders.lost_when_it_stops", at="most", value=2),
    Target(name="orders lost when it plays on", figure="orders.lost_when_it_plays_on", at="most", value=10),
    Target(name="linear canceller", figure="hop_ms.canceller.p50", at="most", value=1.0, unit="ms"),
)
PARTS: Final = ("echo", "self_triggers", "interruptions", "orders", "hop_ms")
_ECHO_ORDERS: Final = 3
_HUNDRED: Final = 100.0


class _CancellerAlone:
    """The linear part as a front end, to tell its cost."""

    def __init__(self) -> None:
        self._canceller = AlignedCanceller()

    @property
    def capabilities(self) -> FrontEndCapabilities:
        return FrontEndCapabilities(cancels_echo=True)

    def accept(self, microphone: Samples, reference: Samples) -> CleanedHop:
        left, _ = self._canceller.accept(microphone, reference)
        return CleanedHop(suppressed=left, recogniser=left)

    def reset(self) -> None:
        self._canceller.reset()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--limit", type=int, default=40, metavar="N", help="orders (default: 40)")
    parser.add_argument("--minutes", type=float, default=3, help="of device speech alone (default: 3)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="of the measurement")
    parser.add_argument(
        "--show", action="store_true", help="print what was not heard, and every self-trigger"
    )


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    title = f"speaking and listening at once, {arguments.limit} orders"
    packages = ("numpy", "onnxruntime", "livekit")
    if read_labels(arguments.data / "orders") is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="duplex", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    try:
        EchoCancellingFrontEnd()
    except ModelsError as error:
        return Report(name="duplex", title=title, figures={}, targets=TARGETS, skipped=(str(error),))
    with_orders = scene(arguments.data, EQUAL, names=order_names(arguments.data, arguments.limit))
    played_on = cleaned(EchoCancellingFrontEnd(), with_orders.played, with_orders.microphone)
    speech = speech_hops(played_on.suppressed)
    parts: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "echo": lambda: {one.name: _echo(arguments.data, one) for one in CONDITIONS},
        "self_triggers": lambda: _self_triggers(arguments),
        "interruptions": lambda: _interruptions(with_orders, speech, show=arguments.show),
        "orders": lambda: _orders(arguments, with_orders, played_on, interrupting(speech)),
        "hop_ms": lambda: _costs(with_orders, played_on),
    }
    return Report(
        name="duplex",
        title=title,
        figures={name: measure() for name, measure in parts.items() if name in arguments.parts},
        targets=TARGETS,
        skipped=[f"{name}: not among --parts" for name in parts if name not in arguments.parts],
        packages=packages,
    )


def _echo(data: Path, condition: Condition) -> Mapping[str, Any]:
    sounds = scene(data, condition, names=order_names(data, _ECHO_ORDERS))
    alone = cleaned(EchoCancellingFrontEnd(), sounds.played, sounds.echo + sounds.noise)
    front_end = EchoCancellingFrontEnd()
    together = cleaned(front_end, sounds.played, sounds.microphone)
    delay = front_end.delay_samples
    return {
        "enhancement_db_recogniser": enhancement_db(sounds.echo, alone.recogniser),
        "enhancement_db_suppressed": enhancement_db(sounds.echo, alone.suppressed),
        "disturbance_db": disturbance_db(sounds, together.recogniser),
        "disturbance_db_without": disturbance_db(sounds, sounds.microphone),
        "delay_found_ms": None if delay is None else round(delay * 1e3 / SAMPLE_RATE_HZ, 1),
        "drift_found_ppm": round(front_end.drift_ppm, 1),
    }


def _self_triggers(arguments: argparse.Namespace) -> Mapping[str, Any]:
    stretches, interruptions, wakes, hours = 0, 0, 0, 0.0
    rooms = CONDITIONS[:2]
    for condition in rooms:
        sounds = scene(arguments.data, condition, names=(), seconds=60 * arguments.minutes / len(rooms))
        heard = cleaned(EchoCancellingFrontEnd(), sounds.played, sounds.echo + sounds.noise).suppressed
        speech = speech_hops(heard)
        found = segments(speech)
        stretches, wakes = stretches + len(found), wakes + wake_count(heard)
        interruptions += len(segments(interrupting(speech)))
        hours += heard.size / SAMPLE_RATE_HZ / 3600
        if arguments.show:
            for first, end in found:
                print(f"self-trigger: {condition.name}: {first / 100:.2f} to {end / 100:.2f} s")
    return {
        "minutes": round(60 * hours, 1),
        "stretches": stretches,
        "interruptions": interruptions,
        "per_hour": round(interruptions / hours, 1),
        "wakes": wakes,
    }


def _interruptions(sounds: Scene, speech: np.ndarray[Any, Any], *, show: bool) -> Mapping[str, Any]:
    after = {spoken.name: noticed_after_ms(spoken, speech) for spoken in sounds.spoken}
    in_time = [took for took in after.values() if took is not None and took <= HEARD_WITHIN_MS]
    if show:
        for name, took in after.items():
            if took is None or took > HEARD_WITHIN_MS:
                print(f"interruption: {name}: {'not heard' if took is None else f'{took} ms'}")
    counted = [noticed_after_ms(spoken, interrupting(speech)) for spoken in sounds.spoken]
    return {
        "n": len(after),
        "heard_percent": round(_HUNDRED * len(in_time) / len(after), 1),
        "noticed_after_ms_p50": _median(after.values()),
        "interrupted_after_ms_p50": _median(counted),
    }


def _median(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _orders(
    arguments: argparse.Namespace, sounds: Scene, played_on: Cleaned, speech: np.ndarray[Any, Any]
) -> Mapping[str, Any]:
    labels = read_labels(arguments.data / "orders") or {}
    recogniser = load_recogniser(coffee_grammar())
    vad = load_vad(VAD, runtime=RuntimeOptions(threads=1))
    nothing = np.zeros_like(sounds.played)
    silence = cleaned(EchoCancellingFrontEnd(), nothing, sounds.near + sounds.noise)
    stopping = silenced(sounds, EQUAL, stopped_spans(sounds, speech))
    stopped = cleaned(EchoCancellingFrontEnd(), stopping.played, stopping.microphone)
    ways: Sequence[tuple[str, Cleaned]] = (
        ("in_silence", silence),
        ("it_stops", stopped),
        ("it_plays_on", played_on),
        ("it_plays_on_uncancelled", _uncancelled(sounds, played_on)),
    )
    shares = {}
    for name, signals in ways:
        right = right_orders(sounds, signals, recogniser, labels, vad)
        shares[name] = round(_HUNDRED * sum(right.values()) / len(right), 1)
        if arguments.show:
            print(f"orders: {name}: wrong: {[order for order, is_right in right.items() if not is_right]}")
    return {
        "n": len(sounds.spoken),
        "right_percent": shares,
        "lost_when_it_stops": round(shares["in_silence"] - shares["it_stops"], 1),
        "lost_when_it_plays_on": round(shares["in_silence"] - shares["it_plays_on"], 1),
    }


def _uncancelled(sounds: Scene, found: Cleaned) -> Cleaned:
    """Cut where the front end heard the order, out of what the microphone heard."""
    return Cleaned(suppressed=found.suppressed, recogniser=sounds.microphone, hop_ms=found.hop_ms)


def _costs(sounds: Scene, whole: Cleaned) -> Mapping[str, Any]:
    alone = cleaned(_CancellerAlone(), sounds.played, sounds.microphone)
    return {"canceller": cost_ms([alone.hop_ms]), "front_end": cost_ms([whole.hop_ms])}
