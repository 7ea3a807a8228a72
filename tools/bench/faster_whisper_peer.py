"""Runs in the peer's own environment: ``python faster_whisper_peer.py MODEL_FOLDER THREADS [--words]``.

Tells its versions as a line of JSON, then answers each WAV or FLAC path on standard input with the seconds of
decoding and the text; with ``--words`` also where each word begins, in seconds. Decoding the file to samples
is not timed.
"""

import json
import sys
import time
from importlib.metadata import version


def main() -> None:
    """Load the model, then answer until standard input ends."""
    from faster_whisper import WhisperModel, decode_audio  # type: ignore[import-not-found]

    folder, threads, with_words = sys.argv[1], int(sys.argv[2]), "--words" in sys.argv
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
            without_timestamps=not with_words,
            word_timestamps=with_words,
            condition_on_previous_text=False,
        )
        heard = list(segments)
        told: dict[str, object] = {"text": "".join(segment.text for segment in heard)}
        told["seconds"] = time.perf_counter() - began
        if with_words:
            told["words"] = [(word.word, word.start) for segment in heard for word in segment.words]
        answer(told)


def answer(value: dict[str, object]) -> None:
    """Write one line of JSON."""
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
