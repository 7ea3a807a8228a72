import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";

import type { ClientMessage } from "../protocol/messages";
import { type Action, INITIAL, type PageState, reduce } from "../state/pageState";
import { ApiError, type DeviceInfo, readDevice, readTurns, signIn, signOut } from "./api";
import { DeviceLink, type Listener, type Surroundings } from "./deviceLink";
import { rememberedToken, rememberToken, takeTokenFromAddress } from "./token";

const TURNS_AT_ONCE = 20;

export interface Device {
  readonly state: PageState;
  readonly dispatch: (action: Action) => void;
  readonly info: DeviceInfo | null;
  /** Whether a token is asked for. */
  readonly signedOut: boolean;
  /** Why the token of the address was not taken; a code, or null. */
  readonly refusal: string | null;
  readonly send: (message: ClientMessage) => void;
  /** Raises ApiError for a token that is not the device's. */
  readonly enter: (token: string) => Promise<void>;
  readonly leave: () => void;
  readonly reconnect: () => void;
  readonly loadEarlier: () => void;
}

/** The device behind this page. `withTurns`: whether the turns that it keeps are wanted, too. */
export function useDevice(withTurns: boolean): Device {
  const [state, dispatch] = useReducer(reduce, INITIAL);
  const [info, setInfo] = useState<DeviceInfo | null>(null);
  const [signedOut, setSignedOut] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const link = useRef<DeviceLink | null>(null);

  const load = useCallback(async (before?: string) => {
    try {
      dispatch({ type: "turns", ...(await readTurns(TURNS_AT_ONCE, before)) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      dispatch({ type: "notice", notice: { code: error.code, detail: error.message } });
    }
  }, []);

  useEffect(() => {
    const admitted = (told: DeviceInfo | null) => {
      setInfo(told);
      setSignedOut(told === null);
      if (told !== null && withTurns) void load();
    };
    const made = new DeviceLink(browserSurroundings(), listener(dispatch, admitted));
    link.current = made;
    const given = takeTokenFromAddress();
    if (given !== null) rememberToken(given);
    void enterWith(given).then((code) => {
      setRefusal(code);
      made.open();
    });
    const hurry = () => {
      made.open();
    };
    window.addEventListener("online", hurry);
    return () => {
      window.removeEventListener("online", hurry);
      made.close();
    };
  }, [load, withTurns]);

  const send = useCallback((message: ClientMessage) => {
    const sent = link.current?.send(message) ?? false;
    if (!sent) dispatch({ type: "notice", notice: { code: "not_connected", detail: "" } });
  }, []);
  const enter = useCallback(async (token: string) => {
    await signIn(token);
    rememberToken(token);
    link.current?.open();
  }, []);
  const leave = useCallback(() => {
    rememberToken(null);
    link.current?.close();
    void signOut()
      .catch(() => undefined) // a device that does not answer has no session to end
      .then(() => {
        setSignedOut(true);
      });
  }, []);
  const reconnect = useCallback(() => {
    link.current?.open();
  }, []);
  const oldest = state.turns.at(-1)?.record.turn_id;
  const loadEarlier = useCallback(() => {
    void load(oldest);
  }, [load, oldest]);
  return useMemo(
    () => ({ state, dispatch, info, signedOut, refusal, send, enter, leave, reconnect, loadEarlier }),
    [state, info, signedOut, refusal, send, enter, leave, reconnect, loadEarlier],
  );
}

function listener(dispatch: (action: Action) => void, admitted: (info: DeviceInfo | null) => void): Listener {
  return {
    connecting: () => {
      dispatch({ type: "connecting" });
    },
    device: admitted,
    message: (message) => {
      dispatch({ type: "message", message });
    },
    lost: (retryAtMs) => {
      dispatch({ type: "lost", retryAtMs });
    },
    full: () => {
      dispatch({ type: "full" });
    },
    signedOut: () => {
      admitted(null);
    },
  };
}

/** Sign in with a token that is known, and forget a wrong one; gives the code of a refusal. */
async function enterWith(token: string | null): Promise<string | null> {
  if (token === null) return null;
  try {
    await signIn(token);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) rememberToken(null);
    return error.code;
  }
}

async function enterAgain(): Promise<boolean> {
  const token = rememberedToken();
  return token !== null && (await enterWith(token)) === null;
}

function browserSurroundings(): Surroundings {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return {
    readDevice,
    signInAgain: enterAgain,
    connect: () => new WebSocket(`${scheme}//${location.host}/ws/events`),
    after: (ms: number, what: () => void) => {
      const timer = window.setTimeout(what, ms);
      return () => {
        window.clearTimeout(timer);
      };
    },
    chance: () => Math.random(),
    nowMs: () => Date.now(),
  };
}
