import { expect, test } from "vitest";

import { record } from "../testing/records";
import { marked, otherMeanings, routeSteps, shown, slotRows, spaced } from "./meaning";

const { understanding } = record("a");

test("each slot has the words that filled it", () => {
  expect(slotRows(understanding)).toEqual([
    { name: "size", value: "large", words: "large" },
    { name: "coffee drink", value: "latte", words: "latte" },
  ]);
});

test("a slot that no words filled says so", () => {
  const assumed = { ...understanding, slots: { ...understanding.slots, count: 1 } };
  const same = { ...understanding.alternatives[0], slots: assumed.slots };
  const rows = slotRows({ ...assumed, alternatives: [same as (typeof assumed.alternatives)[0]] });
  expect(rows.at(-1)).toEqual({ name: "count", value: "1", words: null });
});

test("other meanings are those that differ, whatever the order of their slots", () => {
  const turned = { ...understanding, slots: { coffeeDrink: "latte", size: "large" } };
  expect(otherMeanings(turned).map((one) => one.said)).toEqual(["a large coffee"]);
});

test("every route has its verdict, and a reason may hold a colon", () => {
  const steps = routeSteps({
    route: "clarify",
    reason: "enough to ask",
    confidence: 0.5,
    policy_version: "4",
    considered: ["skill: confidence 0.50 below 0.80", "cache: off", "cloud: no link: offline"],
  });
  expect(steps.map((step) => [step.route, step.verdict, step.reason])).toEqual([
    ["skill", "declined", "confidence 0.50 below 0.80"],
    ["cache", "declined", "off"],
    ["cloud", "declined", "no link: offline"],
    ["clarify", "taken", "enough to ask"],
    ["refuse", "not_reached", ""],
  ]);
});

test("the words of slots are marked where they stand, hyphens and capitals aside", () => {
  const pieces = marked("Can I get a Triple-Shot latte?", { numberOfShots: "triple shot", coffeeDrink: "latte" });
  expect(pieces).toEqual([
    { text: "Can I get a ", slot: null },
    { text: "Triple-Shot", slot: "number of shots" },
    { text: " ", slot: null },
    { text: "latte", slot: "coffee drink" },
    { text: "?", slot: null },
  ]);
});

test("a part of a word is not marked, nor what is not there", () => {
  expect(marked("A coffeecake.", { coffeeDrink: "coffee", size: "" })).toEqual([{ text: "A coffeecake.", slot: null }]);
});

test("words that lie in another slot's words are marked once, and no text is lost", () => {
  const pieces = marked("iced coffee (large)", { coffeeDrink: "iced coffee", other: "coffee", size: "large" });
  expect(pieces.map((piece) => piece.text).join("")).toBe("iced coffee (large)");
  expect(pieces.filter((piece) => piece.slot !== null).map((piece) => piece.text)).toEqual(["iced coffee", "large"]);
});

test("names and values read as words", () => {
  expect(spaced("findFreeRooms")).toBe("find free rooms");
  expect(spaced("milk_amount")).toBe("milk amount");
  expect(shown(["oat", { sugarCount: 2 }])).toBe("oat, sugar count 2");
});
