// What the parts of the talk show, and may ask of one another. Not served: a page needs no types.

import type { Line } from "./talk_state.js";
import type { Ended, FromPage, Light, Mode, Notice, Progress, Question, Right } from "./words.js";

export type Actions = {
  done: () => void;
  hold: (pressed: boolean) => void;
  claim: (right: Right) => void;
  toggleMute: () => void;
  type: () => void;
  use: (mode: Mode) => void;
  checkSound: () => void;
  help: () => void;
  leave: () => void;
  end: () => void;
};
export type TalkDoor = {
  send: (message: FromPage) => void;
  sendText: (text: string) => void;
  mute: (muted: boolean) => void;
  use: (mode: Mode) => void;
  checkSound: () => void;
  leave: () => void;
};
export type WaysOut = Pick<Actions, "claim" | "type" | "toggleMute" | "use" | "hold"> & {dismiss: () => void};
export type Talk = {
  light: Light;
  detail: string;
  question: Question | null;
  progress: Progress | null;
  notice: Notice | null;
  ended: Ended | null;
  /** in order of first appearance */
  lines: Map<string, Line>;
  /** typed, sent, and not yet seen as captions */
  unconfirmed: {id: string, text: string}[];
  /** a form as it was sent */
  response: {message: FromPage, taken: boolean} | null;
  /** what the server hears of the microphone */
  dbfs: number;
};
