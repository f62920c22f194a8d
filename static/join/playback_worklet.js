/**
 * Plays frames from the wire through a small jitter buffer. Starts at 120 ms, starts anew after running dry, and when the
 * network has handed over a heap at once it leaves out silence, not words, until the buffer is small again.
 */

import { Resampler } from "./resampler.js";

const WIRE_HZ = 16_000;
const START_SAMPLES = 0.12 * WIRE_HZ;
const LONG_SAMPLES = 0.24 * WIRE_HZ;
const MOST_SAMPLES = 30 * WIRE_HZ;
const QUIET = 0.003;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(WIRE_HZ, sampleRate);
    /** @type {Float32Array[]} */
    this.frames = [];
    this.buffered = 0;
    this.playing = false;
    /** @type {Float32Array} */
    this.ready = new Float32Array(0);
    this.at = 0;
    this.reportedAt = 0;
    this.port.onmessage = (event) => this.#take(new Int16Array(event.data));
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const output = outputs[0][0];
    if (!this.playing && this.buffered >= START_SAMPLES) this.playing = true;
    for (let index = 0; index < output.length; index++) {
      if (this.at >= this.ready.length && !this.#next()) break;
      output[index] = this.ready[this.at++];
    }
    if (currentTime - this.reportedAt >= 0.25) {
      this.reportedAt = currentTime;
      this.port.postMessage(this.playing ? this.buffered / WIRE_HZ : START_SAMPLES / WIRE_HZ);
    }
    return true;
  }

  /** @returns {boolean} whether there is sound to go on with */
  #next() {
    const frame = this.playing ? this.frames.shift() : undefined;
    if (!frame) {
      this.playing = false;
      return false;
    }
    this.buffered -= frame.length;
    this.ready = this.resampler.push(frame);
    this.at = 0;
    return this.ready.length > 0;
  }

  /** @param {Int16Array} pcm */
  #take(pcm) {
    const frame = Float32Array.from(pcm, (sample) => sample / 32_768);
    const heap = this.buffered > LONG_SAMPLES;
    if (this.buffered > MOST_SAMPLES || (heap && frame.every((sample) => Math.abs(sample) < QUIET))) return;
    this.frames.push(frame);
    this.buffered += frame.length;
  }
}

registerProcessor("playback", Playback);
