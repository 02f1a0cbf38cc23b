// The week: seven columns of hours, and above them the row of whole days.

import { element, hueOf, icon, LOCK } from "./dom.js";
import { layWeek } from "./layout.js";
import { addDays, clockText, dateText, offsetText, wallClock } from "./zones.js";
import { shownAs, timeText } from "./details.js";

const FIRST_HOUR_SEEN = 7;
const EARLIEST_HOUR = 5;
const BAR_ROW = 25;
const HOUR = 46;
const LINE = 15.4;

export class WeekView {
  /** `box`: where the week is drawn. `opened(entry)` is called when an entry is asked about. */
  constructor(box, opened) {
    this.box = box;
    this.opened = opened;
    this.entries = new Map();
    this.key = "";
    setInterval(() => this.drawNow(), 20000);
  }

  /**
   * Draw a week. What differs from the last drawing of the same calendar and week is highlighted.
   * Returns how many entries came, changed or went since then.
   */
  draw(entries, { mailbox, monday, zone }) {
    const key = `${mailbox} ${monday} ${zone}`;
    const again = key === this.key;
    const before = this.entries;
    const old = again ? new Map([...this.box.querySelectorAll("[data-id]")].map((node) => [node.dataset.place, node])) : new Map();
    const scroll = this.box.scrollTop;
    const focused = again ? document.activeElement?.dataset?.id : undefined;
    Object.assign(this, { key, monday, zone, entries: new Map(entries.map((entry) => [entry.id, JSON.stringify(entry)])) });
    const fresh = new Set(again ? entries.filter((entry) => before.get(entry.id) !== this.entries.get(entry.id))
      .map((entry) => entry.id) : []);
    const gone = again ? [...before.keys()].filter((id) => !this.entries.has(id)) : [];
    const { days, bars } = layWeek(entries, monday, zone);
    this.box.replaceChildren(this.head(bars, fresh), this.hours(days, fresh));
    if (!entries.length) this.box.append(element("p", { class: "empty" }, "Nothing is booked in this week."));
    for (const node of old.values()) if (gone.includes(node.dataset.id)) this.leave(node);
    this.drawNow();
    this.box.scrollTop = again ? scroll : this.firstSight(days);
    if (focused) this.box.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    return fresh.size + gone.length;
  }

  /** Where a newly opened week is scrolled to: the first hour of work, or what there is if that is all at night. */
  firstSight(days) {
    const starts = days.flat().filter((block) => block.starts).map((block) => Math.floor(block.from / 60));
    const byDay = starts.filter((hour) => hour >= EARLIEST_HOUR);
    const hour = Math.min(FIRST_HOUR_SEEN, ...(byDay.length ? byDay : starts));
    const hourHeight = this.box.querySelector(".hours").scrollHeight / 24;
    return Math.max(0, hour * hourHeight - 6);
  }

  /** Let an entry that is gone fade where it stood. */
  leave(node) {
    const home = this.box.querySelector(`[data-home="${node.dataset.home ?? ""}"]`)
      ?? this.box.querySelectorAll("[data-column]")[Number(node.dataset.day)];
    if (!home) return;
    node.classList.remove("fresh");
    node.classList.add("leaving");
    node.inert = true;
    node.removeAttribute("data-id");
    home.append(node);
    setTimeout(() => node.remove(), 1400);
  }

  head(bars, fresh) {
    const today = wallClock(new Date(), this.zone).date;
    const names = Array.from({ length: 7 }, (_, day) => {
      const date = addDays(this.monday, day);
      return element("div", { class: "day", "data-today": date === today, "data-weekend": day > 4, "data-date": date },
        element("span", {}, dateText(date, { weekday: "short" })), element("b", {}, String(Number(date.slice(8)))));
    });
    const row = element("div", { class: "bars", "data-home": "bars", role: "group", "aria-label": "All day" });
    const lanes = Math.max(1, ...bars.map((bar) => bar.lane + 1));
    row.style.setProperty("--lanes", lanes);
    row.append(...Array.from({ length: 7 }, (_, day) => {
      const cell = element("i", { "data-weekend": day > 4 });
      cell.style.gridColumn = String(day + 1);
      return cell;
    }));
    for (const bar of bars) {
      const node = this.entryNode(bar.entry, "bar", fresh);
      node.dataset.place = `${bar.entry.id} bar`;
      node.dataset.home = "bars";
      node.style.gridColumn = `${bar.from + 1} / ${bar.to + 1}`;
      node.style.gridRow = String(bar.lane + 1);
      node.classList.toggle("continues", bar.continues);
      node.classList.toggle("goes-on", bar.goesOn);
      node.append(element("b", {}, bar.entry.title || "(no title)"),
        bar.entry.place ? element("small", {}, bar.entry.place) : "");
      row.append(node);
    }
    row.style.minHeight = `${lanes * BAR_ROW + 6}px`;
    const corner = element("div", { class: "corner" }, offsetText(new Date(`${this.monday}T12:00:00Z`), this.zone));
    return element("div", { class: "head" }, corner, ...names, element("div", { class: "corner all" }, "all day"), row);
  }

