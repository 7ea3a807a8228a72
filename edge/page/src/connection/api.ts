/** The device's HTTP interface. */

import type { KeptTurn, TurnRecord } from "../protocol/record";

export interface DeviceInfo {
  readonly device_id: string;
  readonly version: string;
  readonly wake_phrases: readonly string[];
  readonly mode: "wake" | "push_to_talk" | "open_mic";
  readonly sound_kept: boolean;
  readonly examples: readonly string[];
  readonly site_mode: string;
  /** What the page may be shown in; empty for whatever it can. */
  readonly languages: readonly string[];
}

/** A refusal of the device, or its silence (`unreachable`). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, detail: string, status: number) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401 && error.code !== "wrong_token";
}

export async function signIn(token: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await call("/api/session", { method: "POST", headers, body: JSON.stringify({ token }) });
}

export async function signOut(): Promise<void> {
  await call("/api/session", { method: "DELETE" });
}

export async function readDevice(): Promise<DeviceInfo> {
  const answer = await call("/api/device");
  return (await answer.json()) as DeviceInfo;
}

export interface TurnPage {
  readonly turns: readonly KeptTurn[];
  readonly more: boolean;
}

/** The newest turns, or those before a given one. */
export async function readTurns(limit: number, before?: string): Promise<TurnPage> {
  const query = new URLSearchParams({ limit: String(limit), ...(before === undefined ? {} : { before }) });
  const answer = await call(`/api/turns?${query}`);
  const { turns, more } = (await answer.json()) as {
    turns: readonly (TurnRecord & { has_sound: boolean })[];
    more: boolean;
  };
  return { turns: turns.map((record) => ({ record, hasSound: record.has_sound })), more };
}

export function soundAddress(turnId: string): string {
  return `/api/turns/${encodeURIComponent(turnId)}/sound.wav`;
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    throw new ApiError("unreachable", String(error), 0);
  }
  if (answer.ok) return answer;
  const problem: unknown = await answer.json().catch(() => null);
  const { code, detail } = (problem ?? {}) as { code?: unknown; detail?: unknown };
  throw new ApiError(
    typeof code === "string" ? code : `status_${answer.status}`,
    typeof detail === "string" ? detail : answer.statusText,
    answer.status,
  );
}
