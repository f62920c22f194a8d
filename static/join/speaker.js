/**
 * What the participant hears: one audio context with one gain, so that the agent can be silenced at once. Must be woken in
 * a click: phones let no page sound by itself.
 */

const RAMP_S = 0.008;
const LONGEST_SILENCE_S = 1;
const DUCKED = 0.18;
const DUCK_AHEAD_S = 0.14;

export class Speaker {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {GainNode | null} */
    this.gain = null;
  }

  /**
   * Make the context, or wake it. Call it inside a click or key press.
   * @returns {AudioContext}
   */
  wake() {
    if (!this.context || this.context.state === "closed") {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.gain = this.context.createGain();
      this.gain.connect(this.context.destination);
    }
    if (this.context.state !== "running") this.context.resume().catch(() => {});
    return this.context;
  }

  /** @returns {AudioNode} where the agent's voice goes in */
  get input() {
    this.wake();
    return /** @type {GainNode} */ (this.gain);
  }

  /** @returns {number} seconds from the context to the ear, as the browser knows it */
  get latency() {
    return this.context ? this.context.outputLatency || this.context.baseLatency || 0 : 0;
  }

  /** @param {unknown} data what the server says beside the sound */
  obey(data) {
    try {
      const { type } = JSON.parse(String(data));
      if (type === "silence") this.silence();
      else if (type === "unsilence") this.unsilence();
    } catch {
      // nothing of ours
    }
  }

  /** At once, and not for ever: the server may have no chance to take it back. */
  silence() {
    this.#level(0);
    this.gain?.gain.setTargetAtTime(1, this.input.context.currentTime + LONGEST_SILENCE_S, RAMP_S);
  }

  unsilence() {
    this.#level(1);
  }

  /** Lower at once, until the server's own lowering is heard. */
  duck() {
    this.#level(DUCKED);
    this.gain?.gain.setTargetAtTime(1, this.input.context.currentTime + DUCK_AHEAD_S, RAMP_S);
  }

  /** Two soft notes, for the ear to say whether it hears. */
  chime() {
    const context = this.wake();
    [523.25, 783.99].forEach((pitch, index) => {
      const tone = context.createOscillator();
      const swell = context.createGain();
      const start = context.currentTime + 0.05 + index * 0.28;
      tone.frequency.value = pitch;
      swell.gain.setValueAtTime(0, start);
      swell.gain.linearRampToValueAtTime(0.25, start + 0.03);
      swell.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
      tone.connect(swell).connect(context.destination);
      tone.start(start);
      tone.stop(start + 1);
    });
  }

  /** @param {number} level */
  #level(level) {
    if (!this.context || !this.gain) return;
    const now = this.context.currentTime;
    this.gain.gain.cancelScheduledValues(now);
    this.gain.gain.setValueAtTime(this.gain.gain.value, now);
    this.gain.gain.linearRampToValueAtTime(level, now + RAMP_S);
  }
}
