// Times as people type and read them, in a zone that they chose. The server is asked in UTC or relative to now.

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function validZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

interface Parts { year: number; month: number; day: number; hour: number; minute: number; second: number }

const formatters = new Map<string, Intl.DateTimeFormat>();
function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    formatters.set(zone, found);
  }
  return found;
}

function parts(seconds: number, zone: string): Parts {
  const out: Record<string, number> = {};
  for (const part of formatter(zone).formatToParts(seconds * 1000)) out[part.type] = Number(part.value);
  return out as unknown as Parts;
}

/** Seconds that the zone is ahead of UTC then. */
export function offset(seconds: number, zone: string): number {
  const p = parts(seconds, zone);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) / 1000 - Math.floor(seconds);
}

/** A wall clock's time in the zone as Unix seconds. One that a change of the clock skips becomes the moment after it. */
export function fromWall(p: Parts, zone: string): number {
  const wall = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) / 1000;
  const first = wall - offset(wall, zone);
  return wall - offset(first, zone);
}

const two = (n: number) => String(n).padStart(2, "0");

export function date(seconds: number, zone: string): string {
  const p = parts(seconds, zone);
  return `${p.year}-${two(p.month)}-${two(p.day)}`;
}

export function clock(seconds: number, zone: string, withSeconds = false): string {
  const p = parts(seconds, zone);
  return `${two(p.hour)}:${two(p.minute)}${withSeconds ? `:${two(p.second)}` : ""}`;
}

export const full = (seconds: number, zone: string): string => `${date(seconds, zone)} ${clock(seconds, zone, seconds % 60 !== 0)}`;

export const utc = (seconds: number): string => new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");

/** "UTC+1", "UTC", "UTC+5:45". */
export function offsetName(seconds: number, zone: string): string {
  const minutes = Math.round(offset(seconds, zone) / 60);
  if (minutes === 0) return "UTC";
  const all = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(all / 60)}${all % 60 ? `:${two(all % 60)}` : ""}`;
}

const SIZES: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds before now that a relative time stands for, or nothing. */
export function relative(text: string): number | undefined {
  if (text === "now") return 0;
  const found = /^now-(\d+)([smhdw])$/.exec(text);
  return found ? Number(found[1]) * (SIZES[found[2] ?? "s"] ?? 1) : undefined;
}

/**
 * Unix seconds of a time in the state that is not relative, as the server reads it: digits are Unix seconds, and what names no
 * zone is UTC, whatever zone the page shows.
 */
function absolute(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?Z?$/.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** Unix seconds of what stands in the state. */
export function resolve(text: string, now: number): number | undefined {
  const ago = relative(text);
  return ago !== undefined ? now - ago : absolute(text);
}

/** What somebody typed, as it stands in the state: relative, or UTC. Nothing: it is no time. */
export function typed(input: string, zone: string, now: number): string | undefined {
  const text = input.trim().replace(/\s+/g, " ");
  const low = text.toLowerCase();
  if (relative(low) !== undefined) return low;
  const ago = /^(\d+) ?(s|m|min|h|d|w|seconds?|minutes?|hours?|days?|weeks?)( ago)?$/.exec(low);
  if (ago) return `now-${ago[1]}${(ago[2] ?? "s")[0]}`;
  const midnight = (seconds: number) => fromWall({ ...parts(seconds, zone), hour: 0, minute: 0, second: 0 }, zone);
  if (low === "today") return utc(midnight(now));
  if (low === "yesterday") return utc(midnight(midnight(now) - 43200));
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : utc(at / 1000);
  }
  // 2026-11-27 14:00[:05], the day alone, nfdump's 2026/11/27.14:00
  const wall = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ .T](\d{1,2}):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const hours = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text);
  const today = parts(now, zone);
  const p = wall
    ? { year: Number(wall[1]), month: Number(wall[2]), day: Number(wall[3]), hour: Number(wall[4] ?? 0), minute: Number(wall[5] ?? 0), second: Number(wall[6] ?? 0) }
    : hours ? { ...today, hour: Number(hours[1]), minute: Number(hours[2]), second: Number(hours[3] ?? 0) } : undefined;
  if (!p || p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31 || p.hour > 23 || p.minute > 59 || p.second > 59) return undefined;
  return utc(fromWall(p, zone));
}

/** What is shown for a time of the state. */
export function shown(text: string, zone: string): string {
  if (relative(text) !== undefined) return text;
  const at = absolute(text);
  return at === undefined ? text : full(at, zone);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 172800, 345600, 604800, 1209600, 2592000, 7776000];

export interface Range { from: number; to: number }

/** So much later, or earlier where `by` is less than 0; its end no later than now. Nothing where that is where it is. */
export function moved(range: Range, by: number, now: number): Range | undefined {
  const held = by > 0 ? Math.min(by, Math.max(0, Math.floor(now) - range.to)) : by;
  return held === 0 ? undefined : { from: range.from + held, to: range.to + held };
}

/** So much to either side of a moment, and as long where the end would be later than now. */
export function around(at: number, half: number, now: number): Range {
  const to = Math.min(at + half, Math.floor(now));
  return { from: to - 2 * half, to };
}

export interface Tick { at: number; label: string; day: boolean }

/** Round times of the zone, at most `most` of them; the date stands at its midnights. */
export function ticks(from: number, to: number, zone: string, most: number): Tick[] {
  const step = STEPS.find((s) => (to - from) / s <= most) ?? 31536000;
  const out: Tick[] = [];
  let at = from;
  for (let guard = 0; guard < 500 && at <= to; guard++) {
    const ahead = offset(at, zone);
    const local = Math.ceil((at + ahead) / step) * step;
    let candidate = local - ahead;
    candidate = local - offset(candidate, zone);
    if (candidate > to) break;
    if (candidate >= from) {
      const p = parts(candidate, zone);
      const day = p.hour === 0 && p.minute === 0 && p.second === 0;
      out.push({ at: candidate, day, label: day ? `${p.year !== new Date(to * 1000).getUTCFullYear() ? `${p.year}-` : ""}${two(p.month)}-${two(p.day)}` : clock(candidate, zone, step < 60) });
    }
    at = Math.max(candidate, at) + Math.max(1, step / 2);
  }
  return out;
}
