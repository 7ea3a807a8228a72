import { useEffect, useRef, useState } from "react";

import { soundAddress } from "../connection/api";
import { Icon } from "../parts/Icon";
import { useWords } from "../words/context";

/** Plays the kept sound of a turn. */
export function Replay({ turnId }: { readonly turnId: string }) {
  const { say } = useWords();
  const audio = useRef<HTMLAudioElement | null>(null);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => () => audio.current?.pause(), []);
  const toggle = () => {
    const element = (audio.current ??= made());
    if (playing) element.pause();
    else void element.play().catch(() => { setFailed(true); });
  };
  const made = () => {
    const element = new Audio(soundAddress(turnId));
    element.onplay = () => { setPlaying(true); };
    element.onpause = element.onended = () => { setPlaying(false); };
    return element;
  };
  return (
    <p className="replay">
      <button type="button" className="button" onClick={toggle} data-playing={playing}>
        <Icon name={playing ? "pause" : "play"} />
        {playing ? say("control.pause") : say("control.play")}
      </button>
      {failed && <span className="fault" role="alert">{say("error.no_sound")}</span>}
    </p>
  );
}
