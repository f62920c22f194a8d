/** The bar of what a participant may do at any time. Each button says what it does; the rarer ones stand behind "More". */

import { el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";

/** @typedef {import("./words.js").Mode} Mode */

export class Controls {
  /** @param {import("./doors.js").Actions} actions */
  constructor(actions) {
    this.actions = actions;
    /** @type {Mode} */
    this.mode = "voice";
    this.paused = false;
    this.held = false;
    this.done = button("check", "I’m done", () => actions.done(), "primary");
    this.hold = button("hold", "Hold to talk", () => {});
    this.mute = button("microphone", "Mute", () => actions.toggleMute());
    this.repeat = button("repeat", "Repeat", () => actions.claim("repeat"));
    this.skip = button("skip", "Skip", () => actions.claim("skip"));
    this.pause = button("pause", "Pause", () => actions.claim(this.paused ? "resume" : "pause"));
    this.slower = button("slower", "Slower", () => actions.claim("slower"));
    this.more = button("more", "More", () => this.#unfold(this.more.getAttribute("aria-expanded") !== "true"));
    this.use = button("keyboard", "Only type", () => actions.use(this.mode === "voice" ? "text" : "voice"));
    this.sound = button("sound", "Check my sound", () => actions.checkSound());
    this.panel = this.#panel();
    this.more.setAttribute("aria-expanded", "false");
    this.more.setAttribute("aria-controls", "more-panel");
    this.bar = el("div", { class: "bar" }, this.done, this.hold, this.mute, this.repeat, this.pause, this.skip, this.more);
    this.element = el("footer", { class: "controls" }, this.bar, this.panel);
    this.#letHold();
    // a click must not take the focus along: the space bar would then press that button again instead of saying "done"
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    // so Escape, too, has to be heard wherever the focus is
    document.addEventListener("keydown", this.onEscape);
    document.addEventListener("click", this.onClickElsewhere);
  }

  /** @param {KeyboardEvent} event */
  onEscape = ({ key }) => key === "Escape" && this.#unfold(false);

  /** @param {MouseEvent} event */
  onClickElsewhere = (event) => {
    if (!this.element.contains(/** @type {Node} */ (event.target))) this.#unfold(false);
  };

  close() {
    this.press(false);
    document.removeEventListener("keydown", this.onEscape);
    document.removeEventListener("click", this.onClickElsewhere);
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
    dress(this.mute, muted ? "muted" : "microphone", muted ? "Unmute" : "Mute");
    this.mute.classList.toggle("danger", muted);
    dress(this.pause, paused ? "play" : "pause", paused ? "Resume" : "Pause");
    dress(this.use, voice ? "keyboard" : "microphone", voice ? "Only type" : "Talk instead");
  }

  /** @param {boolean} pressed */
  showHeld(pressed) {
    this.hold.setAttribute("aria-pressed", String(pressed));
    dress(this.hold, "hold", pressed ? "Release when done" : "Hold to talk");
  }

  #panel() {
    const { actions } = this;
    const claims = [
      this.slower,
      button("back", "Go back", () => actions.claim("back")),
      button("strike", "Strike my last answer", () => actions.claim("strike")),
      button("person", "Ask for a person", () => actions.claim("human")),
      this.use,
      this.sound,
      button("help", "Keys and help", () => actions.help()),
      button("leave", "Leave for now", () => actions.leave()),
      button("end", "End for good", () => actions.end(), "danger"),
    ];
    const panel = el("div", { class: "more-panel", id: "more-panel", hidden: true, role: "group", "aria-label": "More" }, ...claims);
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

/**
 * @param {string} drawing
 * @param {string} words
 * @param {() => void} onclick
 * @param {string} [className]
 */
export function button(drawing, words, onclick, className = "") {
  const element = el("button", { class: `button ${className}`, type: "button", onclick });
  return dress(element, drawing, words);
}

/**
 * @param {HTMLButtonElement} element
 * @param {string} drawing
 * @param {string} words
 */
function dress(element, drawing, words) {
  if (element.dataset.words === words) return element;
  element.dataset.words = words;
  fill(element, icon(drawing), el("span", {}, words));
  return element;
}
