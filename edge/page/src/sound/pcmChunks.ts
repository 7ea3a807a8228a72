/** Sound of any block size as messages of one size: int16, little-endian; pure. */

export interface Chunk {
  readonly pcm: ArrayBuffer;
  /** Root mean square of its samples, 0..1. */
  readonly level: number;
}

export class PcmChunks {
  private samples: Int16Array;
  private filled = 0;
  private energy = 0;

  /** Takes the size of a chunk in samples. */
  constructor(private readonly size: number) {
    this.samples = new Int16Array(size);
  }

  /** Give the chunks that these samples (-1..1) complete. */
  take(block: Float32Array): readonly Chunk[] {
    const complete: Chunk[] = [];
    for (const sample of block) {
      const bounded = Math.min(Math.max(sample, -1), 1);
      this.samples[this.filled++] = Math.round(bounded * (bounded < 0 ? 32768 : 32767));
      this.energy += bounded * bounded;
      if (this.filled === this.size) complete.push(this.next());
    }
    return complete;
  }

  private next(): Chunk {
    const chunk = { pcm: this.samples.buffer as ArrayBuffer, level: Math.sqrt(this.energy / this.size) };
    this.samples = new Int16Array(this.size);
    this.filled = 0;
    this.energy = 0;
    return chunk;
  }
}
