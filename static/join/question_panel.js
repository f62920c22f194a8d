/** What is being asked, big; the stimulus on show; the form to fill in. */

import { el, fill, safeAddress, write } from "../shared/dom.js";
import { announce } from "./screen.js";
import { formPanel } from "./form_panel.js";

/** @typedef {import("./words.js").Content} Content */

const HALF_FILLED = "Something is still missing. Complete it, or press Skip again: then this form is not sent.";

export class QuestionPanel {
  /** @param {(nodeKey: string, data: Record<string, unknown>) => void} onRespond */
  constructor(onRespond) {
    this.onRespond = onRespond;
    this.section = el("p", { class: "section-name" });
    this.heading = el("h1", { tabindex: "-1", class: "asked" }, "We are about to begin");
    this.body = el("div", { class: "asked-body" });
    this.element = el("div", { class: "question" }, this.section, this.heading, this.body);
    this.bodyOf = "";
    this.sending = "";
  }

  /**
   * @param {import("./words.js").Question | null} question
   * @param {import("./talk_state.js").Talk["response"]} response
   * @param {import("./words.js").Mode} mode
   */
  show(question, response, mode) {
    if (!question) return;
    write(this.section, question.section ?? "");
    this.section.hidden = !question.section;
    write(this.heading, question.text);
    this.heading.classList.toggle("long", question.text.length > 160);
    this.#showSending(response ? (response.taken ? "Sent. Thank you." : "Sending…") : "");
    const body = JSON.stringify([question.node_key, question.content, question.fields]);
    if (body === this.bodyOf) return; // a probe on the same node must not empty a half-filled form
    this.bodyOf = body;
    const form = question.fields.length > 0;
    const hint = mode === "voice" ? "You can also say your answer." : "";
    fill(this.body, question.content && stimulus(question.content), form && formPanel(question, hint, this.onRespond));
    if (question.content) announce("There is something to look at or listen to, below the question.");
    else if (form) announce(`There is a form below the question. ${hint}`);
  }

  /**
   * Sends the form on show; false when nothing is filled in.
   * @param {boolean} [skipping] of a half-filled one says first that it would be lost, and lets go of it the next time
   */
  submit(skipping = false) {
    const form = this.body.querySelector("form");
    const inputs = /** @type {HTMLInputElement[]} */ ([...(form?.querySelectorAll("input, textarea") ?? [])]);
    const filled = inputs.some((one) => (/radio|checkbox/.test(one.type) ? one.checked : one.value));
    const status = this.body.querySelector("[role=status]");
    if (!form || !status || this.sending || !filled || (skipping && status.textContent === HALF_FILLED)) return false;
    form.requestSubmit();
    if (skipping && !this.sending) fill(status, HALF_FILLED);
    return true;
  }

  /** @param {string} words */
  #showSending(words) {
    const status = words !== this.sending && this.body.querySelector("[role=status]");
    this.sending = words;
    if (status) fill(status, words);
  }
}

/** @param {Content} content */
function stimulus(content) {
  const address = safeAddress(content.url);
  const shown = content.type === "text" ? el("blockquote", { class: "reading as-written" }, content.text ?? "") : medium(content, address);
  const caption = content.caption && el("figcaption", { class: "soft small" }, content.caption);
  return el("figure", { class: "stimulus" }, shown, caption);
}

/**
 * @param {Content} content
 * @param {string | null} address
 */
function medium(content, address) {
  if (!address) return missing(content, null);
  const label = content.alt || content.caption || null;
  /** @param {Event} event */
  const onerror = (event) => /** @type {Element} */ (event.currentTarget).replaceWith(missing(content, address));
  switch (content.type) {
    case "image":
      return el("img", { src: address, alt: content.alt, onerror, referrerpolicy: "no-referrer" });
    case "audio":
      return el("audio", { src: address, controls: true, preload: "metadata", "aria-label": label ?? "Recording", onerror });
    case "video":
      return el("video", { src: address, controls: true, playsinline: true, preload: "metadata", "aria-label": label ?? "Video", onerror });
    default:
      return outward(address, content.text || label || "Open the page to look at");
  }
}

/**
 * What can't be shown is described, and linked where there is an address.
 * @param {Content} content
 * @param {string | null} address
 */
function missing(content, address) {
  const words = content.alt || content.text || "Something was to be shown here, but it can’t be loaded.";
  return el("div", { class: "reading" }, el("p", {}, words), address && outward(address, "Try to open it in a new tab"));
}

/**
 * @param {string} address
 * @param {string} words
 */
function outward(address, words) {
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words, el("span", { class: "unseen" }, " (opens in a new tab)"));
}
