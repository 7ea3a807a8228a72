import { useEffect, useMemo, useState } from "react";

import { chooseLanguage, isLanguage, type Language, LANGUAGES, type Words, wordsIn } from "../words/words";
import { readChoice, writeChoice } from "./choices";

const CHOICE = "language";
const ALL = Object.keys(LANGUAGES).filter(isLanguage);

export interface LanguageChoice {
  readonly words: Words;
  readonly offered: readonly Language[];
  readonly choose: (language: Language) => void;
}

/** The page's language; `allowed` are those of the device's configuration, empty for all. */
export function useLanguage(allowed: readonly string[]): LanguageChoice {
  const [chosen, setChosen] = useState<string | null>(null);
  const asked = chosen ?? new URLSearchParams(location.search).get("lang");
  const language = chooseLanguage(asked, readChoice(CHOICE), navigator.languages, allowed);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return useMemo(() => {
    const offered = allowed.length === 0 ? ALL : ALL.filter((one) => allowed.includes(one));
    const choose = (one: Language) => {
      writeChoice(CHOICE, one);
      setChosen(one);
    };
    return { words: wordsIn(language), offered, choose };
  }, [language, allowed]);
}
