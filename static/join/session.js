/**
 * The page's HTTP: opening and renewing the session, by the run in the path and the token in the fragment. Faults come out
 * as `LinkFault` with the server's code and its sentence for people.
 */

/** @typedef {import("./words.js").Session} Session */

/** @typedef {{runId: string, token: string}} Place */

export class LinkFault extends Error {
  /**
   * @param {string} code the server's code, or `unreachable`, `incomplete`
   * @param {string} message a sentence for people, or ""
   * @param {number} retryAfter seconds; 0 = don't retry by itself
   */
  constructor(code, message, retryAfter = 0) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

const RUN_PATH = /^\/join\/([A-Za-z0-9_-]{1,100})\/?$/;
const RENEW_AFTER_MS = 600_000;
const RETRY_BY_ITSELF = new Set(["at_capacity", "unreachable"]);

/**
 * The run and token that a link carries.
 * @param {{pathname: string, hash: string}} address
 * @returns {Place | null} null when the link is incomplete
 */
export function readPlace(address) {
  const runId = RUN_PATH.exec(address.pathname)?.[1];
  const token = address.hash.slice(1);
  return runId && token && token.length <= 500 ? { runId, token } : null;
}

/** A session that keeps its access token fresh, and opens itself again after the server has forgotten it. */
export class Visit {
  /** @param {Place} place */
  constructor(place) {
    this.place = place;
    /** @type {Session | null} */
    this.session = null;
    this.renewAt = 0;
  }

  /**
   * Open the session, or renew it.
   * @returns {Promise<Session>}
   */
  async open() {
    this.session = await openSession(this.place);
    this.renewAt = performance.now() + RENEW_AFTER_MS;
    return this.session;
  }

  /** @returns {Promise<string>} an access token that is good for some minutes yet */
  async token() {
    const stale = !this.session || performance.now() >= this.renewAt;
    return (stale ? await this.open() : /** @type {Session} */ (this.session)).access_token;
  }

  /** Distrust the token: the next use opens the session again. */
  forgetToken() {
    this.renewAt = 0;
  }

  /**
   * @param {string} door `live`, `audio` or `whip`
   * @returns {string} path on this server
   */
  path(door) {
    return `/join/${encodeURIComponent(this.place.runId)}/${door}`;
  }

  /**
   * @param {string} door
   * @returns {string} websocket address on this server
   */
  socketAddress(door) {
    return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${this.path(door)}`;
  }
}

/**
 * @param {Place} place
 * @returns {Promise<Session>}
 */
async function openSession({ runId, token }) {
  let response;
  try {
    response = await fetch(`/join/${encodeURIComponent(runId)}/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
      cache: "no-store",
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new LinkFault("unreachable", "", 5);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw faultOf(response, body);
  if (typeof body?.access_token !== "string" || typeof body.consent?.text_hash !== "string") {
    throw new LinkFault("unreachable", "", 10);
  }
  return /** @type {Session} */ (body);
}

/**
 * @param {Response} response
 * @param {any} body
 * @returns {LinkFault}
 */
function faultOf(response, body) {
  const given = typeof body?.error?.code === "string" ? body.error.code : "";
  const code = given || (response.status >= 500 || response.status === 429 ? "unreachable" : "run_unknown");
  const message = typeof body?.error?.message === "string" ? body.error.message : "";
  const asked = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const retries = RETRY_BY_ITSELF.has(code) || response.status >= 500;
  const retryAfter = retries ? Math.min(Math.max(Number.isFinite(asked) ? asked : 10, 1), 120) : 0;
  return new LinkFault(code, message, retryAfter);
}
