/** Keeps a phone's screen on during the talk: a locked screen would stop the sound. Where it can't be had, nothing is lost. */

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

document.addEventListener("visibilitychange", () => void take());

/** @param {boolean} awake */
export function stayAwake(awake) {
  wanted = awake;
  if (awake) return void take();
  lock?.release().catch(() => {});
  lock = null;
}

async function take() {
  if (!wanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
  lock = await navigator.wakeLock.request("screen").catch(() => null);
}
