/** Takes the microphone's sound and posts frames for the wire: 320 samples, 16 kHz, 16-bit, 20 ms. */

import { Resampler } from "./resampler.js";

const WIRE_HZ = 16_000;
const FRAME_SAMPLES = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, WIRE_HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channel = inputs[0]?.[0];
    if (!channel) return true;
    for (const sample of this.resampler.push(channel)) {
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32_767;
      if (this.filled < FRAME_SAMPLES) continue;
      const frame = this.frame;
      this.port.postMessage(frame.buffer, [frame.buffer]);
      this.frame = new Int16Array(FRAME_SAMPLES);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
