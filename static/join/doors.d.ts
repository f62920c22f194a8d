/** What the parts of the talk's screen may ask of one another; for the type checker alone, never served. */

import type { FromPage, Mode, Right } from "./words.js";

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
