import { expect, test } from "vitest";

import type { ServerMessage } from "../protocol/messages";
import { ApiError, type DeviceInfo } from "./api";
import { DeviceLink, type Socket } from "./deviceLink";

const INFO = { device_id: "counter" } as DeviceInfo;
const SIGNED_OUT = new ApiError("no_session", "", 401);
const AWAY = new ApiError("unreachable", "", 0);

class ScriptedSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readyState = 1;
  readonly sent: string[] = [];
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }
  ends(code: number) {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }
}

/** A device that answers as it is told to, a clock that stands, and what was told to the page. */
function stage(answers: (DeviceInfo | ApiError)[], knowsToken = false) {
  const sockets: ScriptedSocket[] = [];
  const told: string[] = [];
  const messages: ServerMessage[] = [];
  const waits: number[] = [];
  let due: (() => void) | null = null;
  const link = new DeviceLink(
    {
      readDevice: () => {
        const answer = answers.shift() ?? INFO;
        return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
      },
      signInAgain: () => Promise.resolve(knowsToken),
      connect: () => {
        const socket = new ScriptedSocket();
        sockets.push(socket);
        return socket;
      },
      after: (ms, what) => {
        waits.push(ms);
        due = what;
        return () => {
          due = null;
        };
      },
      chance: () => 1,
      nowMs: () => 1000,
    },
    {
      connecting: () => told.push("connecting"),
      device: () => told.push("device"),
      message: (message) => messages.push(message),
      lost: (at) => told.push(`lost until ${at}`),
      full: () => told.push("full"),
      signedOut: () => told.push("signed out"),
    },
  );
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const wait = async () => {
    due?.();
    await settle();
  };
  return { link, sockets, told, messages, waits, settle, wait };
}

test("it asks who the device is, then listens", async () => {
  const { link, sockets, told, messages, settle } = stage([INFO]);
  link.open();
  await settle();
  sockets[0]?.says({ type: "hello", state: "idle", muted: false, microphone: "none", turn_id: null });
  sockets[0]?.says({ type: "from a newer device" });
  expect(told).toEqual(["connecting", "device"]);
  expect(messages.map((message) => message.type)).toEqual(["hello"]);
});

test("a device that is away is tried again, later each time, until it is back", async () => {
  const { link, sockets, waits, told, settle, wait } = stage([AWAY, AWAY, AWAY, INFO]);
  link.open();
  await settle();
  await wait();
  await wait();
  await wait();
  expect(waits).toEqual([500, 1000, 2000]);
  expect(sockets).toHaveLength(1);
  expect(told.filter((what) => what.startsWith("lost"))).toEqual(["lost until 1500", "lost until 2000", "lost until 3000"]);
});

test("after a greeting the waits begin anew", async () => {
  const { link, sockets, waits, settle, wait } = stage([AWAY, INFO]);
  link.open();
  await settle();
  await wait();
  sockets[0]?.says({ type: "hello", state: "idle", muted: false, microphone: "none", turn_id: null });
  sockets[0]?.ends(1006);
  expect(waits).toEqual([500, 500]);
});

test("a device that forgot the session is signed in to again with the token that this tab knows", async () => {
  const { link, sockets, told, settle } = stage([SIGNED_OUT, INFO], true);
  link.open();
  await settle();
  expect(told).toEqual(["connecting", "device"]);
  expect(sockets).toHaveLength(1);
});

test("without a token it says that it is signed out, and tries no more", async () => {
  const { link, told, waits, settle } = stage([SIGNED_OUT]);
  link.open();
  await settle();
  expect(told).toEqual(["connecting", "signed out"]);
  expect(waits).toEqual([]);
});

test("a session that ended while it listened is asked for anew", async () => {
  const { link, sockets, told, settle } = stage([INFO, SIGNED_OUT]);
  link.open();
  await settle();
  sockets[0]?.ends(4401);
  await settle();
  expect(told.at(-1)).toBe("signed out");
});

test("where too many pages look it waits to be told", async () => {
  const { link, sockets, told, waits, settle } = stage([INFO]);
  link.open();
  await settle();
  sockets[0]?.ends(4429);
  expect(told.at(-1)).toBe("full");
  expect(waits).toEqual([]);
});

test("nothing is sent to nobody, and it says so", async () => {
  const { link, sockets, settle } = stage([INFO]);
  expect(link.send({ type: "stop" })).toBe(false);
  link.open();
  await settle();
  expect(link.send({ type: "stop" })).toBe(true);
  expect(sockets[0]?.sent).toEqual(['{"type":"stop"}']);
});

test("closed for good it does not come back", async () => {
  const { link, sockets, settle, wait } = stage([AWAY]);
  link.open();
  await settle();
  link.close();
  await wait();
  expect(sockets).toHaveLength(0);
});
