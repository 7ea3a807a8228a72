import { useEffect, useState } from "react";

import { readChoice, writeChoice } from "../parts/choices";
import { Icon } from "../parts/Icon";
import type { LanguageChoice } from "../parts/useLanguage";
import { Wordmark } from "../parts/Wordmark";
import { useWords } from "../words/context";
import { LANGUAGES } from "../words/words";

const CONTRAST = "contrast";

/** Language and contrast, within reach of everybody. */
export function Settings({ language }: { readonly language: LanguageChoice }) {
  const { say, language: current } = useWords();
  const [high, setHigh] = useState(() => readChoice(CONTRAST) === "high");
  useEffect(() => {
    document.documentElement.dataset.contrast = high ? "high" : "usual";
    return () => {
      delete document.documentElement.dataset.contrast;
    };
  }, [high]);
  return (
    <header className="kiosk__settings">
      <Wordmark />
      <div className="kiosk__languages" role="group" aria-label={say("kiosk.language")}>
        {language.offered.map((one) => (
          <button
            key={one}
            type="button"
            className="touch touch--small"
            lang={one}
            aria-pressed={one === current}
            onClick={() => {
              language.choose(one);
            }}
          >
            {LANGUAGES[one]["language.name"]}
          </button>
        ))}
      </div>
      <button
        type="button"
        className="touch touch--small"
        aria-pressed={high}
        onClick={() => {
          writeChoice(CONTRAST, high ? null : "high");
          setHigh(!high);
        }}
      >
        <Icon name="contrast" />
        {say("kiosk.contrast")}
      </button>
    </header>
  );
}
