import { useEffect } from "react";

import type { Device } from "../connection/useDevice";
import { Announcer } from "../parts/Announcer";
import { faultText } from "../parts/faultText";
import { Icon } from "../parts/Icon";
import { Presence } from "../parts/Presence";
import { isQuiet } from "../parts/stageWords";
import { useTalk } from "../parts/useTalk";
import type { LanguageChoice } from "../parts/useLanguage";
import type { PageSound } from "../sound/useBrowserSound";
import { captions } from "../state/captions";
import { useWords } from "../words/context";
import { Examples } from "./Examples";
import { headline, kioskHint } from "./kioskWords";
import { Settings } from "./Settings";

/** How long after its end a conversation stays on a screen that the next customer sees. */
const FORGET_AFTER_MS = 20_000;

interface Props {
  readonly device: Device;
  readonly sound: PageSound;
  readonly language: LanguageChoice;
}

/** The customer's screen: what the device does, what it heard and says, and what one can say. Nothing else. */
export function Kiosk({ device, sound, language }: Props) {
  const words = useWords();
  const { state, info } = device;
  const quiet = isQuiet(state);
  const { heard, said } = captions(state);
  const empty = heard === null && said === null;
  useForgetting(device);
  return (
    <div className="kiosk" data-stage={quiet ? "quiet" : state.stage}>
      <Settings language={language} />
      <main className="kiosk__main">
        <div className="kiosk__now">
          <Presence stage={state.stage} quiet={quiet} meter={sound.meter} />
          <div>
            <div role="status">
              <h1 className="kiosk__headline">{words.say(headline(state, empty))}</h1>
            </div>
            <p className="kiosk__hint">{kioskHint(words, state, info)}</p>
          </div>
        </div>
        {empty ? <Examples device={device} /> : <Captions heard={heard} said={said} />}
        <Announcer exchange={state.exchanges.at(-1) ?? null} />
        <Problems device={device} sound={sound} />
        <Touch device={device} sound={sound} />
      </main>
    </div>
  );
}

/** What is heard and what is said, for people who cannot hear it. */
function Captions({ heard, said }: { readonly heard: string | null; readonly said: string | null }) {
  const { say } = useWords();
  return (
    <div className="captions">
      {heard !== null && (
        <div className="captions__heard">
          <h2>{say("kiosk.heard")}</h2>
          <p lang="en">{heard}</p>
        </div>
      )}
      {said !== null && (
        <div className="captions__said">
          <h2>{say("kiosk.said")}</h2>
          <p lang="en">{said}</p>
        </div>
      )}
    </div>
  );
}

function Problems({ device, sound }: { readonly device: Device; readonly sound: PageSound }) {
  const words = useWords();
  const { notice } = device.state;
  return (
    <div className="kiosk__problems" role="alert">
      {notice && <p>{words.say("kiosk.sorry")}</p>}
      {sound.fault && <p>{faultText(words, sound.fault, "")}</p>}
    </div>
  );
}

function Touch({ device, sound }: { readonly device: Device; readonly sound: PageSound }) {
  const { say } = useWords();
  const talk = useTalk(device, sound);
  const { state } = device;
  const linked = state.link === "open";
  const listening = state.stage === "listening";
  const stoppable = linked && (state.stage === "thinking" || state.stage === "speaking");
  return (
    <div className="kiosk__touch">
      {stoppable ? (
        <button
          type="button"
          className="touch touch--stop"
          onClick={() => {
            device.send({ type: "stop" });
          }}
        >
          <Icon name="stop" />
          {say("kiosk.stop")}
        </button>
      ) : (
        <button
          type="button"
          className="touch touch--talk"
          disabled={!linked || state.muted}
          data-held={talk.held}
          {...talk.handlers}
        >
          <Icon name={state.muted ? "muted" : "microphone"} />
          {say(listening ? "kiosk.talking" : "kiosk.talk")}
        </button>
      )}
    </div>
  );
}

/** Nobody sees what somebody else said: soon after its end a conversation leaves the screen, and this page. */
function useForgetting(device: Device) {
  const { state, dispatch } = device;
  const over = state.stage === "idle" && (state.exchanges.length > 0 || state.notice !== null);
  const last = state.exchanges.at(-1);
  useEffect(() => {
    if (!over) return;
    const timer = window.setTimeout(() => {
      dispatch({ type: "forget" });
    }, FORGET_AFTER_MS);
    return () => {
      window.clearTimeout(timer);
    };
  }, [over, last, dispatch]);
}
