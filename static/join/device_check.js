/**
 * The check of microphone and sound: why we ask, a meter that must move, a chime to be heard, and what to do when not.
 * Used before the talk, and in a dialog from inside it.
 */

import { button, buttons, dress } from "../shared/buttons.js";
import { el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { announce } from "./screen.js";
import { meter, MicrophoneError } from "./microphone.js";
import { verdict } from "./mode_screen.js";

const SPOKEN_DBFS = -45;
const SPOKEN_TICKS = 4;
const PATIENCE_TICKS = 80;

/** @type {Record<import("./microphone.js").MicrophoneFault, string>} */
export const MICROPHONE_FAULTS = {
  refused: "The browser was not allowed to use the microphone. To change that, use the padlock or settings sign beside the address, then try again.",
  missing: "We found no microphone. If you have one, plug it in and try again.",
  busy: "The microphone could not be opened. Another program may be using it; close that and try again.",
  insecure: "This browser gives the microphone only to pages opened securely (https).",
};

export class DeviceCheck {
  /**
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./speaker.js").Speaker} speaker
   * @param {{onStart: () => void, onType: () => void, startLabel: string}} outcome
   */
  constructor(microphone, speaker, outcome) {
    this.microphone = microphone;
    this.speaker = speaker;
    this.outcome = outcome;
    this.stopMeter = () => {};
    this.heardVoice = false;
    this.bar = el("div");
    this.voiceVerdict = el("div", { role: "status" });
    this.soundVerdict = el("div", { role: "status" });
    this.microphoneStep = el("li", { class: "card step" });
    this.soundStep = el("li", { class: "card step", hidden: true });
    this.start = button(outcome.startLabel, outcome.onStart, "primary large");
    this.start.hidden = true;
    this.type = button("Type instead", outcome.onType, "large");
    this.steps = el("ol", { class: "steps" }, this.microphoneStep, this.soundStep);
    this.buttons = buttons(this.start, this.type);
    this.#askForMicrophone();
  }

  /** Stop metering; the microphone itself stays open for the talk. */
  close() {
    this.stopMeter();
  }

  /**
   * Open the microphone: call it inside a click, so that phones also allow sound.
   * @param {string} [deviceId]
   */
  async open(deviceId) {
    this.speaker.wake();
    try {
      await this.microphone.open(deviceId);
    } catch (error) {
      this.#failed(error instanceof MicrophoneError ? error.fault : "busy");
      return;
    }
    await this.#listen();
  }

  #askForMicrophone() {
    fill(
      this.microphoneStep,
      el("h2", {}, icon("microphone"), "Your microphone"),
      el("p", {}, "The interviewer listens to your answers, so the browser will ask you to allow the microphone. It is used for this talk only, and you can mute it at any time."),
      button("Allow the microphone", () => void this.open(), "primary"),
    );
  }

  async #listen() {
    this.stopMeter();
    this.heardVoice = false;
    fill(
      this.microphoneStep,
      el("h2", {}, icon("microphone"), "Your microphone"),
      el("p", {}, "Please say a few words. The bar should move."),
      el("div", { class: "level", "aria-hidden": "true" }, this.bar),
      this.voiceVerdict,
      await this.#deviceChoice(),
    );
    fill(this.voiceVerdict);
    if (this.soundStep.hidden) this.#offerChime();
    this.start.hidden = false;
    this.type.classList.add("quiet");
    const { stream } = this.microphone;
    if (!stream) return; // left
    let loud = 0;
    let waited = 0;
    this.stopMeter = meter(this.speaker.wake(), stream, (dbfs) => {
      this.bar.style.transform = `scaleX(${Math.max(0, Math.min(1, (dbfs + 70) / 60)).toFixed(2)})`;
      waited += 1;
      if (dbfs > SPOKEN_DBFS) loud += 1;
      if (!this.heardVoice && loud >= SPOKEN_TICKS) this.#spoken();
      else if (!this.heardVoice && waited === PATIENCE_TICKS) this.#tooQuiet();
    });
  }

  async #deviceChoice() {
    const choices = await this.microphone.choices();
    if (choices.length < 2) return null;
    const current = this.microphone.deviceId;
    const select = el(
      "select",
      { id: "device", onchange: () => void this.open(select.value) },
      ...choices.map(({ id, label }) => el("option", { value: id, selected: id === current }, label)),
    );
    return el("div", { class: "labelled" }, el("label", { for: "device" }, "Microphone in use"), select);
  }

  #spoken() {
    this.heardVoice = true;
    fill(this.voiceVerdict, verdict("pass", "We can hear you well."));
  }

  #tooQuiet() {
    const words = "We can hardly hear you. Come closer, unmute the microphone on your device, or choose another one. You may also start as it is.";
    fill(this.voiceVerdict, verdict("warn", words));
  }

  #offerChime() {
    this.soundStep.hidden = false;
    const play = button("Play a chime", () => this.#chime(play), "", "sound");
    this.soundQuestion = el("div", { class: "step", hidden: true });
    fill(this.soundStep, el("h2", {}, icon("sound"), "Your sound"), el("div", {}, play), this.soundQuestion, this.soundVerdict);
  }

  /** @param {HTMLButtonElement} play */
  #chime(play) {
    this.speaker.chime();
    dress(play, "Play it again", "sound");
    const question = /** @type {HTMLElement} */ (this.soundQuestion);
    if (!question.hidden) return;
    question.hidden = false;
    fill(
      question,
      el("p", { id: "heard" }, "Did you hear it?"),
      el(
        "div",
        { class: "buttons", role: "group", "aria-labelledby": "heard" },
        button("Yes", () => this.#heard(true)),
        button("No", () => this.#heard(false)),
      ),
    );
    announce("Did you hear it?");
  }

  /** @param {boolean} yes */
  #heard(yes) {
    const words = yes
      ? "Good. You will hear the interviewer like that."
      : "Turn up the volume, switch off silent mode, or try headphones, then play it again. You may also start: every word is shown as text.";
    fill(this.soundVerdict, verdict(yes ? "pass" : "warn", words));
  }

  /** @param {import("./microphone.js").MicrophoneFault} fault */
  #failed(fault) {
    this.stopMeter();
    this.start.hidden = true;
    this.soundStep.hidden = true;
    fill(
      this.microphoneStep,
      el("h2", {}, icon("microphone"), "Let’s do it in writing"),
      el("p", {}, "That is no problem: the whole interview works by typing, and you can switch to talking later."),
      verdict("fail", MICROPHONE_FAULTS[fault]),
      buttons(button("Try again", () => void this.open())),
    );
    this.type.classList.remove("quiet");
    this.type.classList.add("primary");
    dress(this.type, "Continue by typing");
    this.type.focus();
    announce("The microphone can’t be used. You can continue by typing.");
  }
}
