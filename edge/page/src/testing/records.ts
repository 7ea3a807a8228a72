/** Turn records for tests. */

import type { KeptTurn, TurnRecord } from "../protocol/record";

/** An answered order, `minute` minutes after nine. */
export function record(turnId: string, minute = 0): TurnRecord {
  return {
    turn_id: turnId,
    device_id: "counter",
    started_at: `2026-01-01T09:${String(minute).padStart(2, "0")}:00.000+00:00`,
    opened_by: "wake",
    outcome: "answered",
    transcript: "A large latte.",
    understanding: {
      intent: "orderDrink",
      skill: "coffee",
      slots: { size: "large", coffeeDrink: "latte" },
      confidence: 0.98,
      source: "grammar",
      alternatives: [
        {
          intent: "orderDrink",
          skill: "coffee",
          said: "a large latte",
          slots: { size: "large", coffeeDrink: "latte" },
          words: { size: "large", coffeeDrink: "latte" },
          confidence: 0.98,
          behind: 0,
        },
        {
          intent: "orderDrink",
          skill: "coffee",
          said: "a large coffee",
          slots: { size: "large", coffeeDrink: "coffee" },
          words: { size: "large", coffeeDrink: "coffee" },
          confidence: 0.02,
          behind: 9.2,
        },
      ],
    },
    route: {
      route: "skill",
      reason: "grammar matched coffee.orderDrink",
      confidence: 0.98,
      policy_version: "4",
      considered: [],
    },
    reply: { text: "One large latte.", source: "skill:coffee", heard_ms: 1200 },
    timings_ms: { endpoint: 180, transcript: 290, understood: 290, first_audio: 350, done: 1550 },
    versions: { nearfield: "0.1.0" },
    revision: 0,
    effects: [],
    faults: [],
    timeline: [
      { at_ms: -1200, event: "partial", detail: "a large" },
      { at_ms: 180, event: "endpoint", detail: "silence" },
      { at_ms: 290, event: "transcript", detail: "" },
      { at_ms: 290, event: "guess_kept", detail: "begun 120 ms before the end" },
      { at_ms: 120, event: "judged", detail: "0.96" },
      { at_ms: 350, event: "first_audio", detail: "" },
      { at_ms: 1550, event: "done", detail: "" },
    ],
  };
}

export function kept(turnId: string, minute = 0): KeptTurn {
  return { record: record(turnId, minute), hasSound: true };
}
