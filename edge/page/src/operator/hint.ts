import type { DeviceInfo } from "../connection/api";
import type { PageState } from "../state/pageState";
import type { Words } from "../words/words";

/** What one can do now; empty where there is nothing to say. */
export function hint(words: Words, state: PageState, info: DeviceInfo | null): string {
  if (state.link !== "open" || info === null) return "";
  if (state.stage !== "idle") return words.say(`hint.${state.stage}`);
  if (state.muted) return words.say("hint.muted");
  const phrase = info.wake_phrases[0];
  if (info.mode === "wake" && phrase === undefined) return words.say("hint.push_to_talk");
  return words.say(`hint.${info.mode}`, { phrase: phrase ?? "" });
}
