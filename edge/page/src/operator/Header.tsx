import type { Device } from "../connection/useDevice";
import { Icon } from "../parts/Icon";
import { LanguageSelect } from "../parts/LanguageSelect";
import { stageKey } from "../parts/stageWords";
import type { LanguageChoice } from "../parts/useLanguage";
import { Wordmark } from "../parts/Wordmark";
import { useWords } from "../words/context";

export function Header({ device, language }: { readonly device: Device; readonly language: LanguageChoice }) {
  const { say } = useWords();
  const { state, info, send } = device;
  const linked = state.link === "open";
  const key = state.link === "connecting" ? "link.connecting" : stageKey(state);
  return (
    <header className="header">
      <Wordmark />
      {info && <span className="header__device">{info.device_id}</span>}
      <p className="pill" role="status" aria-label={say("stage.label")} data-stage={linked ? state.stage : "lost"}>
        <span className="pill__dot" aria-hidden="true" />
        {say(key)}
      </p>
      <div className="header__controls">
        <button
          type="button"
          className="button"
          disabled={!linked}
          aria-pressed={state.muted}
          onClick={() => {
            send({ type: "mute", muted: !state.muted });
          }}
        >
          <Icon name={state.muted ? "muted" : "microphone"} />
          {state.muted ? say("control.unmute") : say("control.mute")}
        </button>
        <a className="button" href="/kiosk">
          <Icon name="screen" />
          {say("control.kiosk")}
        </a>
        <LanguageSelect choice={language} />
        <button type="button" className="button button--bare" onClick={device.leave} aria-label={say("control.sign_out")}>
          <Icon name="leave" />
        </button>
      </div>
    </header>
  );
}
