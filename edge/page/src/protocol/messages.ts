/** What travels over `/ws/events`, both ways. */

import type { RouteDecision, TurnRecord, Understanding } from "./record";

export const STAGES = ["idle", "listening", "thinking", "speaking"] as const;
export type Stage = (typeof STAGES)[number];
export type Microphone = "page" | "device" | "none";

export type ServerMessage =
  | {
      readonly type: "hello";
      readonly state: Stage;
      readonly muted: boolean;
      readonly microphone: Microphone;
      readonly turn_id: string | null;
    }
  | {
      readonly type: "state";
      readonly state: Stage;
      readonly turn_id: string | null;
      readonly opened_by: string | null;
      readonly asks: boolean;
    }
  | {
      readonly type: "heard";
      readonly turn_id: string;
      readonly revision: number;
      readonly text: string;
      readonly final: boolean;
    }
  | { readonly type: "understood"; readonly turn_id: string; readonly understanding: Understanding }
  | { readonly type: "route"; readonly turn_id: string; readonly decision: RouteDecision }
  | { readonly type: "answer"; readonly turn_id: string; readonly text: string }
  | { readonly type: "taken_back"; readonly turn_id: string; readonly revision: number }
  | { readonly type: "turn"; readonly record: TurnRecord; readonly has_sound: boolean }
  | { readonly type: "muted"; readonly muted: boolean }
  | { readonly type: "microphone"; readonly microphone: Microphone }
  | { readonly type: "error"; readonly code: string; readonly detail: string };

export type ClientMessage =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "talk"; readonly held: boolean }
  | { readonly type: "release" }
  | { readonly type: "stop" }
  | { readonly type: "mute"; readonly muted: boolean };

/** The longest request that can be typed; characters. */
export const LONGEST_TEXT = 500;

type Kind = "string" | "boolean" | "number" | "object";

/** The fields without which a message cannot be shown, and of which kind they are. */
const NEEDED: Readonly<Record<ServerMessage["type"], Readonly<Record<string, Kind>>>> = {
  hello: { state: "string", muted: "boolean", microphone: "string" },
  state: { state: "string" },
  heard: { turn_id: "string", text: "string", final: "boolean" },
  understood: { turn_id: "string", understanding: "object" },
  route: { turn_id: "string", decision: "object" },
  answer: { turn_id: "string", text: "string" },
  taken_back: { turn_id: "string" },
  turn: { record: "object" },
  muted: { muted: "boolean" },
  microphone: { microphone: "string" },
  error: { code: "string" },
};

/**
 * Read one message of the device.
 *
 * Null for what this page does not know: a newer device may say more than an older page understands, and
 * what it says besides still counts.
 */
export function readMessage(text: string): ServerMessage | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(raw) || typeof raw.type !== "string" || !Object.hasOwn(NEEDED, raw.type)) return null;
  const needed = NEEDED[raw.type as ServerMessage["type"]];
  const complete = Object.entries(needed).every(([name, kind]) => isOfKind(raw[name], kind));
  if (!complete || ("state" in raw && !STAGES.includes(raw.state as Stage))) return null;
  return raw as ServerMessage;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOfKind(value: unknown, kind: Kind): boolean {
  return kind === "object" ? isObject(value) : typeof value === kind;
}
