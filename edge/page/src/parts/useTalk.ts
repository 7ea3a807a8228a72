import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useMemo, useState } from "react";

import type { Device } from "../connection/useDevice";
import type { PageSound } from "../sound/useBrowserSound";

/** Shorter is a tap: the device finds the end by itself. The device keeps as much sound from before. */
const HOLD_MS = 250;

export interface TalkHandlers {
  readonly onPointerDown: (event: PointerEvent<HTMLButtonElement>) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onKeyUp: (event: KeyboardEvent) => void;
  readonly onBlur: () => void;
  readonly onClick: (event: MouseEvent) => void;
  readonly onContextMenu: (event: MouseEvent) => void;
}

/**
 * A button that is held to talk, or tapped; with a finger, a mouse, Space or Enter.
 *
 * Where the device has no microphone of its own, the browser's is asked for first.
 */
export function useTalk(device: Device, sound: PageSound): { held: boolean; handlers: TalkHandlers } {
  const [held, setHeld] = useState(false);
  const [press] = useState(() => new Press({ device, sound }, setHeld));
  useEffect(() => {
    press.follow({ device, sound });
  }, [press, device, sound]);
  useEffect(
    () => () => {
      press.up();
    },
    [press],
  );
  const handlers = useMemo((): TalkHandlers => {
    const isPress = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
    return {
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        void press.down();
      },
      onPointerUp: () => {
        press.up();
      },
      onPointerCancel: () => {
        press.up();
      },
      onKeyDown: (event) => {
        if (!isPress(event)) return;
        event.preventDefault();
        if (!event.repeat) void press.down();
      },
      onKeyUp: (event) => {
        if (!isPress(event)) return;
        event.preventDefault();
        press.up();
      },
      onBlur: () => {
        press.up();
      },
      // A click with neither pointer nor key is an assistive technology's.
      onClick: (event) => {
        if (event.detail !== 0) return;
        void press.down();
        press.up();
      },
      onContextMenu: (event) => {
        event.preventDefault();
      },
    };
  }, [press]);
  return { held, handlers };
}

interface Ends {
  readonly device: Device;
  readonly sound: PageSound;
}

/**
 * One press of the button after another.
 *
 * Up: nobody presses. Opening: pressed, and the microphone is not open yet; let go by then, it is a tap once
 * it is. Waiting: pressed, and not yet long enough to be held. Held: the device listens until it is let go.
 */
class Press {
  private phase: "up" | "opening" | "let_go" | "waiting" | "held" = "up";
  private timer: number | undefined;

  constructor(
    private ends: Ends,
    private readonly showHeld: (held: boolean) => void,
  ) {}

  follow(ends: Ends): void {
    this.ends = ends;
  }

  async down(): Promise<void> {
    if (this.phase !== "up") return;
    this.phase = "opening";
    const hears = await this.opened();
    if (!hears) {
      this.phase = "up";
    } else if (this.wasLetGo()) {
      this.phase = "up";
      this.tap();
    } else {
      this.phase = "waiting";
      this.timer = window.setTimeout(this.hold, HOLD_MS);
    }
  }

  up(): void {
    switch (this.phase) {
      case "up":
      case "let_go":
        return;
      case "opening":
        this.phase = "let_go";
        return;
      case "waiting":
        window.clearTimeout(this.timer);
        this.tap();
        break;
      case "held":
        this.ends.device.send({ type: "release" });
        this.showHeld(false);
        break;
    }
    this.phase = "up";
  }

  private async opened(): Promise<boolean> {
    const { device, sound } = this.ends;
    return device.state.microphone === "device" || sound.status === "on" || (await sound.start());
  }

  private wasLetGo(): boolean {
    return this.phase === "let_go";
  }

  private readonly hold = (): void => {
    this.phase = "held";
    this.showHeld(true);
    this.ends.device.send({ type: "talk", held: true });
  };

  private tap(): void {
    const { device } = this.ends;
    // Who is being listened to already need not be interrupted by a second tap.
    if (device.state.stage !== "listening") device.send({ type: "talk", held: false });
  }
}
