/**
 * Changes the rate of mono sound by windowed-sinc interpolation, block after block. Runs inside both worklets, because
 * Firefox gives a microphone to a context of the device's own rate only.
 */

const PHASES = 128;
const ZERO_CROSSINGS = 12;

export class Resampler {
  /**
   * @param {number} fromHz
   * @param {number} toHz
   */
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    const cutoff = Math.min(1, toHz / fromHz) * 0.95;
    this.half = Math.ceil(ZERO_CROSSINGS / cutoff);
    this.kernel = kernelTable(this.half, cutoff);
    this.history = new Float32Array(this.half * 2);
    this.position = this.half;
  }

  /**
   * @param {Float32Array} block any length
   * @returns {Float32Array} what can be computed of it by now
   */
  push(block) {
    const { half, kernel, step } = this;
    const input = new Float32Array(this.history.length + block.length);
    input.set(this.history);
    input.set(block, this.history.length);
    const output = [];
    let position = this.position;
    for (; Math.floor(position) + half < input.length; position += step) {
      const whole = Math.floor(position);
      const row = Math.floor((position - whole) * PHASES) * 2 * half;
      const first = whole - half + 1;
      let sum = 0;
      for (let tap = 0; tap < 2 * half; tap++) sum += input[first + tap] * kernel[row + tap];
      output.push(sum);
    }
    const keepFrom = Math.max(0, Math.min(Math.floor(position) - half, input.length));
    this.history = input.slice(keepFrom);
    this.position = position - keepFrom;
    return Float32Array.from(output);
  }
}

/**
 * One row of taps for each phase between two input samples; each row sums to one.
 * @param {number} half
 * @param {number} cutoff of the input's Nyquist frequency
 * @returns {Float32Array}
 */
function kernelTable(half, cutoff) {
  const table = new Float32Array(PHASES * 2 * half);
  for (let phase = 0; phase < PHASES; phase++) {
    const row = table.subarray(phase * 2 * half, (phase + 1) * 2 * half);
    let sum = 0;
    for (let tap = 0; tap < row.length; tap++) {
      const x = tap - half + 1 - phase / PHASES;
      const angle = Math.PI * x * cutoff;
      const sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (half + 1));
      row[tap] = sinc * window;
      sum += row[tap];
    }
    for (let tap = 0; tap < row.length; tap++) row[tap] /= sum;
  }
  return table;
}
