/** What the customer's screen shows of a conversation; pure. */

import type { PageState } from "./pageState";

export interface Captions {
  readonly heard: string | null;
  readonly said: string | null;
}

/**
 * What is heard and said now. A question of the device stays while it waits for the answer, until something
 * of the answer is heard; an answer that was taken back is gone at once.
 */
export function captions(state: PageState): Captions {
  const newest = state.exchanges.at(-1);
  if (newest === undefined) return { heard: null, said: null };
  if (newest.heard === "" && newest.answer === null) {
    const before = state.asks ? state.exchanges.at(-2) : undefined;
    return { heard: null, said: before?.answer ?? null };
  }
  return { heard: newest.heard === "" ? null : newest.heard, said: newest.answer };
}
