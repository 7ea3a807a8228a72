import { type SyntheticEvent, useState } from "react";

import { ApiError } from "../connection/api";
import type { Device } from "../connection/useDevice";
import { useWords } from "../words/context";
import { faultText } from "./faultText";
import { LanguageSelect } from "./LanguageSelect";
import type { LanguageChoice } from "./useLanguage";
import { Wordmark } from "./Wordmark";

interface Props {
  readonly device: Device;
  readonly language: LanguageChoice;
}

/** Asks for the device's token. */
export function SignIn({ device, language }: Props) {
  const words = useWords();
  const { say } = words;
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(device.refusal);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await device.enter(token.trim());
    } catch (error) {
      setFault(error instanceof ApiError ? faultText(words, error.code, error.message) : String(error));
    } finally {
      setBusy(false);
    }
  };
  const shown = fault === device.refusal && fault !== null ? faultText(words, fault, "") : fault;
  return (
    <main className="sign-in">
      <form className="sheet sign-in__form" onSubmit={(event) => void submit(event)}>
        <Wordmark />
        <h1>{say("session.title")}</h1>
        <p id="sign-in-text">{say("session.text")}</p>
        <label htmlFor="token">{say("session.token")}</label>
        <input
          id="token"
          className="field"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          aria-describedby="sign-in-text sign-in-fault"
          aria-invalid={shown !== null}
          value={token}
          onChange={(event) => {
            setToken(event.target.value);
          }}
        />
        <p id="sign-in-fault" className="fault" role="alert">
          {shown}
        </p>
        <div className="row row--apart">
          <button type="submit" className="button button--main" disabled={busy}>
            {busy ? say("session.checking") : say("session.enter")}
          </button>
          <LanguageSelect choice={language} />
        </div>
      </form>
    </main>
  );
}
