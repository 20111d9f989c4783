// The time range: presets, typed times, and steps by key. Times are shown in the chosen zone.
import { useSignal } from "@preact/signals";
import { Menu, Select } from "./menu.tsx";
import { peak } from "./model.ts";
import { now, range, runAll } from "./run.ts";
import { say, state, update, zone } from "./state.ts";
import { around, browserZone, full, moved, offsetName, relative, resolve, shown, typed, utc, validZone } from "./time.ts";
import { Icon } from "./icons.tsx";

const PRESETS: [string, string][] = [
  ["15m", "15 min"], ["1h", "1 h"], ["3h", "3 h"], ["6h", "6 h"], ["12h", "12 h"], ["1d", "1 d"], ["2d", "2 d"], ["4d", "4 d"],
  ["1w", "1 w"], ["2w", "2 w"], ["30d", "1 month"], ["60d", "2 months"], ["180d", "6 months"], ["365d", "1 year"],
];
const REFRESH = [0, 10, 30, 60, 300];

/** By a share of its length; to the future not past now. */
export function shift(share: number): void {
  const r = range();
  const to = r && moved(r, (r.to - r.from) * share, now());
  if (to) update({ from: utc(to.from), to: utc(to.to), refresh: 0 });
  else say("There is nothing later yet.");
}
export function zoomOut(): void {
  const r = range();
  if (!r) return;
  const half = (r.to - r.from) / 2;
  if (relative(state.value.to) === 0 && relative(state.value.from) !== undefined) update({ from: `now-${Math.round(4 * half)}s`.replace(/^now-(\d+)s$/, (_, s: string) => asAgo(Number(s))) });
  else update({ from: utc(r.from - half), to: utc(Math.min(now(), r.to + half)), refresh: 0 });
}
function asAgo(seconds: number): string {
  for (const [size, unit] of [[604800, "w"], [86400, "d"], [3600, "h"], [60, "m"]] as const) {
    if (seconds >= size && seconds % size === 0) return `now-${seconds / size}${unit}`;
  }
  return `now-${seconds}s`;
}
/** A tenth of the range around the highest slot. */
export function toPeak(): void {
  const r = range(), at = peak();
  if (!r || at === undefined) return;
  const { from, to } = around(at, Math.max(120, (r.to - r.from) / 20), now());
  update({ from: utc(from), to: utc(to), refresh: 0 });
  say(`Range around the peak at ${full(at, zone.value)}`);
}
export function toNow(): void {
  const r = range();
  if (!r) return;
  update({ from: asAgo(Math.max(60, Math.round((r.to - r.from) / 60) * 60)), to: "now" });
}

function between(from: string, to: string): string {
  const [a, b] = [shown(from, zone.value), shown(to, zone.value)];
  return a.slice(0, 10) === b.slice(0, 10) && b.length > 10 ? `${a} – ${b.slice(11)}` : `${a} – ${b}`;
}

