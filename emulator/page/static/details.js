// The window with everything about one entry.

import { element, hueOf } from "./dom.js";
import { addDays, clockText, dateText, offsetText, wallClock } from "./zones.js";

const SHOWN_AS = {
  Busy: "Busy", Tentative: "Tentative", Free: "Free", OOF: "Out of office", WorkingElsewhere: "Working elsewhere",
};
const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };

export function shownAs(entry) {
  return SHOWN_AS[entry.show_as] ?? entry.show_as;
}

/** When an entry is, in words. */
export function timeText(entry, zone) {
  if (entry.dates) {
    const last = addDays(entry.dates[1], -1);
    const first = dateText(entry.dates[0], LONG);
    return last > entry.dates[0] ? `${first} to ${dateText(last, LONG)}, all day` : `${first}, all day`;
  }
  const start = wallClock(new Date(entry.start), zone);
  const end = wallClock(new Date(entry.end), zone);
  const until = end.date === start.date ? clockText(end.minutes) : `${dateText(end.date, LONG)}, ${clockText(end.minutes)}`;
  return `${dateText(start.date, LONG)}, ${clockText(start.minutes)} – ${until} (${offsetText(new Date(entry.start), zone)})`;
}

/** Open the window for an entry; focus returns to where it was when it closes. */
export function showDetails(dialog, entry, zone) {
  const close = element("button", { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)" }, "×");
  close.addEventListener("click", () => dialog.close());
  const categories = entry.categories.map((name) => {
    const chip = element("span", { class: "chip" }, name);
    chip.style.setProperty("--hue", hueOf(name));
    return chip;
  });
  const facts = [
    ["When", timeText(entry, zone)],
    ["Place", entry.place],
    ["Shown as", shownAs(entry)],
    ["Categories", categories.length ? element("span", { class: "chips" }, ...categories) : ""],
    ["Private", entry.private ? "Yes" : ""],
    ["Zone", entry.zone ?? ""],
    ["Notes", entry.text],
  ].filter(([, value]) => value !== "");
  dialog.replaceChildren(
    element("header", {}, element("h3", { id: "details-title" }, entry.title || "(no title)"), close),
    element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
  );
  if (!dialog.open) dialog.showModal();
}
