import type { PageState } from "../state/pageState";
import type { Key } from "../words/words";

/** The key of the one word that says what the device does, as far as this page knows. */
export function stageKey(state: PageState): Key {
  if (state.link !== "open") return "stage.lost";
  if (state.stage === "listening") return state.asks ? "stage.asks" : "stage.listening";
  if (state.stage === "idle" && state.muted) return "stage.muted";
  return `stage.${state.stage}`;
}

/** Whether it does nothing that a picture should show as life. */
export function isQuiet(state: PageState): boolean {
  return state.link !== "open" || (state.muted && state.stage === "idle");
}