  hours(days, fresh) {
    const gutter = element("div", { class: "gutter", "aria-hidden": "true" },
      ...Array.from({ length: 24 }, (_, hour) => element("span", {}, hour ? clockText(hour * 60) : "")));
    const today = wallClock(new Date(), this.zone).date;
    const columns = days.map((blocks, day) => {
      const date = addDays(this.monday, day);
      const label = dateText(date, { weekday: "long", day: "numeric", month: "long" });
      const count = blocks.length === 1 ? "1 entry" : `${blocks.length} entries`;
      const column = element("div", {
        class: "column", role: "group", "aria-label": `${label}, ${count}`, "data-column": date,
        "data-today": date === today, "data-weekend": day > 4,
      });
      for (const block of blocks) column.append(this.blockNode(block, day, fresh));
      return column;
    });
    return element("div", { class: "hours" }, gutter, ...columns);
  }

  blockNode(block, day, fresh) {
    const { entry } = block;
    const node = this.entryNode(entry, "block", fresh);
    const start = clockText(wallClock(new Date(entry.start), this.zone).minutes);
    const end = clockText(wallClock(new Date(entry.end), this.zone).minutes);
    const length = block.to - block.from;
    node.dataset.place = `${entry.id} ${day}`;
    node.dataset.day = String(day);
    node.dataset.size = length < 40 ? "small" : length < 75 ? "middle" : "large";
    node.classList.toggle("continues", !block.starts);
    node.classList.toggle("goes-on", !block.ends);
    node.style.setProperty("--from", block.from);
    node.style.setProperty("--length", length);
    node.style.setProperty("--left", block.left);
    node.style.setProperty("--width", block.width);
    node.append(element("b", {}, entry.title || "(no title)"), element("small", { class: "time" }, start, element("span", {}, ` – ${end}`)));
    if (entry.place) node.append(element("small", { class: "place" }, entry.place));
    if (entry.categories.length) node.append(element("small", { class: "categories" }, entry.categories.join(" · ")));
    // Whole lines only: what the title may take is what the lines below it leave.
    const below = node.dataset.size === "large" ? node.childElementCount - 1 - Number(entry.private) : 1;
    node.style.setProperty("--lines", Math.max(1, Math.floor(((length / 60) * HOUR - 10 - below * LINE) / LINE)));
    return node;
  }

  entryNode(entry, kind, fresh) {
    const words = [entry.title || "no title", timeText(entry, this.zone), entry.place, shownAs(entry), ...entry.categories,
      entry.private ? "private" : ""].filter(Boolean).join(", ");
    const node = element("button", {
      type: "button", class: `entry ${kind}`, "data-id": entry.id, "data-show": entry.show_as, "aria-label": words,
      title: [entry.title, timeText(entry, this.zone), entry.place].filter(Boolean).join("\n"),
    });
    node.style.setProperty("--hue", entry.categories.length ? hueOf(entry.categories[0]) : 265);
    node.classList.toggle("fresh", fresh.has(entry.id));
    if (entry.private) node.append(icon(LOCK));
    node.addEventListener("click", () => this.opened(entry));
    return node;
  }

  /** The line that says what time it is. */
  drawNow() {
    this.box.querySelector(".now")?.remove();
    if (!this.zone) return;
    const { date, minutes } = wallClock(new Date(), this.zone);
    const line = element("div", { class: "now", "aria-hidden": "true" });
    line.style.setProperty("--from", minutes);
    this.box.querySelector(`[data-column="${date}"]`)?.append(line);
  }
}
