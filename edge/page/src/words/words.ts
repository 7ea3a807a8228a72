/** The page's words in the person's language. A language is a JSON file here and a line in `LANGUAGES`. */

import de from "./de.json";
import en from "./en.json";

export type Key = keyof typeof en;
type Catalogue = Readonly<Record<Key, string>>;

export const LANGUAGES = { en, de } as const satisfies Record<string, Catalogue>;
export type Language = keyof typeof LANGUAGES;

export type Values = Readonly<Record<string, string | number>>;
export interface Words {
  readonly language: Language;
  /** The text of a key with its `{values}` filled in. */
  readonly say: (key: Key, values?: Values) => string;
  /** The text of `prefix.name`; the bare name, spaced out, where there is none. */
  readonly name: (prefix: string, name: string) => string;
  readonly number: (value: number, digits?: number) => string;
  readonly time: (iso: string) => string;
}

export function isLanguage(value: string | null | undefined): value is Language {
  return value !== null && value !== undefined && Object.hasOwn(LANGUAGES, value);
}

/**
 * Which language to show: of the address, else of the choice kept, else the browser's first that there is.
 *
 * Args: what `?lang=` says, what was chosen before, what the browser prefers, what the device allows
 * (empty for all).
 */
export function chooseLanguage(
  asked: string | null,
  kept: string | null,
  preferred: readonly string[],
  allowed: readonly string[] = [],
): Language {
  const offered = (language: string | null | undefined): language is Language =>
    isLanguage(language) && (allowed.length === 0 || allowed.includes(language));
  const wanted = [asked, kept, ...preferred].map((tag) => tag?.toLowerCase().split("-")[0]);
  return wanted.find(offered) ?? allowed.find(offered) ?? "en";
}

export function wordsIn(language: Language): Words {
  const catalogue: Catalogue = LANGUAGES[language];
  const hasKey = (key: string): key is Key => Object.hasOwn(catalogue, key);
  return {
    language,
    say: (key, values = {}) => filled(catalogue[key], values),
    name: (prefix, name) => {
      const key = `${prefix}.${name}`;
      return hasKey(key) ? catalogue[key] : name.replaceAll("_", " ");
    },
    number: (value, digits = 0) =>
      value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    time: (iso) => {
      const at = new Date(iso);
      return Number.isNaN(at.getTime()) ? iso : at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
    },
  };
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
