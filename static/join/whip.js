/** The offer's way to the server and back (WHIP, RFC 9725): one resource for each connection, hung up by deleting it. */

const ANSWER_WITHIN_MS = 5000;

export class WhipResource {
  /** @param {import("./session.js").Visit} visit */
  constructor(visit) {
    this.visit = visit;
    this.address = "";
    this.etag = "";
    /** @type {() => void} */
    this.settle = () => {};
    /** @type {Promise<void>} */
    this.answered = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /**
   * @param {string} offer
   * @returns {Promise<string>} the answer
   */
  async offer(offer) {
    const response = await fetch(this.visit.path("whip"), {
      method: "POST",
      headers: { "content-type": "application/sdp", ...(await this.#authorization()) },
      body: offer,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.status === 401) this.visit.forgetToken();
    if (response.status !== 201) throw new Error(`offer refused: ${response.status}`);
    const given = response.headers.get("location");
    if (given && new URL(given, location.href).origin === location.origin) this.address = new URL(given, location.href).href;
    this.etag = response.headers.get("etag") ?? "";
    this.settle();
    return response.text();
  }

  /**
   * Tell of a candidate found after the offer went out (a relay's, mostly). Without it the connection may still come about.
   * @param {RTCIceCandidate} candidate
   * @param {string} offer
   */
  async trickle(candidate, offer) {
    await this.answered;
    if (!this.address) return;
    const credentials = offer.split("\r\n").filter((line) => /^a=ice-(ufrag|pwd):/.test(line)).slice(0, 2);
    const lines = [...credentials, "m=audio 9 UDP/TLS/RTP/SAVPF 0", `a=mid:${candidate.sdpMid ?? 0}`, `a=${candidate.candidate}`];
    const headers = { "content-type": "application/trickle-ice-sdpfrag", ...(await this.#authorization()) };
    const body = `${lines.join("\r\n")}\r\n`;
    await fetch(this.address, { method: "PATCH", headers: { ...headers, "if-match": this.etag || "*" }, body }).catch(() => {});
  }

  async hangUp() {
    const { address } = this;
    this.address = "";
    if (!address) return;
    try {
      await fetch(address, { method: "DELETE", headers: await this.#authorization(), keepalive: true });
    } catch {
      // the server notices by itself that no packet comes
    }
  }

  /** @returns {Promise<{authorization: string}>} */
  async #authorization() {
    return { authorization: `Bearer ${await this.visit.token()}` };
  }
}
