/** What the page and its player on the sound thread say to each other. */

/** Int16 samples, or what becomes of the reply. */
export type PlaybackOrder = ArrayBuffer | "begin" | "end" | "stop";

export interface PlaybackReport {
  /** Since the player was made. */
  readonly playedMs: number;
  /** The loudest sample since the last report, 0..1. */
  readonly peak: number;
  readonly underruns: number;
}
