/**
 * One participant's way through the page: link, consent, device check, talk, end. Decides which screen stands; the talk is
 * the conversation's affair.
 */

import { Conversation } from "./conversation.js";
import { DeviceCheck } from "./device_check.js";
import { showConsent, showDeclined } from "./consent_screen.js";
import { showDisplaced, showEnd, showLeft } from "./end_screen.js";
import { showFault } from "./fault_screens.js";
import { LiveLink } from "./live_link.js";
import { showModeChoice, showWelcomeBack } from "./mode_screen.js";
import { nameThePage, showSheet } from "./screen.js";
import { LinkFault, Visit } from "./session.js";

/** @typedef {import("./words.js").ToPage} ToPage */

export class Journey {
  /** @param {import("./session.js").Place} place */
  constructor(place) {
    this.visit = new Visit(place);
    this.link = new LiveLink(this.visit, {
      onMessage: (message) => this.#hear(message),
      onState: (link) => this.conversation.change({ link }),
      onFault: (fault) => this.#fail(fault),
    });
    this.conversation = new Conversation(this.visit, this.link, () => this.#leave());
    /** A screen for this welcome stands already; a later welcome is a mere reconnection. */
    this.received = false;
    /** The talk was on this page before, so that it goes on without asking again. */
    this.comingBack = false;
  }

  /** Open the session and say hello; what follows depends on the server's welcome. */
  async begin() {
    this.received = false;
    try {
      const session = await this.visit.open();
      nameThePage(session.title);
      this.link.open();
    } catch (fault) {
      this.#fail(fault instanceof LinkFault ? fault : new LinkFault("unreachable", "", 10));
    }
  }

  /** @returns {import("./session.js").Session} */
  get session() {
    return /** @type {import("./session.js").Session} */ (this.visit.session);
  }

  /** @param {ToPage} message */
  #hear(message) {
    this.conversation.hear(message);
    if (message.type === "welcome") this.#welcomed(message);
    else if (message.type === "ended") this.#end(message);
    else if (message.type === "displaced") this.#displaced(message.text);
  }

  /** @param {import("./words.js").Welcome} welcome */
  #welcomed({ session_id, consent_needed, resumed }) {
    this.conversation.welcomed(session_id);
    if (this.received) return;
    this.received = true;
    const { mode } = this.conversation.situation;
    if (consent_needed) this.#askConsent();
    else if (this.comingBack) void this.conversation.enter(mode);
    else if (resumed) showWelcomeBack(this.session, { mode, onVoice: () => this.#checkDevices(true), onText: () => this.#type() });
    else this.#chooseMode();
  }

  #askConsent() {
    showConsent(this.session, (granted, recording) => {
      const { text_hash } = this.session.consent;
      this.link.send({ type: "consent", granted, recording, text_hash });
      if (granted) this.#chooseMode();
      else showDeclined();
    });
  }

  #chooseMode() {
    showModeChoice(this.session, { onVoice: () => this.#checkDevices(false), onText: () => this.#type() });
  }

  #type() {
    void this.conversation.enter("text");
  }

  /** @param {boolean} knownDevice after a reload: one click, and on it goes, unless the microphone is refused now */
  async #checkDevices(knownDevice) {
    const { microphone, speaker } = this.conversation;
    const check = new DeviceCheck(microphone, speaker, {
      startLabel: knownDevice ? "Continue" : "Start the conversation",
      onStart: () => {
        check.close();
        void this.conversation.enter("voice");
      },
      onType: () => {
        check.close();
        microphone.close();
        this.#type();
      },
    });
    if (knownDevice) await check.open();
    if (knownDevice && microphone.stream) check.outcome.onStart();
    else showSheet("Let’s check that we hear each other", check.steps, check.buttons);
  }

  #leave() {
    this.link.send({ type: "claim", right: "pause" });
    this.#part();
    showLeft(() => this.#comeBack());
  }

  /** Inside a click, so that sound is allowed again. */
  #comeBack() {
    this.comingBack = true;
    this.conversation.speaker.wake();
    void this.begin();
  }

  /** @param {import("./words.js").Ended} ended */
  #end(ended) {
    this.#part(false);
    if (ended.outcome === "declined") showDeclined();
    else showEnd(ended, this.conversation.talk, this.session);
  }

  /** @param {string} words */
  #displaced(words) {
    const wasTalking = this.conversation.screen !== null;
    this.#part();
    showDisplaced(words, () => (wasTalking ? this.#comeBack() : void this.begin()));
  }

  /** @param {LinkFault} fault */
  #fail(fault) {
    this.#part();
    showFault(fault, () => void this.begin());
  }

  #part(tell = true) {
    this.link.close();
    this.conversation.part(tell);
  }
}