export function TimeRange() {
  const s = state.value;
  const from = useSignal(""), to = useSignal(""), wrong = useSignal("");
  const moving = s.to === "now" && relative(s.from) !== undefined;
  const preset = PRESETS.find(([p]) => s.to === "now" && s.from === `now-${p}`);
  const fill = () => {
    from.value = shown(s.from, zone.value);
    to.value = shown(s.to, zone.value);
    wrong.value = "";
  };
  function apply(close: () => void) {
    const at = now();
    const f = typed(from.value, zone.value, at), t = typed(to.value, zone.value, at);
    if (f === undefined || t === undefined) {
      wrong.value = `'${f === undefined ? from.value : to.value}' is no time: now-6h, yesterday, 14:00, 2026-11-27 14:00, 2026/11/27.14:00`;
    } else if ((resolve(f, at) ?? 0) >= (resolve(t, at) ?? 0)) {
      wrong.value = "The end is not after the start.";
    } else {
      close();
      update({ from: f, to: t });
    }
  }
  return (
    <div class="time">
      <button type="button" class="quiet" title="Earlier  [" aria-label="Earlier" onClick={() => shift(-0.5)}><Icon name="left" /></button>
      <Menu class="range" keys="t" name="Time range" spoken=", time range" onOpen={fill} label={preset ? `last ${preset[1]}` : moving ? `${s.from} … now` : between(s.from, s.to)}>
        {(close) => (
          <div class="times">
            <div class="presets">{PRESETS.map(([p, label]) => (
              <button type="button" key={p} aria-pressed={s.from === `now-${p}` && s.to === "now"} onClick={() => { close(); update({ from: `now-${p}`, to: "now" }); }}>{label}</button>
            ))}</div>
            <form onSubmit={(e) => { e.preventDefault(); apply(close); }}>
              <label>From<input type="text" value={from.value} onInput={(e) => (from.value = e.currentTarget.value)} aria-describedby="time-wrong" autocomplete="off" /></label>
              <label>To<input type="text" value={to.value} onInput={(e) => (to.value = e.currentTarget.value)} aria-describedby="time-wrong" autocomplete="off" /></label>
              <button type="submit" class="primary">Apply</button>
              <p id="time-wrong" class={wrong.value ? "bad" : "muted"} role="status">{wrong.value || `Times are ${zone.value}. now-6h, yesterday, 14:00, 2026-11-27 14:00`}</p>
            </form>
          </div>
        )}
      </Menu>
      <button type="button" class="quiet" title="Later  ]" aria-label="Later" onClick={() => shift(0.5)}><Icon name="right" /></button>
      <button type="button" class="quiet" title="Zoom out  z" aria-label="Zoom out" onClick={zoomOut}><Icon name="out" /></button>
      <ZoneMenu />
      {s.to === "now" && (
        <Select name="Refresh" value={s.refresh} choices={REFRESH.map((r) => ({ value: r, label: r === 0 ? "no refresh" : r < 60 ? `every ${r} s` : `every ${r / 60} min` }))} onChange={(refresh) => update({ refresh }, true)} />
      )}
      <button type="button" class="quiet" title="Ask again  r" aria-label="Ask again" onClick={() => runAll({ fresh: true })}><Icon name="again" /></button>
    </div>
  );
}

function ZoneMenu() {
  const text = useSignal("");
  const at = range()?.to ?? now();
  const name = offsetName(at, zone.value);
  const all = (Intl as unknown as { supportedValuesOf?: (key: string) => string[] }).supportedValuesOf?.("timeZone") ?? [];
  const found = text.value ? all.filter((z) => z.toLowerCase().includes(text.value.toLowerCase().replace(/ /g, "_"))).slice(0, 12) : [];
  const choose = (z: string, close: () => void) => {
    close();
    update({ zone: z }, true);
  };
  return (
    <Menu class="quiet zone" label={name} spoken={`, time zone ${zone.value}`} name="Time zone" title={zone.value} onOpen={() => (text.value = "")}>
      {(close) => (
        <div class="picker zones">
          <div class="presets">
            <button type="button" aria-pressed={state.value.zone === ""} onClick={() => choose("", close)}>Browser’s ({browserZone()})</button>
            <button type="button" aria-pressed={state.value.zone === "UTC"} onClick={() => choose("UTC", close)}>UTC</button>
          </div>
          <input type="search" placeholder="Europe/Zurich" aria-label="Search time zones" value={text.value} onInput={(e) => (text.value = e.currentTarget.value)}
            onKeyDown={(e) => { if (e.key === "Enter") { const z = found[0] ?? text.value; if (validZone(z)) choose(z, close); } }} />
          <ul>{found.map((z) => <li key={z}><button type="button" onClick={() => choose(z, close)}>{z}</button></li>)}</ul>
        </div>
      )}
    </Menu>
  );
}
