/** Levels that change many times a second: kept apart from the page's state, so that only meters redraw. */

export interface Levels {
  /** Of the microphone, 0..1. */
  readonly microphone: number;
  /** Of the reply, 0..1. */
  readonly reply: number;
  readonly playedMs: number;
  /** The loudest sample of any reply so far, 0..1. */
  readonly loudest: number;
  readonly underruns: number;
}

const SILENCE: Levels = { microphone: 0, reply: 0, playedMs: 0, loudest: 0, underruns: 0 };

export class Meter {
  private levels = SILENCE;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Levels => this.levels;

  note(change: Partial<Levels>): void {
    const loudest = Math.max(this.levels.loudest, change.reply ?? 0);
    this.levels = { ...this.levels, ...change, loudest };
    for (const listener of this.listeners) listener();
  }
}
