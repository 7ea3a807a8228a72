import { expect, test } from "vitest";

import de from "./de.json";
import en from "./en.json";
import { chooseLanguage, wordsIn } from "./words";

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("both languages say the same things, with the same values in them", () => {
  expect(Object.keys(de)).toEqual(Object.keys(en));
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(de[key].trim(), key).not.toBe("");
    expect(holes(de[key]), key).toEqual(holes(en[key]));
  }
});

test("German is German", () => {
  const alike = (Object.keys(en) as (keyof typeof en)[]).filter((key) => de[key] === en[key]);
  expect(alike).toEqual(["title.page", "control.request_placeholder", "route.skill", "route.cloud", "session.token"]);
});

test("the address' language goes before the choice kept, and that before the browser's", () => {
  expect(chooseLanguage("de", "en", ["en-GB"])).toBe("de");
  expect(chooseLanguage(null, "de", ["en-GB"])).toBe("de");
  expect(chooseLanguage(null, null, ["fr-FR", "de-AT", "en"])).toBe("de");
});

test("a language that is not there, or not allowed, is passed over", () => {
  expect(chooseLanguage("xx", null, ["fr"])).toBe("en");
  expect(chooseLanguage("en", null, ["en"], ["de"])).toBe("de");
  expect(chooseLanguage("constructor", null, [])).toBe("en");
});

test("values are filled in, and what has no value stays", () => {
  expect(wordsIn("en").say("hint.wake", { phrase: "Alexa" })).toContain("“Alexa”");
  expect(wordsIn("en").say("hint.wake")).toContain("{phrase}");
});

test("a name that has no words of its own is shown as it is", () => {
  expect(wordsIn("de").name("route", "skill")).toBe("Skill");
  expect(wordsIn("de").name("event", "newly_made")).toBe("newly made");
});

test("numbers are written as the language writes them", () => {
  expect(wordsIn("de").number(9.25, 1)).toBe("9,3");
  expect(wordsIn("en").number(9.25, 1)).toBe("9.3");
});
