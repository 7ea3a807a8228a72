/**
 * The stages of a turn along one axis of time, from what the record says; pure layout.
 *
 * Zero is the end of speech. The axis shows what a person waits for: hearing before it and the reply's sound
 * after it are much longer, so they are cut at the axis' ends and say their whole length in words.
 */

import type { TimelineEntry, TurnRecord } from "../protocol/record";

export type StageName =
  | "hearing"
  | "endpoint"
  | "ahead"
  | "transcript"
  | "understood"
  | "first_audio"
  | "speaking";

export interface Bar {
  readonly stage: StageName;
  /** Milliseconds since the end of speech, uncut. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of the axis, 0..1, cut. */
  readonly from: number;
  readonly to: number;
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
}

export interface Mark {
  readonly at: number;
  readonly entry: TimelineEntry;
}

export interface Waterfall {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
  readonly ticksMs: readonly number[];
  /** From the end of speech to the first sound, or to the last stage that there was; null if none. */
  readonly totalMs: number | null;
}

const SHORTEST_AXIS_MS = 100;
/** How much of the waiting is shown before its beginning, and after its end. */
const LEAD = 0.25;
const TAIL = 0.25;

/** Events that a bar shows already. */
const SHOWN_AS_BARS = new Set(["endpoint", "transcript", "understood", "first_audio", "done"]);

type Span = readonly [stage: StageName, fromMs: number, toMs: number];

export function layOut(record: TurnRecord): Waterfall {
  const spans = spansOf(record);
  const { endpoint, transcript, understood, first_audio } = record.timings_ms;
  const waited = [endpoint, transcript, understood, first_audio].filter((ms) => ms !== null);
  const totalMs = waited.length > 0 ? Math.max(...waited) : null;
  const endMs = Math.max(totalMs ?? 0, SHORTEST_AXIS_MS);
  const heardBefore = spans.some(([stage]) => stage === "hearing");
  const fromMs = heardBefore ? -endMs * LEAD : 0;
  const toMs = endMs * (1 + TAIL);
  const place = (ms: number) => Math.min(Math.max((ms - fromMs) / (toMs - fromMs), 0), 1);
  const bars = spans.map(([stage, from, to]) => ({
    stage,
    fromMs: from,
    toMs: to,
    from: place(from),
    to: place(to),
    cutBefore: from < fromMs,
    cutAfter: to > toMs,
  }));
  const marks = record.timeline
    .filter((entry) => !SHOWN_AS_BARS.has(entry.event) && entry.at_ms >= fromMs && entry.at_ms <= toMs)
    .map((entry) => ({ at: place(entry.at_ms), entry }));
  return { fromMs, toMs, bars, marks, ticksMs: ticks(fromMs, toMs), totalMs };
}

function spansOf(record: TurnRecord): readonly Span[] {
  const { endpoint, transcript, understood, first_audio, done } = record.timings_ms;
  const began = Math.min(0, ...record.timeline.map((entry) => entry.at_ms));
  const spans: Span[] = [];
  const add = (stage: StageName, from: number | null, to: number | null) => {
    if (from !== null && to !== null && to > from) spans.push([stage, from, to]);
  };
  add("hearing", began, 0);
  add("endpoint", 0, endpoint);
  add("ahead", aheadSince(record), transcript);
  add("transcript", endpoint, transcript);
  add("understood", transcript ?? 0, understood);
  add("first_audio", understood, first_audio);
  add("speaking", first_audio, done);
  return spans;
}

/** Since when the kept guess had been under way; null where nothing was made of the sound ahead. */
function aheadSince(record: TurnRecord): number | null {
  const kept = record.timeline.find((entry) => entry.event === "guess_kept");
  const before = /^begun (\d+) ms before/.exec(kept?.detail ?? "")?.[1];
  const { endpoint } = record.timings_ms;
  return before === undefined || endpoint === null ? null : endpoint - Number(before);
}

/** Round times, four to eight of them, zero always among them. */
function ticks(fromMs: number, toMs: number): readonly number[] {
  const rough = (toMs - fromMs) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(fromMs / step);
  const last = Math.floor(toMs / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** What happened, in the order of time. */
export function inOrder(timeline: readonly TimelineEntry[]): readonly TimelineEntry[] {
  return [...timeline].sort((a, b) => a.at_ms - b.at_ms);
}
