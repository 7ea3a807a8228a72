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

const ORDERS: Readonly<Record<string, PlaybackOrder>> = {
  "speech.started": "begin",
  "speech.ended": "end",
  "speech.stopped": "stop",
};

/** What a message of the device means for the player; null for one that means nothing to it. */
export function orderOf(text: string): PlaybackOrder | null {
  const { type } = JSON.parse(text) as { type: string };
  return Object.hasOwn(ORDERS, type) ? (ORDERS[type] ?? null) : null;
}
