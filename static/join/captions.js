/**
 * What both sides said, in a region of its own. Only finished words enter the log that screen readers follow; words still
 * in flux stand below it, for the eye alone.
 */

import { el, fill, write } from "../shared/dom.js";

/** @typedef {import("./talk_state.js").Line} Line */

const NEAR_THE_END_PX = 60;

export class Captions {
  /** @param {string} agentName */
  constructor(agentName) {
    this.agentName = agentName || "Interviewer";
    this.log = el("div", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Conversation" });
    this.flux = el("div", { "aria-hidden": "true" });
    this.empty = el("p", { class: "soft small" }, "What is said will appear here.");
    this.element = el("div", { class: "captions", tabindex: "0", role: "region", "aria-label": "Captions" }, this.empty, this.log, this.flux);
    /** @type {Map<string, HTMLElement>} */
    this.final = new Map();
    this.following = true;
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.following = scrollHeight - clientHeight - scrollTop < NEAR_THE_END_PX;
    });
    new ResizeObserver(() => this.#follow()).observe(this.element);
  }

  /** @param {import("./talk_state.js").Talk} talk */
  show(talk) {
    const lines = [...talk.lines.values()];
    for (const [id, element] of this.final) {
      if (!talk.lines.get(id)?.final) {
        element.remove();
        this.final.delete(id);
      }
    }
    /** @type {Element | null} */
    let before = null;
    for (const line of lines) if (line.final) before = this.#showFinal(line, before);
    const inFlux = lines.filter((line) => !line.final).map((line) => this.#line(line, "in-flux"));
    const onTheWay = talk.unconfirmed.map(({ id, text }) => this.#line({ id, text, role: "participant", final: false, cut: false }, "on-the-way"));
    fill(this.flux, ...inFlux, ...onTheWay);
    this.empty.hidden = lines.length + onTheWay.length > 0;
    this.#follow();
  }

  /** @param {boolean} aloud whether screen readers are to read new lines */
  announceLines(aloud) {
    this.log.setAttribute("aria-live", aloud ? "polite" : "off");
  }

  /**
   * Finished words stand in the order in which they were begun, whichever was finished first.
   * @param {Line} line
   * @param {Element | null} before the finished line before it
   * @returns {Element}
   */
  #showFinal(line, before) {
    const shown = this.final.get(line.id);
    if (shown) {
      write(/** @type {Element} */ (shown.querySelector(".line-text")), textOf(line));
      return shown;
    }
    const element = this.#line(line, "");
    this.final.set(line.id, element);
    if (before) before.after(element);
    else this.log.prepend(element);
    return element;
  }

  /**
   * @param {Line} line
   * @param {string} state
   */
  #line(line, state) {
    const who = line.role === "agent" ? this.agentName : "You";
    const name = el("span", { class: "line-name" }, who, el("span", { class: "unseen" }, ": "));
    return el("p", { class: `line ${line.role} ${state}` }, name, el("span", { class: "line-text" }, textOf(line)));
  }

  /** Stay with the newest words, unless the reader has gone back to older ones. */
  #follow() {
    if (this.following) this.element.scrollTop = this.element.scrollHeight;
  }
}

/** @param {Line} line */
function textOf(line) {
  return line.cut ? `${line.text} —` : line.text;
}
