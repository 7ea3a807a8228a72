/**
 * What the page knows, as a pure reducer: `(state, action) -> state`.
 *
 * Messages of the device may come late or again (a page that reconnects, a turn that is reopened): each
 * belongs to the exchange of its `turn_id`, and a finished exchange is changed by nothing but its record.
 */

import type { Microphone, ServerMessage, Stage } from "../protocol/messages";
import type { KeptTurn, RouteDecision, TurnRecord, Understanding } from "../protocol/record";

export const MOST_EXCHANGES = 40;
export const MOST_TURNS = 200;

export type Link = "connecting" | "open" | "lost" | "full";

/** One turn as it comes about. */
export interface Exchange {
  readonly turnId: string;
  readonly openedBy: string | null;
  readonly heard: string;
  readonly final: boolean;
  readonly understanding: Understanding | null;
  readonly decision: RouteDecision | null;
  readonly answer: string | null;
  readonly record: TurnRecord | null;
}

export interface Notice {
  readonly code: string;
  readonly detail: string;
}

export interface PageState {
  readonly link: Link;
  /** When the next try to connect is due, on the page's clock; null while none is planned. */
  readonly retryAtMs: number | null;
  readonly stage: Stage;
  /** Whether the device listens for the answer to its own question. */
  readonly asks: boolean;
  readonly muted: boolean;
  readonly microphone: Microphone;
  readonly turnId: string | null;
  /** Of this visit, the oldest first. */
  readonly exchanges: readonly Exchange[];
  /** What the device keeps, the newest first. */
  readonly turns: readonly KeptTurn[];
  readonly moreTurns: boolean;
  /** The turn that is explained; null follows the newest. */
  readonly selected: string | null;
  readonly notice: Notice | null;
}

export type Action =
  | { readonly type: "message"; readonly message: ServerMessage }
  | { readonly type: "connecting" }
  | { readonly type: "lost"; readonly retryAtMs: number }
  | { readonly type: "full" }
  | { readonly type: "turns"; readonly turns: readonly KeptTurn[]; readonly more: boolean }
  | { readonly type: "forget" }
  | { readonly type: "select"; readonly turnId: string | null }
  | { readonly type: "notice"; readonly notice: Notice | null };

export const INITIAL: PageState = {
  link: "connecting",
  retryAtMs: null,
  stage: "idle",
  asks: false,
  muted: false,
  microphone: "none",
  turnId: null,
  exchanges: [],
  turns: [],
  moreTurns: false,
  selected: null,
  notice: null,
};

export function reduce(state: PageState, action: Action): PageState {
  switch (action.type) {
    case "message":
      return receive(state, action.message);
    case "connecting":
      return { ...state, link: "connecting", retryAtMs: null };
    case "lost":
      return { ...state, link: "lost", retryAtMs: action.retryAtMs, stage: "idle", asks: false };
    case "full":
      return { ...state, link: "full", retryAtMs: null, stage: "idle", asks: false };
    case "turns":
      return { ...state, turns: merged(state.turns, action.turns), moreTurns: action.more };
    case "forget":
      return { ...state, exchanges: [], turns: [], moreTurns: false, selected: null, notice: null };
    case "select":
      return { ...state, selected: action.turnId };
    case "notice":
      return { ...state, notice: action.notice };
  }
}

function receive(state: PageState, message: ServerMessage): PageState {
  if ("turn_id" in message && message.type !== "hello" && message.type !== "state") {
    return change(state, message.turn_id, (exchange) => noted(exchange, message));
  }
  switch (message.type) {
    case "hello":
      return {
        ...state,
        link: "open",
        retryAtMs: null,
        stage: message.state,
        muted: message.muted,
        microphone: message.microphone,
        turnId: message.turn_id,
      };
    case "state":
      return receiveStage(state, message);
    case "turn":
      return finish(state, message.record, message.has_sound);
    case "muted":
      return { ...state, muted: message.muted };
    case "microphone":
      return { ...state, microphone: message.microphone };
    case "error":
      return { ...state, notice: { code: message.code, detail: message.detail } };
  }
}

