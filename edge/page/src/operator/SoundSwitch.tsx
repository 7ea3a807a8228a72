import { useSyncExternalStore } from "react";

import { Gauge } from "../parts/Gauge";
import { Icon } from "../parts/Icon";
import type { PageSound } from "../sound/useBrowserSound";
import { useWords } from "../words/context";

/** Speech close by has a root mean square of some 0.1: that fills about half of the bar. */
const LEVEL_GAIN = 4;

/** Turns this browser's microphone and loudspeaker on and off for the device, and shows both at work. */
export function SoundSwitch({ sound, linked }: { readonly sound: PageSound; readonly linked: boolean }) {
  const { say, number } = useWords();
  const levels = useSyncExternalStore(sound.meter.subscribe, sound.meter.read);
  const on = sound.status === "on" || sound.status === "lost";
  const text = { off: say("sound.off"), starting: say("sound.starting"), on: say("sound.on"), lost: say("sound.on") };
  return (
    <div
      className="sound"
      role="group"
      aria-label={say("sound.title")}
      data-sound={sound.status}
      data-played-ms={Math.round(levels.playedMs)}
      data-loudest={levels.loudest.toFixed(3)}
      data-underruns={levels.underruns}
    >
      <button
        type="button"
        className="button"
        aria-pressed={on}
        disabled={!linked || sound.status === "starting"}
        onClick={() => {
          if (on) sound.stop();
          else void sound.start();
        }}
      >
        <Icon name={on ? "microphone" : "muted"} />
        {text[sound.status]}
      </button>
      {on && <Gauge label={say("sound.level")} share={levels.microphone * LEVEL_GAIN} />}
      {levels.playedMs > 0 && (
        <span className="sound__played">{say("sound.played", { seconds: number(levels.playedMs / 1000, 1) })}</span>
      )}
    </div>
  );
}
