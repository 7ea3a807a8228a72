/** The turn record, as `nearfield_sync.messages.turn_record` writes it. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Alternative {
  readonly intent: string;
  readonly skill: string;
  readonly said: string;
  readonly slots: Readonly<Record<string, Json>>;
  /** The words that filled each slot; a slot that no words filled is not among them. */
  readonly words: Readonly<Record<string, string>>;
  readonly confidence: number;
  /** By how much it ranks below the best; nats. */
  readonly behind: number;
}

export interface Understanding {
  readonly intent: string | null;
  readonly skill: string | null;
  readonly slots: Readonly<Record<string, Json>>;
  readonly confidence: number;
  readonly source: string;
  readonly alternatives: readonly Alternative[];
}

export interface RouteDecision {
  readonly route: string;
  readonly reason: string;
  readonly confidence: number;
  readonly policy_version: string;
  /** The routes not taken, each with its reason: `cloud: no link`. */
  readonly considered: readonly string[];
}

export interface ReplyRecord {
  readonly text: string;
  readonly source: string;
  readonly heard_ms: number | null;
  /** The words that had been heard by then; null where that is not known. */
  readonly heard_text?: string | null;
}

/** Milliseconds since the end of speech; null where a stage did not happen. */
export interface Timings {
  readonly endpoint: number | null;
  readonly transcript: number | null;
  readonly understood: number | null;
  readonly first_audio: number | null;
  readonly done: number | null;
}

export interface TimelineEntry {
  readonly at_ms: number;
  readonly event: string;
  readonly detail: string;
}

/** What a sentence of an answer rests on. */
export interface SourceRecord {
  readonly document: string;
  readonly source: string;
  readonly quote: string;
}

/** What left the device to be answered elsewhere, and what came of it. */
export interface EscalationRecord {
  /** Empty where nothing did. */
  readonly sent: string;
  readonly masked: Readonly<Record<string, number>>;
  readonly outcome: string;
  readonly reason: string;
  readonly plan: string;
  readonly sources: readonly SourceRecord[];
}

export interface TurnRecord {
  readonly turn_id: string;
  readonly device_id: string;
  /** UTC, ISO 8601. */
  readonly started_at: string;
  readonly opened_by: string;
  readonly outcome: string;
  readonly transcript: string;
  readonly understanding: Understanding;
  readonly route: RouteDecision | null;
  readonly reply: ReplyRecord | null;
  readonly timings_ms: Timings;
  readonly versions: Readonly<Record<string, string>>;
  readonly revision: number;
  readonly effects: readonly string[];
  readonly faults: readonly string[];
  /** Absent in records of before there was a cloud. */
  readonly escalation?: EscalationRecord | null;
  readonly timeline: readonly TimelineEntry[];
}

/** A record, and whether the device kept its sound. */
export interface KeptTurn {
  readonly record: TurnRecord;
  readonly hasSound: boolean;
}
