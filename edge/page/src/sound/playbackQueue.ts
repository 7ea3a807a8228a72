/** Replies between network and loudspeaker: smooth where messages come unevenly, silent at once when stopped; pure. */

export class PlaybackQueue {
  /** Samples that were really played; silence that the queue put in between does not count. */
  played = 0;
  /** How often a reply had a hole because its sound came too late. */
  underruns = 0;
  private chunks: Float32Array[] = [];
  private offset = 0;
  private queued = 0;
  private ended = true;
  private running = false;

  /** Takes how much must be there before a reply begins, and over how much a stopped one fades; samples. */
  constructor(
    private readonly ahead: number,
    private readonly fade: number,
  ) {}

  /** A reply begins. */
  begin(): void {
    this.ended = false;
  }

  /** Its next samples: int16. */
  push(pcm: Int16Array): void {
    this.chunks.push(Float32Array.from(pcm, (sample) => sample / 32768));
    this.queued += pcm.length;
  }

  /** Nothing more comes; what is here is played. */
  end(): void {
    this.ended = true;
  }

  /** Nothing more is wanted: what would be played next fades out, and the rest is dropped. */
  stop(): void {
    const last = this.running ? this.pull(Math.min(this.fade, this.queued)) : new Float32Array(0);
    this.chunks = [last.map((sample, index) => sample * (1 - (index + 1) / last.length))];
    this.offset = 0;
    this.queued = last.length;
    this.ended = true;
  }

  get silent(): boolean {
    return this.queued === 0;
  }

  /** Fill a block with what is to be heard next. */
  fill(block: Float32Array): void {
    block.fill(0);
    if (!this.running) this.running = this.queued > 0 && (this.ended || this.queued >= this.ahead);
    if (!this.running) return;
    const sound = this.pull(Math.min(block.length, this.queued));
    block.set(sound);
    this.played += sound.length;
    if (this.queued > 0) return;
    this.running = false;
    if (!this.ended) this.underruns++;
  }

  private pull(count: number): Float32Array {
    const out = new Float32Array(count);
    let done = 0;
    while (done < count) {
      const chunk = this.chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(this.offset, this.offset + count - done);
      out.set(part, done);
      done += part.length;
      this.offset += part.length;
      if (this.offset < chunk.length) continue;
      this.chunks.shift();
      this.offset = 0;
    }
    this.queued -= done;
    return out;
  }
}
