// The types of the words between this page and the server (see server/live/wire.py and server/api/participants.py). Not served: a page needs no types.

export type Mode = "voice" | "text";
export type Right = "repeat" | "slower" | "skip" | "back" | "pause" | "resume" | "strike" | "human" | "stop";
export type Light = "yours" | "thinking" | "mine" | "paused" | "away" | "ended";
export type Field = {name: string, label: string, type: string, options: string[], min: number | null, max: number | null, required: boolean};
export type Content = {type: string, url: string | null, text: string | null, alt: string, caption: string | null};
export type Welcome = {type: "welcome", session_id: string, status: string, seq: number, consent_needed: boolean, resumed: boolean};
export type Floor = {type: "floor", seq: number, light: Light, detail: string};
export type Caption = {type: "caption", seq: number, id: string, role: "agent" | "participant", text: string, final: boolean, cut: boolean, gone: boolean};
export type Question = {type: "question", seq: number, node_key: string, kind: string, text: string, section: string | null, node_type: string, fields: Field[], content: Content | null};
export type Progress = {type: "progress", seq: number, answered: number, expected: number, remaining_m: number | null};
export type Notice = {type: "notice", seq: number, code: string, text: string, offers: string[]};
export type Level = {type: "level", dbfs: number};
export type Ended = {type: "ended", outcome: string, text: string, onward: string | null, code: string | null};
export type Displaced = {type: "displaced", text: string};
export type Refused = {type: "refused", code: string, text: string};
export type Pong = {type: "pong", n: number};
export type ToPage = Welcome | Floor | Caption | Question | Progress | Notice | Level | Ended | Displaced | Refused | Pong;
export type FromPage =
  | {type: "hello", access_token: string, after_seq: number}
  | {type: "consent", granted: boolean, recording: boolean, text_hash: string}
  | {type: "start", mode: Mode}
  | {type: "done"}
  | {type: "hold_to_talk", pressed: boolean}
  | {type: "text", text: string, id: string}
  | {type: "typing"}
  | {type: "mute", muted: boolean}
  | {type: "claim", right: Right}
  | {type: "respond", node_key: string, data: Record<string, unknown>}
  | {type: "playout", delay: number}
  | {type: "ping", n: number};

export type Consenting = {
  needed: boolean;
  text: string;
  text_hash: string;
  recording_offered: boolean;
  human_contact: string | null;
  help_lines: string[];
};
export type Session = {
  access_token: string;
  /** seconds */
  expires_in: number;
  ice_servers: RTCIceServer[];
  status: string;
  title: string;
  agent_name: string;
  organization: string;
  purpose: string | null;
  estimated_duration_m: number;
  language: string;
  speech_supported: boolean;
  consent: Consenting;
  resumed: boolean;
  progress: {answered: number, expected: number};
};
