/** The bar of what a participant may do at any time. Each button says what it does; the rarer ones stand behind "More". */

import { button, dress } from "../shared/buttons.js";
import { el } from "../shared/dom.js";

/** @typedef {import("./words.js").Mode} Mode */
/** @typedef {import("./words.js").Right} Right */

export class Controls {
  /** @param {import("./doors.js").Actions} actions */
  constructor(actions) {
    this.actions = actions;
    /** @type {Mode} */
    this.mode = "voice";
    this.paused = false;
    this.held = false;
    this.life = new AbortController();
    this.done = button("I’m done", actions.done, "primary", "check");
    this.hold = button("Hold to talk", () => {}, "", "hold");
    this.mute = button("Mute", actions.toggleMute, "", "microphone");
    this.repeat = this.#claim("repeat", "Repeat");
    this.skip = this.#claim("skip", "Skip");
    this.pause = button("Pause", () => actions.claim(this.paused ? "resume" : "pause"), "", "pause");
    this.more = button("More", () => this.#unfold(this.panel.hidden), "", "more");
    this.use = button("Only type", () => actions.use(this.mode === "voice" ? "text" : "voice"), "", "keyboard");
    this.sound = button("Check my sound", actions.checkSound, "", "sound");
    this.panel = this.#panel();
    this.more.setAttribute("aria-expanded", "false");
    this.more.setAttribute("aria-controls", "more-panel");
    this.bar = el("div", { class: "bar" }, this.done, this.hold, this.mute, this.repeat, this.pause, this.skip, this.more);
    this.element = el("footer", { class: "controls" }, this.bar, this.panel);
    this.#letHold();
    // a click must not take the focus along: the space bar would then press that button again instead of saying "done"
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    // so Escape, too, has to be heard wherever the focus is
    const { signal } = this.life;
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#unfold(false), { signal });
    document.addEventListener("click", ({ target }) => this.element.contains(/** @type {Node} */ (target)) || this.#unfold(false), { signal });
  }

  close() {
    this.press(false);
    this.life.abort();
  }

  /**
   * @param {{mode: Mode, muted: boolean, paused: boolean}} now
   */
  show({ mode, muted, paused }) {
    const voice = mode === "voice";
    this.mode = mode;
    this.paused = paused;
    this.element.dataset.mode = mode;
    this.done.hidden = paused;
    this.hold.hidden = paused || !voice;
    this.mute.hidden = this.sound.hidden = !voice;
    this.repeat.hidden = this.skip.hidden = paused;
    dress(this.mute, muted ? "Unmute" : "Mute", muted ? "muted" : "microphone");
    this.mute.classList.toggle("danger", muted);
    dress(this.pause, paused ? "Resume" : "Pause", paused ? "resume" : "pause");
    dress(this.use, voice ? "Only type" : "Talk instead", voice ? "keyboard" : "microphone");
  }

  /** @param {boolean} pressed */
  showHeld(pressed) {
    this.hold.setAttribute("aria-pressed", String(pressed));
    dress(this.hold, pressed ? "Release when done" : "Hold to talk", "hold");
  }

  /**
   * A right, with a drawing of its name.
   * @param {Right} right
   * @param {string} words
   */
  #claim(right, words) {
    return button(words, () => this.actions.claim(right), "", right);
  }

  #panel() {
    const { help, leave, end } = this.actions;
    const panel = el(
      "div",
      { class: "more-panel", id: "more-panel", hidden: true, role: "group", "aria-label": "More" },
      this.#claim("slower", "Slower"),
      this.#claim("back", "Go back"),
      this.#claim("strike", "Strike my last answer"),
      this.#claim("human", "Ask for a person"),
      this.use,
      this.sound,
      button("Keys and help", help, "", "help"),
      button("Leave for now", leave, "", "leave"),
      button("End for good", end, "danger", "end"),
    );
    panel.addEventListener("click", () => this.#unfold(false));
    return panel;
  }

  /** @param {boolean} open */
  #unfold(open) {
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (!open && hadFocus) this.more.focus();
  }

  /** Held by finger, mouse or key; a click without a press (a switch, a screen reader) toggles. */
  #letHold() {
    const { hold } = this;
    let byHand = false;
    hold.setAttribute("aria-pressed", "false");
    hold.addEventListener("pointerdown", (event) => {
      byHand = true;
      hold.setPointerCapture(event.pointerId);
      this.press(true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) hold.addEventListener(end, () => this.press(false));
    hold.addEventListener("contextmenu", (event) => event.preventDefault());
    hold.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      byHand = true;
      if (!event.repeat) this.press(true);
    });
    hold.addEventListener("keyup", () => this.press(false));
    hold.addEventListener("click", () => {
      if (!byHand) this.press(!this.held);
      byHand = false;
    });
  }

  /** @param {boolean} pressed */
  press(pressed) {
    if (pressed === this.held) return;
    this.held = pressed;
    this.actions.hold(pressed);
  }
}
