/** Typing instead of talking: Enter sends. Tells, at most once a second, that somebody types. */

import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { LONGEST_TEXT } from "./wire.js";

const TYPING_EVERY_MS = 1000;

export class Composer {
  /** @param {{onSend: (text: string) => void, onTyping: () => void}} listener */
  constructor({ onSend, onTyping }) {
    this.onSend = onSend;
    this.onTyping = onTyping;
    this.toldAt = -Infinity;
    this.field = el("textarea", {
      id: "answer",
      rows: "1",
      maxlength: LONGEST_TEXT,
      placeholder: "Type instead…",
      autocomplete: "off",
      enterkeyhint: "send",
      oninput: () => this.#tell(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    this.element = el(
      "form",
      { class: "composer", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), this.send()) },
      el("label", { class: "unseen", for: "answer" }, "Type your answer. Enter sends it."),
      this.field,
      el("button", { class: "button primary", type: "submit" }, icon("send"), el("span", { class: "unseen" }, "Send")),
    );
  }

  focus() {
    this.field.focus();
  }

  /** @param {import("./words.js").Mode} mode */
  show(mode) {
    this.field.placeholder = mode === "text" ? "Write your answer…" : "Type instead…";
  }

  #tell() {
    const now = performance.now();
    if (now - this.toldAt < TYPING_EVERY_MS) return;
    this.toldAt = now;
    this.onTyping();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  /** Sends what is written; false when nothing is. */
  send() {
    const text = this.field.value.trim();
    if (!text) return false;
    this.field.value = "";
    this.onSend(text);
    return true;
  }
}
