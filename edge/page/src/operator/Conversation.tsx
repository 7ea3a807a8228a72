import { useEffect, useRef } from "react";

import type { Device } from "../connection/useDevice";
import { Announcer } from "../parts/Announcer";
import { Icon } from "../parts/Icon";
import { Presence } from "../parts/Presence";
import { isQuiet, stageKey } from "../parts/stageWords";
import { useTalk } from "../parts/useTalk";
import type { PageSound } from "../sound/useBrowserSound";
import { explained } from "../state/pageState";
import { useWords } from "../words/context";
import { Composer } from "./Composer";
import { ExchangeView } from "./ExchangeView";
import { hint } from "./hint";
import { SoundSwitch } from "./SoundSwitch";

interface Props {
  readonly device: Device;
  readonly sound: PageSound;
}

/** What the device does, what is said by both, and the ways to speak to it. */
export function Conversation({ device, sound }: Props) {
  const words = useWords();
  const { state, info } = device;
  const quiet = isQuiet(state);
  return (
    <section className="sheet conversation" aria-labelledby="conversation-title" id="conversation" tabIndex={-1}>
      <h1 id="conversation-title" className="hidden">
        {words.say("conversation.title")}
      </h1>
      <div className="now" data-stage={quiet ? "quiet" : state.stage}>
        <Presence stage={state.stage} quiet={quiet} meter={sound.meter} />
        <div>
          <p className="now__stage">{words.say(state.link === "connecting" ? "link.connecting" : stageKey(state))}</p>
          <p className="now__hint">{hint(words, state, info)}</p>
        </div>
      </div>
      <Exchanges device={device} />
      <Announcer exchange={state.exchanges.at(-1) ?? null} />
      <Ways device={device} sound={sound} />
    </section>
  );
}

function Exchanges({ device }: { readonly device: Device }) {
  const { say } = useWords();
  const { state, info, send, dispatch } = device;
  const { exchanges } = state;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [exchanges]);
  const shown = explained(state)?.turnId;
  if (exchanges.length > 0) {
    return (
      <div className="conversation__exchanges" ref={list} tabIndex={0} role="group" aria-label={say("conversation.title")}>
        {exchanges.map((exchange) => (
          <ExchangeView
            key={exchange.turnId}
            exchange={exchange}
            shown={exchange.turnId === shown}
            explain={() => {
              dispatch({ type: "select", turnId: exchange.turnId });
            }}
          />
        ))}
      </div>
    );
  }
  return (
    <div className="conversation__empty">
      <p>{say("conversation.empty")}</p>
      <ul className="examples" aria-label={say("conversation.examples")}>
        {info?.examples.map((example) => (
          <li key={example}>
            <button
              type="button"
              className="button button--example"
              lang="en"
              onClick={() => {
                send({ type: "text", text: example });
              }}
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Ways({ device, sound }: Props) {
  const { say } = useWords();
  const talk = useTalk(device, sound);
  const linked = device.state.link === "open";
  const busy = linked && device.state.stage !== "idle";
  return (
    <div className="ways">
      <Composer send={device.send} linked={linked} />
      <div className="row">
        <button
          type="button"
          className="button button--main button--talk"
          disabled={!linked || device.state.muted}
          data-held={talk.held}
          {...talk.handlers}
        >
          <Icon name="microphone" />
          {talk.held ? say("control.talking") : say("control.talk")}
        </button>
        <button
          type="button"
          className="button"
          disabled={!busy}
          onClick={() => {
            device.send({ type: "stop" });
          }}
        >
          <Icon name="stop" />
          {say("control.stop")}
        </button>
        <SoundSwitch sound={sound} linked={linked} />
      </div>
    </div>
  );
}
