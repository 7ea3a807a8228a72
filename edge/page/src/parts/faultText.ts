import { LONGEST_TEXT } from "../protocol/messages";
import type { Words } from "../words/words";

/** A fault by name, in plain words; one that the page does not know in the device's own. */
export function faultText(words: Words, code: string, detail: string): string {
  const text = words.name("error", code);
  if (text === code.replaceAll("_", " ")) return words.say("error.unexpected", { detail: detail || text });
  return text.replace("{most}", String(LONGEST_TEXT)).replace("{detail}", detail);
}
