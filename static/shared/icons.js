/** The drawings on buttons: strokes on a 24-unit square that take the colour of the words beside them. */

const SVG = "http://www.w3.org/2000/svg";

const RING = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z";
const CAPSULE = "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3z";

/** @type {Record<string, string[]>} */
const STROKES = {
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  hold: ["M12 3v8", CAPSULE, "M4 20h16"],
  microphone: [CAPSULE, "M6 12a6 6 0 0 0 12 0", "M12 18v3"],
  muted: ["M9 9v3a3 3 0 0 0 5 2.2", "M15 11V6a3 3 0 0 0-5.8-1", "M6 12a6 6 0 0 0 9.6 4.8", "M12 18v3", "M4 4l16 16"],
  repeat: ["M4 12a8 8 0 1 0 2.6-5.9", "M4 4v4.5h4.5"],
  slower: ["M12 21a9 9 0 1 1 9-9", "M12 7v5l-3 3", "M16 18h6"],
  pause: ["M8 5v14", "M16 5v14"],
  resume: ["M8 5l11 7-11 7z"],
  skip: ["M5 5l9 7-9 7z", "M18 5v14"],
  back: ["M19 5l-9 7 9 7z", "M6 5v14"],
  strike: ["M6 19L18 5", "M6 5l12 14"],
  keyboard: ["M3 7h18v10H3z", "M7 10.5h.01M11 10.5h.01M15 10.5h.01M8 14h8"],
  human: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M5 20a7 7 0 0 1 14 0"],
  leave: ["M10 4H5v16h5", "M10 12h10", "M16 8l4 4-4 4"],
  end: [RING, "M9 9h6v6H9z"],
  more: ["M5 11.5h.01v1h-.01zM12 11.5h.01v1h-.01zM19 11.5h.01v1h-.01z"],
  help: [RING, "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7", "M12 16.8h.01"],
  info: [RING, "M12 11v5", "M12 8h.01"],
  sound: ["M4 10v4h3l5 4V6L7 10z", "M16 9a4 4 0 0 1 0 6", "M18.5 6.5a8 8 0 0 1 0 11"],
  send: ["M4 12l16-7-6 15-3-6z"],
  save: ["M12 4v11", "M8 11l4 4 4-4", "M5 20h14"],
  warning: ["M12 4l9 16H3z", "M12 10v4", "M12 17h.01"],
  close: ["M6 6l12 12", "M18 6L6 18"],
};

/**
 * Draw one of the icons, hidden from screen readers: the words beside it say what it means.
 * @param {string} name
 * @param {string} [className]
 * @returns {SVGSVGElement}
 */
export function icon(name, className = "icon") {
  return drawing("0 0 24 24", STROKES[name] ?? [], className);
}

/**
 * @param {string} viewBox
 * @param {string[]} strokes
 * @param {string} className
 * @returns {SVGSVGElement}
 */
export function drawing(viewBox, strokes, className) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  for (const stroke of strokes) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", stroke);
    svg.append(path);
  }
  return svg;
}
