/** The browser's microphone and loudspeaker as the device's: `/ws/audio`. */

import captureModule from "./capture.worklet?worker&url";
import type { Meter } from "./meter";
import playbackModule from "./playback.worklet?worker&url";
import type { PlaybackOrder, PlaybackReport } from "./playbackPort";
import type { Chunk } from "./pcmChunks";

const REPLY_HZ = 16_000;
/** Sound that waits for a slow network; what is beyond is dropped, and the device hears a gap. */
const LONGEST_BACKLOG_BYTES = 256 * 1024;

const TAKEN = 4409;
const NO_SESSION = 4401;

/** Why there is no sound: a key of `error.*`. */
export type SoundFault =
  | "microphone_insecure"
  | "microphone_refused"
  | "microphone_missing"
  | "microphone_taken"
  | "sound_failed";

export class SoundError extends Error {
  constructor(readonly fault: SoundFault) {
    super(fault);
    this.name = "SoundError";
  }
}

/** How a sound connection ended: for good, for a reason, or so that another may follow. */
export type SoundEnd = SoundFault | "lost" | "signed_out";

export class BrowserSound {
  private closed = false;

  private constructor(
    private readonly stream: MediaStream,
    private readonly capture: AudioContext,
    private readonly playback: AudioContext,
    private readonly socket: WebSocket,
    private readonly meter: Meter,
  ) {}

  /**
   * Ask for the microphone, connect it, and play what the device says.
   *
   * Raises SoundError where the browser or the device refuses. `ended` is told once, later, if it ends by
   * itself.
   */
  static async open(meter: Meter, ended: (end: SoundEnd) => void): Promise<BrowserSound> {
    const stream = await microphone();
    const capture = new AudioContext();
    const playback = new AudioContext({ sampleRate: REPLY_HZ });
    try {
      await Promise.all([
        capture.audioWorklet.addModule(captureModule),
        playback.audioWorklet.addModule(playbackModule),
        capture.resume(),
        playback.resume(),
      ]);
      const socket = await connect(capture.sampleRate);
      const sound = new BrowserSound(stream, capture, playback, socket, meter);
      sound.join(ended);
      return sound;
    } catch (error) {
      release(stream, capture, playback);
      throw error instanceof SoundError ? error : new SoundError("sound_failed");
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.onclose = null;
    this.socket.close();
    release(this.stream, this.capture, this.playback);
    this.meter.note({ microphone: 0, reply: 0 });
  }

  private join(ended: (end: SoundEnd) => void): void {
    const finish = (end: SoundEnd) => {
      this.close();
      ended(end);
    };
    this.socket.onclose = ({ code }) => {
      finish(code === TAKEN ? "microphone_taken" : code === NO_SESSION ? "signed_out" : "lost");
    };
    for (const track of this.stream.getTracks()) {
      track.onended = () => {
        finish("microphone_missing");
      };
    }
    this.send();
    this.play();
  }

  private send(): void {
    const node = new AudioWorkletNode(this.capture, "nearfield-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    node.port.onmessage = ({ data }: MessageEvent<Chunk>) => {
      this.meter.note({ microphone: data.level });
      const { readyState, bufferedAmount } = this.socket;
      if (readyState === WebSocket.OPEN && bufferedAmount < LONGEST_BACKLOG_BYTES) this.socket.send(data.pcm);
    };
    this.capture.createMediaStreamSource(this.stream).connect(node);
  }

  private play(): void {
    const node = new AudioWorkletNode(this.playback, "nearfield-playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    node.connect(this.playback.destination);
    node.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) => {
      this.meter.note({ reply: data.peak, playedMs: data.playedMs, underruns: data.underruns });
    };
    this.socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      const order = data instanceof ArrayBuffer ? data : orderOf(data);
      if (order !== null) node.port.postMessage(order);
    };
  }
}

function orderOf(text: string): PlaybackOrder | null {
  const orders: Readonly<Record<string, PlaybackOrder>> = {
    "speech.started": "begin",
    "speech.ended": "end",
    "speech.stopped": "stop",
  };
  const { type } = JSON.parse(text) as { type: string };
  return orders[type] ?? null;
}

async function microphone(): Promise<MediaStream> {
  // Browsers leave it out on insecure pages, whatever its type says.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new SoundError("microphone_insecure");
  try {
    // Echo has to go. Suppression of noise takes away what the recogniser hears words by, and a gain that
    // adapts makes a breath before the first word as loud as a word.
    return await devices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const refused = name === "NotAllowedError" || name === "SecurityError";
    throw new SoundError(refused ? "microphone_refused" : "microphone_missing");
  }
}

function connect(rateHz: number): Promise<WebSocket> {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/audio?rate_hz=${rateHz}&channels=1&bits=16`);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => {
      resolve(socket);
    };
    socket.onclose = ({ code }) => {
      reject(new SoundError(code === TAKEN ? "microphone_taken" : "sound_failed"));
    };
  });
}

function release(stream: MediaStream, ...contexts: AudioContext[]): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
  for (const context of contexts) void context.close();
}
