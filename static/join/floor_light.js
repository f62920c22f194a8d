/** Whose turn it is, as a shape, words and a colour, so that none of the three is needed. */

import { el, fill, write } from "../shared/dom.js";
import { drawing } from "../shared/icons.js";
import { announce } from "./screen.js";

/** What the server says of the floor, or that nobody is there to say it. @typedef {import("./words.js").Light | "lost"} Light */
/** @typedef {import("./words.js").Mode} Mode */

const LOST = ["M24 8a16 16 0 0 1 14 8", "M40 24a16 16 0 0 1-8 14", "M24 40a16 16 0 0 1-14-8", "M8 24a16 16 0 0 1 8-14"];

/** @type {Record<Light, {shape: string[], words: string, voice: string, text?: string}>} */
const STATES = {
  yours: {
    shape: ["M24 7a17 17 0 1 0 0 34a17 17 0 1 0 0-34z", "M24 16a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"],
    words: "Your turn",
    voice: "Take your time. I’m listening.",
    text: "Take your time, then send your answer.",
  },
  thinking: {
    shape: ["M10 24h.01", "M24 24h.01", "M38 24h.01"],
    words: "Thinking with you",
    voice: "One moment.",
  },
  mine: {
    shape: ["M8 19v10", "M16 13v22", "M24 8v32", "M32 13v22", "M40 19v10"],
    words: "Interviewer’s turn",
    voice: "You may break in.",
    text: "I’m writing to you.",
  },
  paused: { shape: ["M17 11v26", "M31 11v26"], words: "Paused", voice: "Go on whenever you like." },
  away: {
    shape: LOST,
    words: "Waiting for you",
    voice: "Your place is kept.",
  },
  lost: { shape: LOST, words: "Not connected", voice: "You may not be heard just now.", text: "What you write is sent as soon as I’m back." },
  ended: { shape: ["M10 25l10 10 18-21"], words: "Finished", voice: "Thank you." },
};

/** The floor machine's own states that deserve words of their own. @type {Record<string, string>} */
const DETAILS = {
  "yours/hearing": "I’m listening.",
  "yours/held": "I’m holding still for as long as you press.",
  "yours/typing": "I wait while you type.",
  "yours/keypad": "I wait for your digits.",
  "yours/stimulus": "Have a look first. There is no hurry.",
  "mine/ducked": "Did you want to say something?",
};

/** The floor is open for a moment before the agent takes it: who is told "your turn" must be able to rely on it. */
const SETTLE_MS = 150;

/** Said aloud by screen readers; the coming and going of the others would only be noise. */
const WORTH_SAYING = new Set(["yours", "paused", "away"]);

export class FloorLight {
  constructor() {
    this.shape = el("span", { class: "light-shape" });
    this.words = el("strong", { class: "light-words" });
    this.under = el("span", { class: "light-detail" });
    this.heard = el("span", { class: "light-heard", "aria-hidden": "true" });
    this.element = el("div", { class: "light" }, this.shape, el("div", { class: "light-text" }, this.words, this.under), this.heard);
    /** @type {Light | ""} */
    this.shown = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.settling = undefined;
    /** What is to be shown once it is certain. */
    this.next = () => {};
  }

  /** @param {number} dbfs what arrives of the voice; shown while the turn is theirs */
  hear(dbfs) {
    this.heard.style.transform = `scaleX(${Math.max(0, Math.min(1, (dbfs + 65) / 50)).toFixed(2)})`;
  }

  /**
   * @param {Light} light
   * @param {string} detail
   * @param {Mode} mode
   */
  show(light, detail, mode) {
    this.next = () => this.#show(light, detail, mode);
    if (light === "yours" && this.shown !== "yours" && this.shown !== "mine") {
      this.settling ??= setTimeout(() => this.#settle(), SETTLE_MS);
    } else this.#settle();
  }

  #settle() {
    clearTimeout(this.settling);
    this.settling = undefined;
    this.next();
  }

  /**
   * @param {Light} light
   * @param {string} detail
   * @param {Mode} mode
   */
  #show(light, detail, mode) {
    const state = STATES[light];
    write(this.under, DETAILS[`${light}/${detail}`] ?? state[mode] ?? state.voice);
    if (light === this.shown) return;
    this.shown = light;
    this.element.dataset.light = light;
    fill(this.shape, drawing("0 0 48 48", state.shape, "light-drawing"));
    write(this.words, state.words);
    if (WORTH_SAYING.has(light)) announce(state.words);
    else announce("");
  }
}
