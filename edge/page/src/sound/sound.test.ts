import { expect, test } from "vitest";

import { PcmChunks } from "./pcmChunks";
import { PlaybackQueue } from "./playbackQueue";

const tone = (samples: number, value = 16384) => new Int16Array(samples).fill(value);

function block(queue: PlaybackQueue, samples = 128): number[] {
  const out = new Float32Array(samples);
  queue.fill(out);
  return [...out];
}

test("blocks of any size become messages of one size, and nothing is lost between them", () => {
  const chunks = new PcmChunks(5);
  const given = [...chunks.take(new Float32Array([0, 0.5, -0.5])), ...chunks.take(new Float32Array(9).fill(1))];
  const samples = given.flatMap((chunk) => [...new Int16Array(chunk.pcm)]);
  expect(samples).toEqual([0, 16384, -16384, 32767, 32767, 32767, 32767, 32767, 32767, 32767]);
});

test("what is too loud is cut and does not wrap around", () => {
  const [chunk] = new PcmChunks(2).take(new Float32Array([1.5, -1.5]));
  expect([...new Int16Array(chunk?.pcm ?? new ArrayBuffer(0))]).toEqual([32767, -32768]);
});

test("a chunk tells its level, and the next one begins anew", () => {
  const chunks = new PcmChunks(4);
  const [loud, quiet] = chunks.take(new Float32Array([0.5, 0.5, -0.5, -0.5, 0, 0, 0, 0]));
  expect(loud?.level).toBeCloseTo(0.5);
  expect(quiet?.level).toBe(0);
});

test("a reply waits until enough of it is there, then plays without a hole", () => {
  const queue = new PlaybackQueue(256, 80);
  queue.begin();
  queue.push(tone(128));
  expect(block(queue)).toEqual(Array(128).fill(0));
  queue.push(tone(256));
  expect(block(queue, 384)).toEqual(Array(384).fill(0.5));
  expect(queue.played).toBe(384);
});

test("a reply shorter than that plays when it has ended", () => {
  const queue = new PlaybackQueue(256, 80);
  queue.begin();
  queue.push(tone(100));
  queue.end();
  expect(block(queue).filter((sample) => sample !== 0)).toHaveLength(100);
  expect(queue).toMatchObject({ played: 100, underruns: 0, silent: true });
});

test("sound that comes too late is a hole, and is counted", () => {
  const queue = new PlaybackQueue(128, 80);
  queue.begin();
  queue.push(tone(128));
  block(queue);
  expect(queue.underruns).toBe(1);
});

test("a stopped reply fades within the fade and drops the rest", () => {
  const queue = new PlaybackQueue(128, 80);
  queue.begin();
  queue.push(tone(2000));
  block(queue);
  queue.stop();
  const fading = block(queue);
  expect(fading.slice(0, 80).every((sample, index) => index === 0 || sample <= (fading[index - 1] ?? 1))).toBe(true);
  expect(fading[0]).toBeGreaterThan(0.4);
  expect(fading.slice(79).every((sample) => sample === 0)).toBe(true);
  expect(queue.silent).toBe(true);
  expect(queue.played).toBe(128 + 80);
});

test("what had not begun when it was stopped is never heard", () => {
  const queue = new PlaybackQueue(512, 80);
  queue.begin();
  queue.push(tone(128));
  queue.stop();
  expect(block(queue)).toEqual(Array(128).fill(0));
  queue.begin();
  queue.push(tone(512));
  expect(block(queue)).toEqual(Array(128).fill(0.5));
});
