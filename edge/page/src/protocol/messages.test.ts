import { expect, test } from "vitest";

import { readMessage } from "./messages";

test("a message of the device is read", () => {
  const text = '{"type":"heard","turn_id":"a","revision":0,"text":"a large","final":false}';
  expect(readMessage(text)).toMatchObject({ type: "heard", text: "a large" });
});

test.each([
  ["no JSON", "{"],
  ["no object", "[1]"],
  ["no type", "{}"],
  ["a type that is not known", '{"type":"telepathy"}'],
  ["a type that every object has", '{"type":"constructor"}'],
  ["a field that is missing", '{"type":"answer","turn_id":"a"}'],
  ["a field of another kind", '{"type":"muted","muted":"yes"}'],
  ["a list for an object", '{"type":"turn","record":[]}'],
  ["a state that is not known", '{"type":"state","state":"dreaming"}'],
])("what cannot be shown is left out: %s", (_, text) => {
  expect(readMessage(text)).toBeNull();
});
