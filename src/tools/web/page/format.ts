// Numbers for people: three digits, powers of 1000; the exact one goes into titles and exports.
const LARGE = ["", "k", "M", "G", "T", "P", "E"];

/** 1234567 -> "1.23 M". Digits do not jump: 1.00, 12.3, 123. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const sign = value < 0 ? "−" : "";
  let rest = Math.abs(value), at = 0;
  while (rest >= 999.5 && at + 1 < LARGE.length) {
    rest /= 1000;
    at++;
  }
  if (at === 0 && Number.isInteger(rest)) return sign + String(rest);
  if (rest === 0) return "0";
  const digits = rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${sign}${rest.toFixed(digits)}${LARGE[at] ? ` ${LARGE[at]}` : ""}`;
}

/** With its unit: "1.23 Gbit/s", "4.8 TB". */
export function withUnit(value: number, unit: string): string {
  const text = short(value);
  const small = unit === "bytes" ? "B" : unit;
  return /[a-zA-Z]$/.test(text) ? text + small : `${text} ${small}`;
}

export const exact = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString("en-US").replace(/,/g, " ") : String(value);

export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const p = share * 100;
  return `${p >= 99.95 || p === 0 ? p.toFixed(0) : p >= 9.95 ? p.toFixed(0) : p >= 0.95 ? p.toFixed(1) : p >= 0.005 ? p.toFixed(2) : "<0.01"} %`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  const units: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"]];
  for (const [size, name] of units) {
    if (seconds >= size) return `${Number((seconds / size).toFixed(1))} ${name}`;
  }
  return `${seconds} s`;
}
