import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { waitMs } from "../connection/backoff";
import { readChoice, writeChoice } from "../parts/choices";
import { BrowserSound, type SoundEnd, SoundError, type SoundFault } from "./browserSound";
import { Meter } from "./meter";

export type SoundStatus = "off" | "starting" | "on" | "lost";

export interface PageSound {
  readonly status: SoundStatus;
  readonly fault: SoundFault | null;
  readonly meter: Meter;
  /** Resolves to whether the microphone is on. */
  readonly start: () => Promise<boolean>;
  readonly stop: () => void;
  readonly forgive: () => void;
}

const CHOICE = "microphone";

/** This browser's microphone and loudspeaker. `linked`: whether the device is there to hear. */
export function usePageSound(linked: boolean): PageSound {
  const [meter] = useState(() => new Meter());
  const [status, setStatus] = useState<SoundStatus>("off");
  const [fault, setFault] = useState<SoundFault | null>(null);
  const sound = useRef<BrowserSound | null>(null);
  const starting = useRef<Promise<boolean> | null>(null);
  const [failures, setFailures] = useState(0);

  const open = useCallback(async (): Promise<boolean> => {
    setStatus("starting");
    setFault(null);
    const ended = (end: SoundEnd) => {
      sound.current = null;
      const again = end === "lost" || end === "signed_out";
      setStatus(again ? "lost" : "off");
      setFault(again ? null : end);
      setFailures(1);
    };
    try {
      sound.current = await BrowserSound.open(meter, ended);
      setStatus("on");
      setFailures(0);
      writeChoice(CHOICE, "on");
      return true;
    } catch (error) {
      setStatus("off");
      setFault(error instanceof SoundError ? error.fault : "sound_failed");
      return false;
    }
  }, [meter]);

  const start = useCallback((): Promise<boolean> => {
    if (sound.current) return Promise.resolve(true);
    starting.current ??= open().finally(() => {
      starting.current = null;
    });
    return starting.current;
  }, [open]);

  const stop = useCallback(() => {
    writeChoice(CHOICE, null);
    sound.current?.close();
    sound.current = null;
    setStatus("off");
  }, []);
  const forgive = useCallback(() => {
    setFault(null);
  }, []);

  useEffect(() => {
    if (status !== "lost" || !linked) return;
    const timer = window.setTimeout(() => void start(), waitMs(Math.max(failures, 1), Math.random()));
    return () => {
      window.clearTimeout(timer);
    };
  }, [status, linked, failures, start]);

  // A page that had the microphone and was allowed to has it again after a reload.
  useEffect(() => {
    if (!linked || readChoice(CHOICE) !== "on" || sound.current) return;
    void permitted().then((yes) => (yes ? start() : false));
  }, [linked, start]);

  useEffect(
    () => () => {
      sound.current?.close();
      sound.current = null;
    },
    [],
  );
  return useMemo(
    () => ({ status, fault, meter, start, stop, forgive }),
    [status, fault, meter, start, stop, forgive],
  );
}

async function permitted(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
  } catch {
    return false; // a browser that cannot tell waits for a touch
  }
}
