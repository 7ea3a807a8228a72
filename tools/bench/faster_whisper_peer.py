"""Runs in the peer's own environment: ``python faster_whisper_peer.py MODEL_FOLDER THREADS``.

Tells its versions as a line of JSON, then answers each WAV or FLAC path on standard input with the seconds of
decoding and the text. Decoding the file to samples is not timed.
"""

import json
import sys
import time
from importlib.metadata import version


def main() -> None:
    """Load the model, then answer until standard input ends."""
    from faster_whisper import WhisperModel, decode_audio  # type: ignore[import-not-found]

    folder, threads = sys.argv[1], int(sys.argv[2])
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads)
    answer({name: version(name) for name in ("faster-whisper", "ctranslate2")})
    for line in sys.stdin:
        samples = decode_audio(line.rstrip("\n"), sampling_rate=16_000)
        began = time.perf_counter()
        segments, _ = model.transcribe(
            samples,
            language="en",
            beam_size=1,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        text = "".join(segment.text for segment in segments)
        answer({"seconds": time.perf_counter() - began, "text": text})


def answer(value: dict[str, object]) -> None:
    """Write one line of JSON."""
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
