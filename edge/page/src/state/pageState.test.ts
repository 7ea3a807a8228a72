import { expect, test } from "vitest";

import type { ServerMessage } from "../protocol/messages";
import { kept, record } from "../testing/records";
import { captions } from "./captions";
import { explained, INITIAL, MOST_EXCHANGES, type PageState, reduce } from "./pageState";

const HELLO: ServerMessage = { type: "hello", state: "idle", muted: false, microphone: "device", turn_id: null };

function after(...messages: readonly ServerMessage[]): PageState {
  return messages.reduce((state, message) => reduce(state, { type: "message", message }), INITIAL);
}

function stage(state: "idle" | "listening" | "thinking" | "speaking", turn: string | null, asks = false): ServerMessage {
  return { type: "state", state, turn_id: turn, opened_by: turn === null ? null : "wake", asks };
}

function heard(turn: string, text: string, final = false): ServerMessage {
  return { type: "heard", turn_id: turn, revision: 0, text, final };
}

test("a greeting tells what the device does, and that it is there", () => {
  const state = after({ ...HELLO, state: "speaking", muted: true });
  expect(state).toMatchObject({ link: "open", stage: "speaking", muted: true, microphone: "device" });
});

test("what is heard grows in one exchange, and its final words stay", () => {
  const state = after(HELLO, stage("listening", "a"), heard("a", "a large"), heard("a", "A large latte.", true));
  expect(state.exchanges).toHaveLength(1);
  expect(state.exchanges[0]).toMatchObject({ turnId: "a", heard: "A large latte.", final: true, openedBy: "wake" });
});

test("what is taken back is void: meaning, route and answer go, the words stay until better ones come", () => {
  const { understanding, route } = record("a");
  const state = after(
    stage("listening", "a"),
    heard("a", "a latte", true),
    { type: "understood", turn_id: "a", understanding },
    ...(route ? [{ type: "route", turn_id: "a", decision: route } as const] : []),
    { type: "answer", turn_id: "a", text: "One latte." },
    { type: "taken_back", turn_id: "a", revision: 1 },
  );
  expect(state.exchanges[0]).toMatchObject({
    heard: "a latte",
    final: false,
    understanding: null,
    decision: null,
    answer: null,
  });
});

test("a record ends its exchange, and nothing that comes late changes it", () => {
  const done = after(stage("listening", "a"), heard("a", "a"), { type: "turn", record: record("a"), has_sound: true });
  const late = reduce(done, { type: "message", message: heard("a", "something else") });
  expect(late.exchanges).toEqual(done.exchanges);
  expect(late.turns).toEqual([kept("a")]);
});

test("a turn in which nobody spoke is listed, and is no exchange", () => {
  const silent = { ...record("a"), transcript: "", reply: null, outcome: "no_speech" };
  const state = after(stage("listening", "a"), { type: "turn", record: silent, has_sound: false });
  expect(state.exchanges).toEqual([]);
  expect(state.turns.map((turn) => turn.record.outcome)).toEqual(["no_speech"]);
});

test("what comes late of a turn that is only listed opens no exchange", () => {
  const listed = reduce(INITIAL, { type: "turns", turns: [kept("a")], more: false });
  expect(reduce(listed, { type: "message", message: heard("a", "late") }).exchanges).toEqual([]);
});

test("a new turn ends a look back and takes away what was wrong before", () => {
  const looking = { ...after(HELLO), selected: "old", notice: { code: "text_too_long", detail: "" } };
  expect(reduce(looking, { type: "message", message: stage("listening", "b") })).toMatchObject({
    selected: null,
    notice: null,
  });
});

test("the same turn going on does not end a look back", () => {
  const looking = reduce(after(stage("listening", "a")), { type: "select", turnId: "old" });
  expect(reduce(looking, { type: "message", message: stage("thinking", "a") }).selected).toBe("old");
});

test("turns are listed once each, the newest first, whichever way they came", () => {
  const listed = reduce(INITIAL, { type: "turns", turns: [kept("b", 2), kept("a", 1)], more: true });
  const more = reduce(listed, { type: "message", message: { type: "turn", record: record("c", 3), has_sound: true } });
  const again = reduce(more, { type: "turns", turns: [kept("c", 3), kept("b", 2)], more: false });
  expect(again.turns.map((turn) => turn.record.turn_id)).toEqual(["c", "b", "a"]);
});

test("a lost line shows no stage that nobody can know of", () => {
  const state = reduce(after(stage("speaking", "a")), { type: "lost", retryAtMs: 5 });
  expect(state).toMatchObject({ link: "lost", retryAtMs: 5, stage: "idle" });
});

test("a conversation without end is kept within bounds", () => {
  const many = Array.from({ length: MOST_EXCHANGES + 5 }, (_, n) => heard(`t${n}`, "words"));
  const state = after(...many);
  expect(state.exchanges).toHaveLength(MOST_EXCHANGES);
  expect(state.exchanges[0]?.turnId).toBe("t5");
});

test("the newest turn is explained unless another was picked", () => {
  const listed = reduce(INITIAL, { type: "turns", turns: [kept("b", 2), kept("a", 1)], more: false });
  expect(explained(listed)?.turnId).toBe("b");
  expect(explained(reduce(listed, { type: "select", turnId: "a" }))?.turnId).toBe("a");
  const live = reduce(listed, { type: "message", message: stage("listening", "c") });
  expect(explained(live)?.turnId).toBe("b");
  const { understanding } = record("c");
  const understood = reduce(live, { type: "message", message: { type: "understood", turn_id: "c", understanding } });
  expect(explained(understood)?.turnId).toBe("c");
});

test("forgetting leaves nothing of what anybody said", () => {
  const state = reduce(after({ type: "turn", record: record("a"), has_sound: true }), { type: "forget" });
  expect(JSON.stringify(state)).not.toContain("latte");
});

test("a question of the device stays on the customer's screen until something of its answer is heard", () => {
  const asked = after({ type: "turn", record: record("a"), has_sound: false }, stage("listening", "b", true));
  expect(captions(asked)).toEqual({ heard: null, said: "One large latte." });
  expect(captions(reduce(asked, { type: "message", message: heard("b", "yes") }))).toEqual({ heard: "yes", said: null });
});

test("a customer reads the sentence that was understood, and not what the transcript made of it", () => {
  const { understanding } = record("a");
  const before = after(stage("listening", "a"), heard("a", "a larch latter"));
  const understood = reduce(before, { type: "message", message: { type: "understood", turn_id: "a", understanding } });
  expect(captions(understood).heard).toBe("a larch latter");
  expect(captions(reduce(understood, { type: "message", message: heard("a", "A larch latter.", true) })).heard).toBe(
    "a large latte",
  );
});

test("a new customer who wakes the device sees nothing of the one before", () => {
  const woken = after({ type: "turn", record: record("a"), has_sound: false }, stage("listening", "b"));
  expect(captions(woken)).toEqual({ heard: null, said: null });
});
