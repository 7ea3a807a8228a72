/** What an understanding and a route say, prepared for showing; pure. */

import type { Alternative, Json, RouteDecision, Understanding } from "../protocol/record";

export const ROUTES = ["skill", "cache", "cloud", "clarify", "refuse"] as const;
export type Route = (typeof ROUTES)[number];

export interface RouteStep {
  readonly route: Route;
  readonly verdict: "taken" | "declined" | "not_reached";
  readonly reason: string;
}

/** Every route in the order in which they are tried, with what became of each. */
export function routeSteps(decision: RouteDecision): readonly RouteStep[] {
  const declined = new Map(decision.considered.map(split));
  return ROUTES.map((route) => {
    if (route === decision.route) return { route, verdict: "taken", reason: decision.reason };
    const reason = declined.get(route);
    return reason === undefined
      ? { route, verdict: "not_reached", reason: "" }
      : { route, verdict: "declined", reason };
  });
}

function split(line: string): readonly [string, string] {
  const colon = line.indexOf(": ");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
}

export interface SlotRow {
  readonly name: string;
  readonly value: string;
  /** The words that filled it; null where no words did, or where they are not known. */
  readonly words: string | null;
}

/** The slots of what was understood, each with the words that filled it. */
export function slotRows(understanding: Understanding): readonly SlotRow[] {
  const words = chosen(understanding)?.words ?? {};
  return Object.entries(understanding.slots).map(([name, value]) => ({
    name: spaced(name),
    value: shown(value),
    words: words[name] ?? null,
  }));
}

/** The hypothesis that became the understanding: the first of the same meaning. */
export function chosen(understanding: Understanding): Alternative | null {
  return understanding.alternatives.find((one) => sameMeaning(one, understanding)) ?? null;
}

/** What else the sound may have meant, the likeliest first. */
export function otherMeanings(understanding: Understanding): readonly Alternative[] {
  return understanding.alternatives.filter((one) => !sameMeaning(one, understanding));
}

function sameMeaning(one: Alternative, other: Alternative | Understanding): boolean {
  return one.intent === other.intent && one.skill === other.skill && key(one.slots) === key(other.slots);
}

function key(slots: Readonly<Record<string, Json>>): string {
  return JSON.stringify(Object.entries(slots).sort(([a], [b]) => a.localeCompare(b)));
}

/** `milkAmount` as words: `milk amount`. */
export function spaced(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .toLowerCase();
}

/** A slot's value as a person reads it. */
export function shown(value: Json): string {
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (value !== null && typeof value === "object") {
    return Object.entries(value)
      .map(([name, part]) => `${spaced(name)} ${shown(part)}`)
      .join(", ");
  }
  return String(value);
}

export interface Piece {
  readonly text: string;
  /** The slot that these words filled, or null. */
  readonly slot: string | null;
}

/** A sentence cut where words filled slots; each slot's words are marked once. */
export function marked(sentence: string, words: Readonly<Record<string, string>>): readonly Piece[] {
  const places = Object.entries(words)
    .map(([slot, said]) => ({ slot, ...found(sentence, said) }))
    .filter((place) => place.from >= 0)
    .sort((a, b) => a.from - b.from || b.to - a.to);
  const pieces: Piece[] = [];
  let at = 0;
  for (const { slot, from, to } of places) {
    if (from < at) continue;
    if (from > at) pieces.push({ text: sentence.slice(at, from), slot: null });
    pieces.push({ text: sentence.slice(from, to), slot: spaced(slot) });
    at = to;
  }
  if (at < sentence.length) pieces.push({ text: sentence.slice(at), slot: null });
  return pieces;
}

function found(sentence: string, said: string): { readonly from: number; readonly to: number } {
  if (said === "") return { from: -1, to: -1 };
  const pattern = said
    .split(/[\s-]+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s-]+");
  const match = new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, "iu").exec(sentence);
  return match ? { from: match.index, to: match.index + match[0].length } : { from: -1, to: -1 };
}
