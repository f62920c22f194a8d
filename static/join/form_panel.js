/** A form's fields as accessible inputs. The same answers may be spoken; this is the other way to give them. */

import { el, fill } from "../shared/dom.js";

/** @typedef {import("./words.js").Field} Field */
/** @typedef {{element: HTMLElement, value: () => unknown, complain: (words: string) => void, focus: () => void}} Input */

const LONGEST_SCALE = 11;

/**
 * @param {import("./words.js").Question} question
 * @param {string} hint what else can be done, until something is filled in
 * @param {(nodeKey: string, data: Record<string, unknown>) => void} onRespond
 * @returns {HTMLElement}
 */
export function formPanel(question, hint, onRespond) {
  const inputs = question.fields.map((field, index) => ({ field, input: inputFor(field, `field-${question.node_key}-${index}`) }));
  const status = el("p", { class: "soft small", role: "status" }, hint);
  const form = el(
    "form",
    // not on "change": that comes with the press that leaves a field, and what is pressed would move away from under it
    { class: "form-panel", novalidate: true, onsubmit: submit, oninput: () => fill(status) },
    ...inputs.map(({ input }) => input.element),
    el("div", { class: "foot" }, status, el("button", { class: "button primary", type: "submit" }, "Send answer")),
  );
  return form;

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    /** @type {Record<string, unknown>} */
    const data = {};
    /** @type {Input | null} */
    let first = null;
    for (const { field, input } of inputs) {
      const value = input.value();
      const complaint = faultOf(field, value);
      input.complain(complaint);
      if (complaint) first ??= input;
      else if (value !== null) data[field.name] = value;
    }
    if (first) return first.focus();
    onRespond(question.node_key, data);
  }
}

/**
 * @param {Field} field
 * @param {unknown} value
 * @returns {string} what is the matter, or ""
 */
function faultOf(field, value) {
  const missing = value === null || (Array.isArray(value) && value.length === 0);
  if (missing) return field.required ? "Please answer this, or skip the question." : "";
  if (typeof value !== "number") return "";
  if (!Number.isFinite(value)) return "Please enter a number.";
  if (field.min !== null && value < field.min) return `Please enter ${field.min} or more.`;
  if (field.max !== null && value > field.max) return `Please enter ${field.max} or less.`;
  return "";
}

/**
 * @param {Field} field
 * @param {string} id
 * @returns {Input}
 */
function inputFor(field, id) {
  const low = field.min ?? 1;
  const high = field.max ?? 5;
  const isScale = Number.isInteger(low) && Number.isInteger(high) && high > low && high - low < LONGEST_SCALE;
  switch (field.type) {
    case "choice":
      return optionsInput(field, id, "radio", field.options.map((option) => [option, option]));
    case "multi_choice":
      return optionsInput(field, id, "checkbox", field.options.map((option) => [option, option]));
    case "boolean":
      return optionsInput(field, id, "radio", [["Yes", true], ["No", false]]);
    case "rating":
      if (!isScale) return lineInput(field, id, "number");
      return optionsInput(field, id, "radio", Array.from({ length: high - low + 1 }, (_, step) => [String(low + step), low + step]), "scale");
    case "number":
      return lineInput(field, id, "number");
    case "date":
      return lineInput(field, id, "date");
    default:
      return lineInput(field, id, "text");
  }
}

/**
 * @param {Field} field
 * @param {string} id
 * @param {"text" | "number" | "date"} type
 * @returns {Input}
 */
function lineInput(field, id, type) {
  const limits = type === "number" ? { min: field.min, max: field.max, step: "any", inputmode: "decimal" } : { maxlength: 5000 };
  const input = el("input", { id, type, class: "field-input", "aria-describedby": `${id}-fault`, "aria-required": field.required, ...limits });
  const fault = el("p", { class: "fault", id: `${id}-fault` });
  return {
    element: el("div", { class: "field" }, el("label", { for: id }, ...labelOf(field)), input, fault),
    value: () => {
      const given = input.value.trim();
      if (!given) return input.validity?.badInput ? Number.NaN : null;
      return type === "number" ? Number(given) : given;
    },
    complain: (words) => complain(input, fault, words),
    focus: () => input.focus(),
  };
}

/**
 * @param {Field} field
 * @param {string} id
 * @param {"radio" | "checkbox"} type
 * @param {[string, unknown][]} options
 * @param {string} [className]
 * @returns {Input}
 */
function optionsInput(field, id, type, options, className = "") {
  const inputs = options.map((_, index) => el("input", { type, name: id, id: `${id}-${index}`, value: index }));
  const labels = options.map(([words], index) => el("label", { class: "option" }, inputs[index], el("span", {}, words)));
  const fault = el("p", { class: "fault", id: `${id}-fault` });
  const legend = el("legend", {}, ...labelOf(field));
  const element = el("fieldset", { class: `field ${className}`, "aria-describedby": `${id}-fault` }, legend, el("div", { class: "options" }, ...labels), fault);
  return {
    element,
    value: () => {
      const chosen = options.filter((_, index) => inputs[index].checked).map(([, value]) => value);
      return type === "checkbox" ? chosen : (chosen[0] ?? null);
    },
    complain: (words) => complain(null, fault, words),
    focus: () => inputs[0]?.focus(),
  };
}

/** @param {Field} field */
function labelOf(field) {
  return [field.label || field.name, el("span", { class: "soft small" }, field.required ? " (required)" : " (optional)")];
}

/**
 * @param {HTMLElement | null} input
 * @param {HTMLElement} fault
 * @param {string} words
 */
function complain(input, fault, words) {
  if (input && words) input.setAttribute("aria-invalid", "true");
  else input?.removeAttribute("aria-invalid");
  fill(fault, words);
}
