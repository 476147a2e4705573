// Making elements, and writing amounts and dates. Text from the server is only ever set as text.

/** An element: `el("p", { class: "soft" }, "text", child)`. Functions are listeners. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);

/** Puts children into a place, instead of what is there. */
export function show(place, ...children) {
  place.replaceChildren(...children.flat().filter(Boolean));
}

/** `1,250` */
export function credits(amount) {
  return Number(amount ?? 0).toLocaleString("en", { maximumFractionDigits: 6 });
}

/** `1 credit`, `80 credits` */
export const creditWords = (amount) => `${credits(amount)} ${Number(amount) === 1 ? "credit" : "credits"}`;

/** `$29.00` of `{ amount: 2900, currency: "USD" }` */
export function money({ amount, currency }) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function bytes(size) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = size > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(size) / 3)) : 0;
  const value = size / 1000 ** step;
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 10 && step > 1 ? 1 : 0 })} ${units[step]}`;
}

let zone = "UTC";
/** The account's time zone, in which all dates are written. */
export function setZone(name) {
  zone = name;
}

const written = (at, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(new Date(at));
export const day = (at) => written(at, { day: "numeric", month: "short", year: "numeric" });
export const minute = (at) => written(at, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
export const second = (at) => written(at, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const LONG_ID = /\b((?:hold|charge|pay|job|asset)_[0-9a-z]{6})[0-9a-z]{8,}\b/g;
/** Summaries name instants and ids as the journal has them: here as people read them. */
export const readable = (text) => text.replace(INSTANT, minute).replace(LONG_ID, "$1…");

/** `image_generation` as `Image generation` */
export const plain = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");

/** A message in a corner, for a while. */
let fading;
export function toast(text) {
  const place = $("toast");
  place.textContent = text;
  place.classList.add("seen");
  clearTimeout(fading);
  fading = setTimeout(() => place.classList.remove("seen"), 5000);
}

/** What goes wrong, in a box: what, what would fix it, and buttons for that. */
export function notice(tone, title, text, ...more) {
  return el("div", { class: `notice ${tone}` }, title && el("b", {}, title), text && el("p", {}, text), ...more);
}
