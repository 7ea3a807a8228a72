/** Runs on the browser's sound thread: the microphone as messages of 20 ms. */

import { PcmChunks } from "./pcmChunks";

const CHUNKS_A_SECOND = 50;

class Capture extends AudioWorkletProcessor {
  private readonly chunks = new PcmChunks(Math.round(sampleRate / CHUNKS_A_SECOND));

  process(inputs: Float32Array[][]): boolean {
    const mono = inputs[0]?.[0];
    if (mono === undefined) return true;
    for (const chunk of this.chunks.take(mono)) this.port.postMessage(chunk, [chunk.pcm]);
    return true;
  }
}

registerProcessor("nearfield-capture", Capture);
