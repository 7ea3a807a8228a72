import type { Device } from "../connection/useDevice";
import { Banners } from "../parts/Banners";
import type { LanguageChoice } from "../parts/useLanguage";
import type { PageSound } from "../sound/useBrowserSound";
import { explained } from "../state/pageState";
import { useWords } from "../words/context";
import { Conversation } from "./Conversation";
import { Header } from "./Header";
import { TurnList } from "./TurnList";
import { Why } from "./Why";

export interface ViewProps {
  readonly device: Device;
  readonly sound: PageSound;
  readonly language: LanguageChoice;
}

/** For whoever looks after the device: what it does, what was said, and why. */
export function OperatorPage({ device, sound, language }: ViewProps) {
  const { say } = useWords();
  const { state } = device;
  const shown = explained(state);
  const kept = state.turns.find((turn) => turn.record.turn_id === shown?.turnId);
  return (
    <div className="operator">
      <a className="skip" href="#conversation">
        {say("skip")}
      </a>
      <Header device={device} language={language} />
      <Banners device={device} sound={sound} />
      <main className="operator__main">
        <Conversation device={device} sound={sound} />
        <Why exchange={shown} hasSound={kept?.hasSound ?? false} follows={state.selected === null} device={device} />
        <TurnList device={device} shown={shown?.turnId ?? null} />
      </main>
    </div>
  );
}
