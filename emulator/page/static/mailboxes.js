// The list of mailboxes: searchable, and only as many rows in the document as can be seen.

import { element, hueOf } from "./dom.js";

const ROW = 52;
const SPARE_ROWS = 6;
const GLOW_MS = 2600;
const ORDER = new Intl.Collator("en", { numeric: true });
const KINDS = { user: "Person", room: "Room", equipment: "Equipment" };

export class MailboxList {
  /** `box`: the scrolling element. `chosen(mailbox)` is called when another mailbox is chosen. */
  constructor(box, found, chosen) {
    this.box = box;
    this.found = found;
    this.chosen = chosen;
    this.all = [];
    this.shown = [];
    this.words = [];
    this.kind = "";
    this.current = null;
    this.glowing = new Map();
    this.space = element("div", { class: "space", role: "presentation" });
    box.append(this.space);
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(box);
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-index]");
      if (row) this.choose(this.shown[Number(row.dataset.index)]);
    });
  }

  /** Take the mailboxes: [[address, name, kind]]. */
  fill(rows) {
    this.all = rows.map(([address, name, kind]) => ({ address, name, kind, text: `${name} ${address}`.toLowerCase() }));
    this.all.sort((a, b) => ORDER.compare(a.name, b.name) || (a.address < b.address ? -1 : 1));
    this.byAddress = new Map(this.all.map((mailbox) => [mailbox.address, mailbox]));
    this.filter();
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.filter();
  }

  only(kind) {
    this.kind = kind;
    this.filter();
  }

  filter() {
    this.shown = this.all.filter((mailbox) => (!this.kind || mailbox.kind === this.kind)
      && this.words.every((word) => mailbox.text.includes(word)));
    const some = this.shown.length !== this.all.length;
    const total = this.all.length.toLocaleString("en-GB");
    this.found.textContent = this.shown.length === 0 ? "No mailbox matches."
      : some ? `${this.shown.length.toLocaleString("en-GB")} of ${total} mailboxes` : `${total} mailboxes`;
    this.box.scrollTop = 0;
    this.show(this.current);
  }

  choose(mailbox) {
    if (!mailbox) return;
    this.current = mailbox;
    this.show(mailbox);
    this.chosen(mailbox);
  }

  /** Choose the mailbox so many rows further down. */
  step(rows) {
    const index = this.shown.indexOf(this.current);
    const next = index < 0 ? 0 : Math.min(this.shown.length - 1, Math.max(0, index + rows));
    if (this.shown[next] !== this.current) this.choose(this.shown[next]);
  }

  /** Scroll to a mailbox if it is out of sight. */
  show(mailbox) {
    const index = this.shown.indexOf(mailbox);
    if (index >= 0) {
      const top = index * ROW;
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      const bottom = top + ROW - this.box.clientHeight;
      if (bottom > this.box.scrollTop) this.box.scrollTop = bottom;
    }
    this.draw();
  }

  /** Light up mailboxes whose calendar has just changed. */
  glow(addresses) {
    const now = performance.now();
    for (const address of addresses) this.glowing.set(address, now);
    this.draw();
    setTimeout(() => {
      for (const [address, since] of this.glowing) if (performance.now() - since >= GLOW_MS) this.glowing.delete(address);
      this.draw();
    }, GLOW_MS + 50);
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE_ROWS);
    const last = Math.min(this.shown.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + SPARE_ROWS);
    this.space.style.height = `${this.shown.length * ROW}px`;
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.row(this.shown[index], index));
    this.space.replaceChildren(...rows);
    const active = this.shown.indexOf(this.current);
    if (active >= first && active < last) this.box.setAttribute("aria-activedescendant", `mailbox-${active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  row(mailbox, index) {
    const chosen = mailbox === this.current;
    const sign = element("span", { class: "sign", "data-kind": mailbox.kind, "aria-hidden": "true" }, initials(mailbox));
    sign.style.setProperty("--hue", hueOf(mailbox.address));
    const row = element("div", {
      id: `mailbox-${index}`, class: "mailbox", role: "option", "aria-selected": String(chosen), "data-index": index,
      "aria-setsize": this.shown.length, "aria-posinset": index + 1, title: `${KINDS[mailbox.kind]}: ${mailbox.address}`,
      "data-address": mailbox.address,
    }, sign, element("span", { class: "names" }, element("b", {}, mailbox.name), element("small", {}, mailbox.address)),
    this.glowing.has(mailbox.address) ? element("span", { class: "glow", "aria-hidden": "true" }) : null);
    row.style.transform = `translateY(${index * ROW}px)`;
    return row;
  }
}

function initials(mailbox) {
  const words = mailbox.name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const last = words.at(-1) ?? "";
  if (words.length > 1 && /^\d{1,3}$/.test(last)) return last;
  const letters = words.length > 1 ? [words[0], last] : words;
  return letters.map((word) => Array.from(word)[0]).join("").toUpperCase();
}
