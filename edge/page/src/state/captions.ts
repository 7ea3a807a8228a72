/** What the customer's screen shows of a conversation; pure. */

import { chosen } from "./meaning";
import type { Exchange, PageState } from "./pageState";

export interface Captions {
  readonly heard: string | null;
  readonly said: string | null;
}

/**
 * What is heard and said now. A question of the device stays while it waits for the answer, until something
 * of the answer is heard; an answer that was taken back is gone at once. Of what is understood the sentence that
 * it was taken for is shown: a transcript alone is often wrong where the understanding is right.
 */
export function captions(state: PageState): Captions {
  const newest = state.exchanges.at(-1);
  if (newest === undefined) return { heard: null, said: null };
  if (newest.heard === "" && newest.answer === null) {
    const before = state.asks ? state.exchanges.at(-2) : undefined;
    return { heard: null, said: before?.answer ?? null };
  }
  return { heard: understoodWords(newest) || null, said: newest.answer };
}

function understoodWords({ heard, final, understanding }: Exchange): string {
  const best = final && understanding ? chosen(understanding) : null;
  return best === null || best.said === "" ? heard : best.said;
}
