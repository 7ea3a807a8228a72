import { type CSSProperties, useSyncExternalStore } from "react";

import type { Stage } from "../protocol/messages";
import type { Meter } from "../sound/meter";

const RINGS = [25, 35, 45] as const;

interface Props {
  readonly stage: Stage;
  readonly quiet: boolean;
  readonly meter: Meter;
}

/**
 * What the device does, as a picture: a point with rings. The shape tells it, too, not the colour alone: at
 * rest one faint ring, listening three that open, thinking a broken one that turns, speaking full waves.
 * It is decoration: the words beside it say the same.
 */
export function Presence({ stage, quiet, meter }: Props) {
  const levels = useSyncExternalStore(meter.subscribe, meter.read);
  const level = stage === "listening" ? levels.microphone * 6 : stage === "speaking" ? levels.reply * 1.6 : 0;
  const style = { "--level": Math.min(level, 1).toFixed(2) } as CSSProperties;
  return (
    <svg
      className={`presence presence--${quiet ? "quiet" : stage}`}
      viewBox="0 0 100 100"
      style={style}
      aria-hidden="true"
      focusable="false"
    >
      {RINGS.map((radius, index) => (
        <circle key={radius} className={`presence__ring presence__ring--${index + 1}`} cx="50" cy="50" r={radius} />
      ))}
      <circle className="presence__core" cx="50" cy="50" r="15" />
      {quiet && <path className="presence__slash" d="M30 70 70 30" />}
    </svg>
  );
}
