/** Keys for what hands do often. Silent while typing, in dialogs, and when switched off (a letter may be a dictated word). */

import { recall, remember } from "../shared/storage.js";

const STORED = "shortcuts";

/** @type {{key: string, shown: string, words: string}[]} */
export const SHORTCUTS = [
  { key: " ", shown: "Space", words: "I’m done" },
  { key: "h", shown: "H", words: "Hold to talk, for as long as it is pressed" },
  { key: "r", shown: "R", words: "Repeat" },
  { key: "s", shown: "S", words: "Slower" },
  { key: "k", shown: "K", words: "Skip" },
  { key: "b", shown: "B", words: "Go back" },
  { key: "p", shown: "P", words: "Pause or resume" },
  { key: "m", shown: "M", words: "Mute or unmute" },
  { key: "t", shown: "T", words: "Type instead" },
  { key: "?", shown: "?", words: "This help" },
];

const TAKES_TEXT = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const TAKES_SPACE = "button, a, summary, input, audio, video";

export class Shortcuts {
  /** @param {(key: string, pressed: boolean) => void} onKey called with a key of SHORTCUTS, pressed, and H released */
  constructor(onKey) {
    this.onKey = onKey;
    this.on = recall(STORED) !== "off";
    this.holding = false;
    this.life = new AbortController();
    const { signal } = this.life;
    document.addEventListener("keydown", (event) => this.#down(event), { signal });
    document.addEventListener("keyup", ({ key }) => key.toLowerCase() === "h" && this.#release(), { signal });
    addEventListener("blur", () => this.#release(), { signal });
  }

  close() {
    this.#release();
    this.life.abort();
  }

  /** @param {boolean} on */
  switch(on) {
    this.on = on;
    remember(STORED, on ? "on" : "off");
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const key = event.key.toLowerCase();
    if (!SHORTCUTS.some((shortcut) => shortcut.key === key) || !this.#isOurs(event, key)) return;
    event.preventDefault();
    if (event.repeat) return;
    if (key === "h") this.holding = true;
    this.onKey(key, true);
  }

  #release() {
    if (!this.holding) return;
    this.holding = false;
    this.onKey("h", false);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} key
   */
  #isOurs(event, key) {
    const target = /** @type {Element} */ (event.target);
    if (document.querySelector("dialog[open]") || target.closest(TAKES_TEXT)) return false;
    if (key === " ") return !target.closest(TAKES_SPACE);
    return this.on;
  }
}
