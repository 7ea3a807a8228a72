import { expect, test } from "vitest";

import { record } from "../testing/records";
import { inOrder, layOut } from "./waterfall";

const NONE = { endpoint: null, transcript: null, understood: null, first_audio: null, done: null };

test("the stages of a spoken turn follow each other from hearing to speaking", () => {
  const { bars, totalMs } = layOut(record("a"));
  expect(bars.map(({ stage, fromMs, toMs }) => [stage, fromMs, toMs])).toEqual([
    ["hearing", -1200, 0],
    ["endpoint", 0, 180],
    ["ahead", 60, 290],
    ["transcript", 180, 290],
    ["first_audio", 290, 350],
    ["speaking", 350, 1550],
  ]);
  expect(totalMs).toBe(350);
});

test("what is longer than the waiting is cut at the axis' ends, and says so", () => {
  const { bars } = layOut(record("a"));
  const [hearing, speaking] = [bars[0], bars.at(-1)];
  expect(hearing).toMatchObject({ from: 0, cutBefore: true, cutAfter: false });
  expect(speaking).toMatchObject({ to: 1, cutBefore: false, cutAfter: true });
});

test("every bar and mark lies on the axis, and no bar ends before it begins", () => {
  const { bars, marks } = layOut(record("a"));
  for (const bar of bars) {
    expect(bar.from).toBeGreaterThanOrEqual(0);
    expect(bar.to).toBeGreaterThan(bar.from);
    expect(bar.to).toBeLessThanOrEqual(1);
  }
  expect(marks.map((mark) => mark.entry.event)).toEqual(["guess_kept", "judged"]);
  for (const mark of marks) expect(mark.at).toBeGreaterThan(0);
});

test("zero is always among the ticks, and they are round", () => {
  const { ticksMs } = layOut(record("a"));
  expect(ticksMs).toEqual([0, 100, 200, 300, 400]);
});

test("a typed turn begins with its request", () => {
  const typed = { ...record("a"), opened_by: "text", timeline: [], timings_ms: { ...NONE, understood: 12.5 } };
  const { bars, fromMs, totalMs } = layOut(typed);
  expect(fromMs).toBe(0);
  expect(bars.map((bar) => bar.stage)).toEqual(["understood"]);
  expect(totalMs).toBe(12.5);
});

test("a turn without times has no bars", () => {
  const nothing = { ...record("a"), timeline: [], timings_ms: NONE };
  expect(layOut(nothing)).toMatchObject({ bars: [], marks: [], totalMs: null });
});

test("events are told in the order of time, however they were noted", () => {
  const events = inOrder(record("a").timeline).map((entry) => entry.at_ms);
  expect(events).toEqual([...events].sort((a, b) => a - b));
});
