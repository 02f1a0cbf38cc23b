// Elements made without markup: every text goes in as text.

/** An element with properties, data attributes ("data-x") or attributes, and children (texts or elements). */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** A line drawing of 16 by 16. */
export function icon(path, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const LOCK = "M4.5 7.5h7v5.5h-7zM6 7.5V5.3a2 2 0 0 1 4 0v2.2";

/** One of twelve hues, the same for the same text everywhere. */
export function hueOf(text) {
  let hash = 2166136261;
  for (const character of text.toLowerCase()) hash = Math.imul(hash ^ character.codePointAt(0), 16777619) >>> 0;
  return (hash % 12) * 30 + 10;
}
