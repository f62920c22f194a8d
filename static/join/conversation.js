/**
 * The talk itself, between the screen and the lines to the server: which mode it is in, what is muted, what was typed and is
 * not yet confirmed, and what must be said again after a loss.
 */

import { checkSound } from "./dialogs.js";
import { Microphone } from "./microphone.js";
import { SoundRoad } from "./sound_road.js";
import { Speaker } from "./speaker.js";
import { fold, newTalk } from "./talk_state.js";
import { TalkScreen } from "./talk_screen.js";
import { recall, remember } from "../shared/storage.js";
import { stayAwake } from "./wake_lock.js";

/** @typedef {import("./words.js").Mode} Mode */
/** @typedef {import("./banners.js").Situation} Situation */

const MODE = "mode";
const NO_SOUND = "The sound isn’t working just now, so we go on in writing. You can try talking again under “More”.";

export class Conversation {
  /**
   * @param {import("./session.js").Visit} visit
   * @param {import("./live_link.js").LiveLink} link
   * @param {() => void} onLeave
   */
  constructor(visit, link, onLeave) {
    this.visit = visit;
    this.link = link;
    this.onLeave = onLeave;
    this.microphone = new Microphone();
    this.speaker = new Speaker();
    this.talk = newTalk();
    /** @type {Situation} */
    this.situation = { mode: recall(MODE) === "text" ? "text" : "voice", muted: false, link: "closed", sound: "idle" };
    /** @type {TalkScreen | null} */
    this.screen = null;
    this.sitting = "";
    this.road = new SoundRoad(visit, this.microphone, this.speaker, {
      onState: (sound) => this.change({ sound }),
      onPlayout: (delay) => void link.send({ type: "playout", delay }),
    });
    this.microphone.onLost = () => void this.use("voice");
  }

  /**
   * Show the talk and go on in this mode.
   * @param {Mode} mode
   */
  async enter(mode) {
    this.situation.mode = mode;
    const session = /** @type {import("./session.js").Session} */ (this.visit.session);
    const chosen = { onVoice: () => void this.use("voice"), onText: () => void this.use("text") };
    this.screen = new TalkScreen(session, this.talk, this.situation, {
      send: (message) => this.#send(message),
      sendText: (text) => this.#sendText(text),
      mute: (muted) => this.#mute(muted),
      use: (next) => void this.use(next),
      checkSound: () => checkSound(this.microphone, this.speaker, chosen),
      leave: () => this.onLeave(),
    });
    this.screen.open();
    stayAwake(true);
    await this.use(mode);
  }

  /**
   * Let go of microphone and sound; what was said stays.
   * @param {boolean} [tell] whether the server has yet to be told
   */
  part(tell = true) {
    this.screen = null;
    this.road.close(tell);
    this.microphone.close();
    stayAwake(false);
  }

  /** @param {import("./words.js").ToPage} message */
  hear(message) {
    fold(this.talk, message);
    if (message.type === "floor" && message.detail === "ducked") this.speaker.duck();
    if (message.type === "level") this.screen?.showLevel();
    else this.screen?.show();
  }

  /** @param {Partial<Situation>} now */
  change(now) {
    Object.assign(this.situation, now);
    this.screen?.show();
  }

  /**
   * The link is there, or there again. Says anew, in mid-talk, what the server may have missed.
   * @param {string} sitting the server's session; another one knows nothing of our sound
   */
  welcomed(sitting) {
    const sameSitting = this.sitting === sitting;
    this.sitting = sitting;
    if (!this.screen) return;
    const { mode, muted, sound } = this.situation;
    if (muted) this.link.send({ type: "mute", muted });
    if (mode === "text" || (sameSitting && sound === "connected")) this.#start(mode);
    else if (!sameSitting || sound !== "connecting") void this.use("voice");
  }

  /**
   * Go on in this mode; without a microphone or sound, in writing.
   * @param {Mode} mode
   */
  async use(mode) {
    if (!this.screen) return;
    if (mode === "voice") {
      const flows = await this.#soundFlows();
      if (flows) return this.#start("voice");
      if (!this.screen || this.road.state !== "failed") return; // left, or overtaken by a newer attempt
    }
    this.road.close();
    this.microphone.close();
    this.#start("text");
    if (mode === "voice") this.hear({ type: "notice", seq: 0, code: "no_sound", text: NO_SOUND, offers: [] });
  }

  /** @returns {Promise<boolean>} */
  async #soundFlows() {
    this.speaker.wake();
    this.change({ mode: "voice" });
    if (this.microphone.track?.readyState !== "live") {
      await this.microphone.open().catch(() => this.microphone.close());
    }
    if (this.microphone.stream) return this.road.connect();
    this.road.giveUp();
    return false;
  }

  /** @param {Mode} mode */
  #start(mode) {
    remember(MODE, mode);
    this.change({ mode });
    this.link.send({ type: "start", mode });
    const { unconfirmed, response } = this.talk;
    for (const { id, text } of unconfirmed) this.link.send({ type: "text", text, id });
    if (response && !response.taken) this.link.send(response.message);
  }

  /** @param {import("./words.js").FromPage} message */
  #send(message) {
    if (message.type === "respond") this.talk.response = { message, taken: false };
    this.link.send(message);
    this.screen?.show();
  }

  /** @param {string} text */
  #sendText(text) {
    const id = newId();
    this.talk.unconfirmed.push({ id, text });
    this.link.send({ type: "text", text, id });
    this.screen?.show();
  }

  /** @param {boolean} muted */
  #mute(muted) {
    this.road.mute(muted);
    this.link.send({ type: "mute", muted });
    this.change({ muted });
  }
}

/** @returns {string} 128 random bits; unlike randomUUID there is this on plain http, where people may still type */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
