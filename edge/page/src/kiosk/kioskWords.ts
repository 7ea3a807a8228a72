import type { DeviceInfo } from "../connection/api";
import type { PageState } from "../state/pageState";
import type { Key, Words } from "../words/words";

/** The key of what the customer's screen says in its largest letters; `fresh`: nothing was said yet. */
export function headline(state: PageState, fresh: boolean): Key {
  if (state.link === "connecting") return "link.connecting";
  if (state.link !== "open") return "kiosk.lost";
  if (state.stage === "listening") return state.asks ? "kiosk.asks" : "kiosk.listening";
  if (state.stage !== "idle") return `kiosk.${state.stage}`;
  return fresh ? "kiosk.title" : "kiosk.idle";
}

/** How to begin; empty while something is going on. */
export function kioskHint(words: Words, state: PageState, info: DeviceInfo | null): string {
  if (state.link !== "open" || state.stage !== "idle" || info === null) return "";
  if (state.muted) return words.say("kiosk.muted");
  const phrase = info.wake_phrases[0];
  if (info.mode === "wake" && phrase !== undefined) return words.say("kiosk.idle_hint", { phrase });
  return words.say(info.mode === "open_mic" ? "kiosk.idle_hint_open_mic" : "kiosk.idle_hint_push_to_talk");
}
