import { useWords } from "../words/context";
import { isLanguage, LANGUAGES } from "../words/words";
import type { LanguageChoice } from "./useLanguage";

export function LanguageSelect({ choice }: { readonly choice: LanguageChoice }) {
  const { say, language } = useWords();
  return (
    <label className="select">
      <span className="hidden">{say("control.language")}</span>
      <select
        value={language}
        onChange={(event) => {
          if (isLanguage(event.target.value)) choice.choose(event.target.value);
        }}
      >
        {choice.offered.map((one) => (
          <option key={one} value={one} lang={one}>
            {LANGUAGES[one]["language.name"]}
          </option>
        ))}
      </select>
    </label>
  );
}
