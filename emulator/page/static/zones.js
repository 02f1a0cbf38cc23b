// Dates and times in any IANA zone, with what the browser knows of it.

const formats = new Map();

function partsFormat(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  return formats.get(zone);
}

/** The wall clock of `zone` at an instant: {date: "2026-11-23", minutes: since midnight}. */
export function wallClock(instant, zone) {
  const part = {};
  for (const { type, value } of partsFormat(zone).formatToParts(instant)) part[type] = Number(value);
  return { date: isoDate(part.year, part.month, part.day), minutes: part.hour * 60 + part.minute };
}

/** The instant at which a date begins in `zone`. Where the clock skips midnight: the first instant of that date. */
export function startOfDate(date, zone) {
  const wanted = Date.parse(`${date}T00:00:00Z`);
  let instant = wanted;
  for (let round = 0; round < 3; round += 1) {
    const { date: there, minutes } = wallClock(new Date(instant), zone);
    const off = Date.parse(`${there}T00:00:00Z`) + minutes * 60000 - wanted;
    if (off === 0) break;
    instant -= off;
  }
  if (wallClock(new Date(instant), zone).date < date) instant += 3600000;
  return new Date(instant);
}

/** `date` moved by a number of days; dates are texts such as "2026-11-23". */
export function addDays(date, days) {
  const moved = new Date(Date.parse(`${date}T00:00:00Z`) + days * 86400000);
  return isoDate(moved.getUTCFullYear(), moved.getUTCMonth() + 1, moved.getUTCDate());
}

/** The Monday of a date's week. */
export function mondayOf(date) {
  return addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** The ISO 8601 number of the week that begins on this Monday. */
export function weekNumber(monday) {
  const thursday = addDays(monday, 3);
  const first = Date.parse(`${thursday.slice(0, 4)}-01-01T00:00:00Z`);
  return Math.floor((Date.parse(`${thursday}T00:00:00Z`) - first) / 604800000) + 1;
}

/** A date in words, by the fields asked for. */
export function dateText(date, fields) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...fields }).format(new Date(`${date}T12:00:00Z`));
}

export function clockText(minutes) {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** How far `zone` is from UTC at an instant: "UTC+1", "UTC-3:30". */
export function offsetText(instant, zone) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "shortOffset" });
  const name = format.formatToParts(instant).find((part) => part.type === "timeZoneName").value;
  return name.replace("GMT", "UTC");
}

export function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

export function isDate(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function isoDate(year, month, day) {
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
