// The page: which mailbox, which week, which zone; the live feed; the keyboard.

import { element } from "./dom.js";
import { showDetails } from "./details.js";
import { MailboxList } from "./mailboxes.js";
import { WeekView } from "./week.js";
import { addDays, dateText, isDate, isZone, mondayOf, startOfDate, wallClock, weekNumber } from "./zones.js";

const byId = (id) => document.getElementById(id);
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const asked = new URLSearchParams(location.search);
const state = { mailbox: null, zone: isZone(asked.get("tz") ?? "") ? asked.get("tz") : browserZone, monday: "" };
state.monday = mondayOf(isDate(asked.get("week")) ? asked.get("week") : today());

const details = byId("details");
const week = new WeekView(byId("week"), (entry) => showDetails(details, entry, state.zone));
const list = new MailboxList(byId("mailboxes"), byId("found"), (mailbox) => {
  state.mailbox = mailbox;
  changed();
});

function today() {
  return wallClock(new Date(), state?.zone ?? browserZone).date;
}

// Loading. One request at a time; what is asked for meanwhile is loaded after it.

let loading = false;
let stale = false;

async function load() {
  if (!state.mailbox) return;
  stale = loading;
  if (loading) return;
  loading = true;
  const shown = { mailbox: state.mailbox.address, monday: state.monday, zone: state.zone };
  try {
    const start = startOfDate(shown.monday, shown.zone).getTime();
    const end = startOfDate(addDays(shown.monday, 7), shown.zone).getTime();
    // Whole days of another zone may reach into the week although their instants do not: ask for a day more.
    const query = new URLSearchParams({
      mailbox: shown.mailbox,
      start: new Date(start - 86400000).toISOString(),
      end: new Date(end + 86400000).toISOString(),
    });
    const response = await fetch(`api/calendar?${query}`);
    if (!response.ok) throw new Error(`the emulator answered ${response.status}`);
    const entries = (await response.json()).filter((entry) => touches(entry, shown.monday, start, end));
    const current = shown.mailbox === state.mailbox.address && shown.monday === state.monday && shown.zone === state.zone;
    if (current) {
      const count = week.draw(entries, shown);
      if (count) byId("said").textContent = count === 1 ? "1 entry has changed." : `${count} entries have changed.`;
    } else stale = true;
    problem("");
  } catch (error) {
    problem(`The calendar cannot be read: ${error.message}. It is shown again as soon as the emulator answers.`);
  } finally {
    loading = false;
    if (stale) load();
  }
}

function touches(entry, monday, start, end) {
  if (entry.dates) return entry.dates[0] < addDays(monday, 7) && entry.dates[1] > monday;
  const from = Date.parse(entry.start);
  return from < end && (Date.parse(entry.end) > start || from >= start);
}

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** Show what `state` says, here and in the address. */
function changed() {
  const { mailbox, monday, zone } = state;
  const sunday = addDays(monday, 6);
  const sameMonth = monday.slice(0, 7) === sunday.slice(0, 7);
  const sameYear = monday.slice(0, 4) === sunday.slice(0, 4);
  const first = dateText(monday, { day: "numeric", month: sameMonth ? undefined : "long", year: sameYear ? undefined : "numeric" });
  byId("range").textContent = `${first} – ${dateText(sunday, { day: "numeric", month: "long", year: "numeric" })}`;
  byId("number").textContent = `Week ${weekNumber(monday)}`;
  byId("name").textContent = mailbox?.name ?? "";
  byId("address").textContent = mailbox?.address ?? "";
  document.title = `${mailbox ? `${mailbox.name}, week ${weekNumber(monday)}` : "Calendars"} – Callsheet emulator`;
  const address = new URLSearchParams();
  if (mailbox) address.set("mailbox", mailbox.address);
  if (monday !== mondayOf(today())) address.set("week", monday);
  if (zone !== browserZone) address.set("tz", zone);
  history.replaceState(null, "", `?${address}`);
  load();
}

function moveWeek(weeks) {
  state.monday = addDays(state.monday, weeks * 7);
  changed();
}

function showToday() {
  state.monday = mondayOf(today());
  changed();
}

byId("previous").addEventListener("click", () => moveWeek(-1));
byId("next").addEventListener("click", () => moveWeek(1));
byId("today").addEventListener("click", showToday);

// Time zones: the browser's own and UTC first.

const others = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== browserZone && zone !== "UTC");
const nearby = [...new Set([browserZone, "UTC", state.zone])];
const options = (zones) => zones.map((zone) => element("option", { value: zone }, zone.replaceAll("_", " ")));
byId("zone").append(element("optgroup", { label: "Nearby" }, ...options(nearby)),
  element("optgroup", { label: "All" }, ...options(others.filter((zone) => !nearby.includes(zone)))));
byId("zone").value = state.zone;
byId("zone").addEventListener("change", (event) => {
  state.zone = event.target.value;
  changed();
});

// Searching.

byId("search").addEventListener("input", (event) => list.search(event.target.value));
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.target.value = "";
    list.search("");
    byId("mailboxes").focus();
  } else if (event.key === "Enter") {
    if (!list.shown.includes(list.current)) list.choose(list.shown[0]);
    byId("mailboxes").focus();
  } else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-kind][aria-pressed]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-kind][aria-pressed]")) other.setAttribute("aria-pressed", String(other === button));
    list.only(button.dataset.kind);
  });
}

// The keyboard, wherever the focus is, but not where the key already means something.

const KEYS = {
  "/": () => byId("search").select(),
  t: showToday,
  ArrowLeft: () => moveWeek(-1),
  ArrowRight: () => moveWeek(1),
  ArrowUp: () => list.step(-1),
  ArrowDown: () => list.step(1),
};

document.addEventListener("keydown", (event) => {
  const inSearch = event.target.id === "search";
  if (event.ctrlKey || event.metaKey || event.altKey || details.open || event.target.tagName === "SELECT") return;
  if (inSearch && event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

details.addEventListener("click", (event) => {
  if (event.target === details) details.close();
});

// The live feed.

function show(stateName, text) {
  byId("live").dataset.state = stateName;
  byId("state").textContent = text;
}

function count(id, number, word) {
  byId(id).textContent = number.toLocaleString("en-GB");
  byId(`${id}-word`).textContent = number === 1 ? word : `${word}s`;
}

function follow() {
  const feed = new EventSource("events");
  feed.addEventListener("open", () => {
    show("live", "Live");
    load();
  });
  feed.addEventListener("error", () => show("lost", "Reconnecting"));
  feed.addEventListener("changed", (event) => {
    const { addresses, all } = JSON.parse(event.data);
    if (!all) list.glow(addresses);
    if (all || addresses.includes(state.mailbox?.address)) load();
  });
  feed.addEventListener("counts", (event) => {
    const counts = JSON.parse(event.data);
    count("changes", counts.changes, "change");
    count("requests", counts.requests, "EWS request");
  });
}

async function start() {
  try {
    const response = await fetch("api/mailboxes");
    if (!response.ok) throw new Error(`the emulator answered ${response.status}`);
    list.fill(await response.json());
  } catch (error) {
    problem(`The mailboxes cannot be read: ${error.message}. Reload the page.`);
    return;
  }
  list.choose(list.byAddress.get((asked.get("mailbox") ?? "").toLowerCase()) ?? list.shown[0]);
  follow();
}

start();
