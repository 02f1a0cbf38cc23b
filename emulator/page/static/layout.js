// Where entries stand: pure functions from entries to places.

import { addDays, wallClock } from "./zones.js";

const DAY = 86400000;
const SHORTEST_MINUTES = 22;

/**
 * Divide entries between the hours of the seven days and the row above them.
 * Returns {days: [[{entry, from, to, left, width, starts, ends}]], bars: [{entry, from, to, lane}]}.
 */
export function layWeek(entries, monday, zone) {
  const dates = Array.from({ length: 7 }, (_, day) => addDays(monday, day));
  const days = dates.map(() => []);
  const bars = [];
  for (const entry of entries) {
    const start = wallClock(new Date(entry.start), zone);
    const end = wallClock(new Date(entry.end), zone);
    if (entry.dates || Date.parse(entry.end) - Date.parse(entry.start) >= DAY) {
      const [first, after] = entry.dates ?? [start.date, end.minutes ? addDays(end.date, 1) : end.date];
      const from = Math.max(0, daysBetween(monday, first));
      const to = Math.min(7, Math.max(daysBetween(monday, after), daysBetween(monday, first) + 1));
      if (from < to) bars.push({ entry, from, to, continues: first < monday, goesOn: after > addDays(monday, 7) });
      continue;
    }
    dates.forEach((date, day) => {
      const ended = end.date < date || (end.date === date && end.minutes === 0 && start.date < date);
      if (start.date > date || ended) return;
      const from = start.date < date ? 0 : start.minutes;
      const to = end.date > date ? 1440 : end.minutes;
      days[day].push({ entry, from, to: Math.max(to, from), starts: start.date === date, ends: end.date === date });
    });
  }
  days.forEach(placeSideBySide);
  placeInLanes(bars);
  return { days, bars };
}

/** Give entries of one day that overlap a column each, and let each grow to the right as far as it is free. */
function placeSideBySide(blocks) {
  blocks.sort((a, b) => a.from - b.from || b.to - a.to);
  let group = [];
  let groupEnd = -1;
  const finish = () => {
    const columns = Math.max(0, ...group.map((block) => block.column)) + 1;
    for (const block of group) {
      let span = 1;
      while (block.column + span < columns
        && !group.some((other) => other.column === block.column + span && overlaps(block, other))) span += 1;
      block.left = block.column / columns;
      block.width = span / columns;
    }
    group = [];
  };
  for (const block of blocks) {
    if (block.from >= groupEnd) {
      finish();
      groupEnd = -1;
    }
    const taken = new Set(group.filter((other) => overlaps(block, other)).map((other) => other.column));
    block.column = 0;
    while (taken.has(block.column)) block.column += 1;
    group.push(block);
    groupEnd = Math.max(groupEnd, seenEnd(block));
  }
  finish();
}

function placeInLanes(bars) {
  bars.sort((a, b) => a.from - b.from || b.to - a.to);
  const laneEnds = [];
  for (const bar of bars) {
    let lane = laneEnds.findIndex((end) => end <= bar.from);
    if (lane < 0) lane = laneEnds.length;
    laneEnds[lane] = bar.to;
    bar.lane = lane;
  }
}

/** A very short entry is drawn longer than it is, so that it can be read. */
function seenEnd(block) {
  return Math.max(block.to, block.from + SHORTEST_MINUTES);
}

function overlaps(a, b) {
  return a.from < seenEnd(b) && b.from < seenEnd(a);
}

function daysBetween(first, second) {
  return Math.round((Date.parse(`${second}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / DAY);
}
