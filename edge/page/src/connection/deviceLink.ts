/**
 * The line to the device: asks who it is, opens `/ws/events`, and comes back by itself when it is lost.
 *
 * It tells what happens to its listener and decides nothing about what is shown. What it needs of a browser
 * is handed in, so that it is tested without one.
 */

import { type ClientMessage, readMessage, type ServerMessage } from "../protocol/messages";
import { type DeviceInfo, isSignedOut } from "./api";
import { waitMs } from "./backoff";

export interface Socket {
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  readonly readyState: number;
  send(text: string): void;
  close(): void;
}

export interface Surroundings {
  readonly readDevice: () => Promise<DeviceInfo>;
  /** Signs in again with a token that this tab knows; false where it knows none, or a wrong one. */
  readonly signInAgain: () => Promise<boolean>;
  readonly connect: () => Socket;
  readonly after: (ms: number, what: () => void) => () => void;
  readonly chance: () => number;
  readonly nowMs: () => number;
}

export interface Listener {
  readonly connecting: () => void;
  readonly device: (info: DeviceInfo) => void;
  readonly message: (message: ServerMessage) => void;
  readonly lost: (retryAtMs: number) => void;
  readonly full: () => void;
  readonly signedOut: () => void;
}

const OPEN = 1;
const NO_SESSION = 4401;
const TOO_MANY_PAGES = 4429;

export class DeviceLink {
  private socket: Socket | null = null;
  private failures = 0;
  private cancelRetry: (() => void) | null = null;
  private generation = 0;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly listener: Listener,
  ) {}

  /** Connect now, whatever was planned. */
  open(): void {
    this.close();
    const generation = ++this.generation;
    this.listener.connecting();
    void this.attempt(generation);
  }

  close(): void {
    this.generation++;
    this.cancelRetry?.();
    this.cancelRetry = null;
    if (this.socket) {
      this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
  }

  /** False where nobody is there to hear it. */
  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private async attempt(generation: number): Promise<void> {
    try {
      const info = await this.admitted();
      if (generation !== this.generation) return;
      if (info === null) {
        this.listener.signedOut();
        return;
      }
      this.listener.device(info);
      this.listen(this.surroundings.connect());
    } catch {
      if (generation === this.generation) this.retry();
    }
  }

  /** What the device says of itself; null where it wants a token that is not known here. */
  private async admitted(): Promise<DeviceInfo | null> {
    try {
      return await this.surroundings.readDevice();
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      return (await this.surroundings.signInAgain()) ? await this.surroundings.readDevice() : null;
    }
  }

  private listen(socket: Socket): void {
    this.socket = socket;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = typeof data === "string" ? readMessage(data) : null;
      if (message?.type === "hello") this.failures = 0;
      if (message) this.listener.message(message);
    };
    socket.onclose = ({ code }) => {
      this.socket = null;
      if (code === TOO_MANY_PAGES) this.listener.full();
      else if (code === NO_SESSION) this.open();
      else this.retry();
    };
  }

  private retry(): void {
    this.failures++;
    const ms = waitMs(this.failures, this.surroundings.chance());
    this.listener.lost(this.surroundings.nowMs() + ms);
    this.cancelRetry = this.surroundings.after(ms, () => {
      this.open();
    });
  }
}