type About = Extract<ServerMessage, { type: "heard" | "understood" | "route" | "answer" | "taken_back" }>;

function noted(exchange: Exchange, message: About): Exchange {
  switch (message.type) {
    case "heard":
      return { ...exchange, heard: message.text, final: message.final };
    case "understood":
      return { ...exchange, understanding: message.understanding };
    case "route":
      return { ...exchange, decision: message.decision };
    case "answer":
      return { ...exchange, answer: message.text };
    case "taken_back":
      return { ...exchange, final: false, understanding: null, decision: null, answer: null };
  }
}

function receiveStage(state: PageState, message: Extract<ServerMessage, { type: "state" }>): PageState {
  const turnId = message.turn_id;
  const now = { ...state, stage: message.state, asks: message.asks, turnId };
  if (turnId === null || message.state === "idle") return now;
  const opened = change(now, turnId, (exchange) => ({
    ...exchange,
    openedBy: message.opened_by ?? exchange.openedBy,
  }));
  // A new turn is what one wants to see; a look back ends where it begins.
  return state.turnId === turnId ? opened : { ...opened, selected: null, notice: null };
}

function change(state: PageState, turnId: string, how: (exchange: Exchange) => Exchange): PageState {
  const known = state.exchanges.find((exchange) => exchange.turnId === turnId);
  if (known?.record) return state;
  if (known) {
    const exchanges = state.exchanges.map((exchange) => (exchange === known ? how(exchange) : exchange));
    return { ...state, exchanges };
  }
  if (state.turns.some((turn) => turn.record.turn_id === turnId)) return state;
  const exchanges = [...state.exchanges, how(fresh(turnId))].slice(-MOST_EXCHANGES);
  return { ...state, exchanges };
}

function fresh(turnId: string): Exchange {
  return {
    turnId,
    openedBy: null,
    heard: "",
    final: false,
    understanding: null,
    decision: null,
    answer: null,
    record: null,
  };
}

function finish(state: PageState, record: TurnRecord, hasSound: boolean): PageState {
  const ended = exchangeOf(record);
  const known = state.exchanges.some((exchange) => exchange.turnId === record.turn_id);
  const exchanges = known
    ? state.exchanges.map((exchange) => (exchange.turnId === record.turn_id ? ended : exchange))
    : [...state.exchanges, ended];
  return {
    ...state,
    exchanges: exchanges.filter(hasContent).slice(-MOST_EXCHANGES),
    turns: merged(state.turns, [{ record, hasSound }]),
  };
}

/** A finished turn as an exchange. */
export function exchangeOf(record: TurnRecord): Exchange {
  return {
    turnId: record.turn_id,
    openedBy: record.opened_by,
    heard: record.transcript,
    final: true,
    understanding: record.understanding,
    decision: record.route,
    answer: record.reply?.text ?? null,
    record,
  };
}

/** Whether anything was said in it by anybody; a turn that heard nobody is in the list of turns only. */
function hasContent(exchange: Exchange): boolean {
  return exchange.record === null || exchange.heard !== "" || exchange.answer !== null;
}

function merged(old: readonly KeptTurn[], more: readonly KeptTurn[]): readonly KeptTurn[] {
  const byId = new Map([...old, ...more].map((turn) => [turn.record.turn_id, turn]));
  return [...byId.values()]
    .sort((a, b) => b.record.started_at.localeCompare(a.record.started_at))
    .slice(0, MOST_TURNS);
}

/**
 * What is explained: the selected turn, else the newest of this visit of which anything is understood, else
 * the newest that is kept.
 */
export function explained(state: PageState): Exchange | null {
  const wanted = state.selected;
  const live = state.exchanges.findLast(({ turnId, understanding }) =>
    wanted === null ? understanding !== null : turnId === wanted,
  );
  if (live) return live;
  const kept = state.turns.find((turn) => turn.record.turn_id === wanted) ?? state.turns[0];
  return kept ? exchangeOf(kept.record) : null;
}
