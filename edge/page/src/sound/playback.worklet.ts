/** Runs on the browser's sound thread: plays replies and tells how much of them was heard, and how loud. */

import { PlaybackQueue } from "./playbackQueue";
import type { PlaybackOrder, PlaybackReport } from "./playbackPort";

const AHEAD_MS = 100;
const FADE_MS = 5;
const BLOCKS_A_REPORT = 6;

class Playback extends AudioWorkletProcessor {
  private readonly queue = new PlaybackQueue((sampleRate * AHEAD_MS) / 1000, (sampleRate * FADE_MS) / 1000);
  private blocks = 0;
  private loudest = 0;
  private wasSilent = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<PlaybackOrder>) => {
      if (data instanceof ArrayBuffer) this.queue.push(new Int16Array(data));
      else this.queue[data]();
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const block = outputs[0]?.[0];
    if (block === undefined) return true;
    this.queue.fill(block);
    for (const sample of block) this.loudest = Math.max(this.loudest, Math.abs(sample));
    this.blocks++;
    if (this.blocks >= BLOCKS_A_REPORT) this.report();
    return true;
  }

  private report(): void {
    const { silent, played, underruns } = this.queue;
    const news = !(silent && this.wasSilent);
    const report: PlaybackReport = { playedMs: (played * 1000) / sampleRate, peak: this.loudest, underruns };
    if (news) this.port.postMessage(report);
    this.wasSilent = silent;
    this.blocks = 0;
    this.loudest = 0;
  }
}

registerProcessor("nearfield-playback", Playback);
