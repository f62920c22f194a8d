/** The one calm screen of the talk: it puts the parts together and shows in them what the talk and its situation are now. */

import { button } from "../shared/buttons.js";
import { el, fill } from "../shared/dom.js";
import { Controls } from "./controls.js";
import { Banners } from "./banners.js";
import { Captions } from "./captions.js";
import { Composer } from "./composer.js";
import { confirmEnd, showHelp } from "./dialogs.js";
import { FloorLight } from "./floor_light.js";
import { QuestionPanel } from "./question_panel.js";
import { announce, showScreen } from "./screen.js";
import { Shortcuts } from "./shortcuts.js";
import { recall, remember } from "../shared/storage.js";

const READ_ALOUD = "read-aloud";

/** @typedef {import("./banners.js").Situation} Situation */

export class TalkScreen {
  /**
   * @param {import("./session.js").Session} session
   * @param {import("./talk_state.js").Talk} talk
   * @param {Situation} situation
   * @param {import("./doors.js").TalkDoor} door
   */
  constructor(session, talk, situation, door) {
    this.session = session;
    this.talk = talk;
    this.situation = situation;
    this.door = door;
    const actions = this.#actions();
    this.light = new FloorLight();
    this.banners = new Banners({ ...actions, hold: (pressed) => this.controls.press(pressed), dismiss: () => this.#dismiss() });
    this.question = new QuestionPanel((node_key, data) => door.send({ type: "respond", node_key, data }));
    this.captions = new Captions(session.agent_name);
    this.readAloud = recall(READ_ALOUD) !== "off";
    this.captions.announceLines(this.readAloud);
    this.composer = new Composer({ onSend: door.sendText, onTyping: () => door.send({ type: "typing" }) });
    this.controls = new Controls(actions);
    this.shortcuts = new Shortcuts((key, pressed) => this.#key(key, pressed));
    this.progress = el("div", { class: "progress" });
    this.paused = this.#pausedCard();
    this.element = this.#element();
  }

  open() {
    showScreen(this.element, () => this.close());
    this.show();
    this.question.heading.focus({ preventScroll: true });
  }

  close() {
    this.shortcuts.close();
    this.controls.close();
  }

  /** Show that the voice arrives at the server: nothing else changes with it. */
  showLevel() {
    this.light.hear(this.talk.dbfs);
  }

  /** Show all that may have changed; each part touches only what differs. */
  show() {
    const { talk, situation } = this;
    const paused = talk.light === "paused";
    const lost = situation.link === "reconnecting" || (situation.mode === "voice" && situation.sound === "lost");
    this.light.show(lost && !paused ? "lost" : talk.light, talk.detail, situation.mode);
    this.banners.show(situation, talk.notice, paused);
    this.question.show(talk.question, talk.response, situation.mode);
    this.question.element.hidden = paused;
    if (this.paused.hidden === paused) this.#showPaused(paused);
    this.captions.show(talk);
    this.composer.show(situation.mode);
    this.controls.show({ mode: situation.mode, muted: situation.muted, paused });
    this.#showProgress();
  }

  #element() {
    const head = el("header", { class: "talk-head" }, el("p", { class: "talk-title" }, this.session.title || "Interview"), this.progress);
    const stage = el("section", { class: "stage", tabindex: "0", "aria-label": "The question" }, this.light.element, this.banners.element, this.question.element, this.paused);
    const said = el("section", { class: "said", "aria-label": "The conversation" }, this.captions.element, this.composer.element);
    this.question.element.lang = this.captions.log.lang = this.session.language || "en";
    return el("div", { class: "talk" }, head, el("main", { class: "talk-main" }, stage, said), this.controls.element);
  }

  #pausedCard() {
    const resume = button("Resume", () => this.door.send({ type: "claim", right: "resume" }), "primary large", "resume");
    return el(
      "div",
      { class: "paused", hidden: true },
      el("h1", { tabindex: "-1" }, "Paused"),
      el("p", {}, "Take the time you need. Nothing is listened to, and your place is kept."),
      resume,
    );
  }

  /** @param {boolean} paused */
  #showPaused(paused) {
    this.paused.hidden = !paused;
    const target = paused ? this.paused.querySelector("h1") : this.question.heading;
    const lost = document.activeElement === document.body || !document.activeElement?.checkVisibility?.();
    if (lost) target?.focus({ preventScroll: true });
  }

  #showProgress() {
    const { progress } = this.talk;
    if (!progress || progress.expected === 0) return fill(this.progress);
    const { answered, expected, remaining_m: minutes } = progress;
    const time = minutes === null ? "" : minutes < 1 ? " · almost done" : ` · about ${Math.round(minutes)} min left`;
    const count = expected === 1 ? `${answered} of 1` : `${answered} of about ${expected}`;
    const noun = expected === 1 ? " question" : " questions";
    const label = count + noun + time;
    if (this.progress.dataset.label === label) return;
    this.progress.dataset.label = label;
    fill(this.progress, el("progress", { max: expected, value: Math.min(answered, expected), "aria-label": "Progress" }), el("span", {}, count, el("span", { class: "wide" }, noun), time));
  }

  #dismiss() {
    this.talk.notice = null;
    this.show();
  }

  #actions() {
    const { door } = this;
    return {
      // "done" means what is written or ticked
      done: () => this.composer.send() || this.question.submit() || door.send({ type: "done" }),
      hold: (/** @type {boolean} */ pressed) => {
        door.send({ type: "hold_to_talk", pressed });
        this.controls.showHeld(pressed);
      },
      claim: (/** @type {import("./words.js").Right} */ right) => (right === "skip" && this.question.submit(true)) || door.send({ type: "claim", right }),
      toggleMute: () => this.#toggleMute(),
      type: () => this.composer.focus(),
      use: door.use,
      checkSound: door.checkSound,
      help: () => this.#help(),
      leave: door.leave,
      end: () => confirmEnd(() => this.#end()),
    };
  }

  #toggleMute() {
    this.door.mute(!this.situation.muted);
    announce(this.situation.muted ? "Muted" : "Not muted");
  }

  #end() {
    this.door.send({ type: "claim", right: "stop" });
    announce("Ending the interview.");
  }

  #help() {
    showHelp(this.session, {
      shortcutsOn: this.shortcuts.on,
      onShortcuts: (on) => this.shortcuts.switch(on),
      readAloud: this.readAloud,
      onReadAloud: (on) => {
        this.readAloud = on;
        this.captions.announceLines(on);
        remember(READ_ALOUD, on ? "on" : "off");
      },
    });
  }

  /**
   * @param {string} key
   * @param {boolean} pressed
   */
  #key(key, pressed) {
    const actions = this.#actions();
    const paused = this.talk.light === "paused";
    const voice = this.situation.mode === "voice";
    /** @type {Record<string, () => void>} */
    const meanings = {
      " ": () => (paused ? undefined : actions.done()),
      h: () => (voice && !paused ? this.controls.press(pressed) : undefined),
      r: () => actions.claim("repeat"),
      s: () => actions.claim("slower"),
      k: () => actions.claim("skip"),
      b: () => actions.claim("back"),
      p: () => actions.claim(paused ? "resume" : "pause"),
      m: () => (voice ? actions.toggleMute() : undefined),
      t: () => actions.type(),
      "?": () => actions.help(),
    };
    meanings[key]();
  }
}
