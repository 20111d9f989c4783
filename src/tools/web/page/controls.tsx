// What is drawn and how: dimensions, unit, graph, ranking.
import { useSignal } from "@preact/signals";
import type { Field } from "./api.ts";
import { Choices, Menu, Select, Switch } from "./menu.tsx";
import { meta } from "./run.ts";
import { say, state, update } from "./state.ts";
import { BEFORE, GRAPHS, type Before, type Graph, type Rank } from "./url.ts";
import { LIMITS, RANKS, UNIT_WORDS, UNITS } from "./words.ts";
import { Icon } from "./icons.tsx";

const GRAPH_NAMES: Record<Graph, string> = { stacked: "Stacked", lines: "Lines", grid: "Grid", share: "100 %" };
const BEFORE_NAMES: Record<Before, string> = { "": "no comparison", period: "the period before", day: "a day before", week: "a week before" };

/** Pairs that are asked for again and again. */
export const PRESETS: { label: string; by: string[] }[] = [
  { label: "protocol", by: ["proto"] },
  { label: "exporter", by: ["sampler_address"] },
  { label: "AS to AS", by: ["src_as", "dst_as"] },
  { label: "input interface", by: ["sampler_address", "in_if"] },
  { label: "talkers", by: ["src_addr", "dst_addr"] },
  { label: "service", by: ["service_port"] },
];

export function Dimensions({ value, onChange, name, most = 4 }: { value: readonly string[]; onChange: (by: string[]) => void; name: string; most?: number }) {
  const search = useSignal("");
  const fields = meta.value?.fields.filter((f) => f.dimension) ?? [];
  const add = (dimension: string) => {
    if (value.includes(dimension) || value.length >= most) return;
    onChange([...value, dimension]);
    say(`${dimension} added`);
  };
  return (
    <div class="dimensions" role="group" aria-label={name}>
      {value.map((d) => (
        <span class="chip" key={d} title={fields.find((f) => f.name === d.split("/")[0])?.meaning}>
          {d}
          <button type="button" aria-label={`Remove ${d}`} onClick={() => onChange(value.filter((v) => v !== d))}><Icon name="close" /></button>
        </span>
      ))}
      {value.length < most && (
        <Menu class="add" {...(value.length ? {} : { spoken: ` ${name.toLowerCase()}` })} label={value.length ? <Icon name="plus" /> : "choose…"} name={`${name}: add a dimension`} onOpen={() => (search.value = "")}>
          {(close) => (
            <div class="picker">
              <input type="search" autofocus placeholder="dimension, or src_addr/24" aria-label="Search dimensions" value={search.value}
                onInput={(e) => (search.value = e.currentTarget.value)}
                onKeyDown={(e) => {
                  if (e.key !== "Enter") return;
                  const text = search.value.trim();
                  const first = /^\w+\/\d+(\/\d+)?$/.test(text) ? text : matching(fields, text)[0]?.name;
                  if (first) { close(); add(first); }
                }} />
              {search.value === "" && (
                <div class="presets">
                  {PRESETS.map((p) => <button type="button" key={p.label} onClick={() => { close(); onChange(p.by); }}>{p.label}</button>)}
                </div>
              )}
              <ul>
                {matching(fields, search.value.trim()).map((f) => (
                  <li key={f.name}>
                    <button type="button" disabled={value.includes(f.name)} onClick={() => { close(); add(f.name); }}>
                      <span class="field-name">{f.name}</span><span class="muted">{f.meaning}</span>
                    </button>
                    {f.prefixes && <button type="button" class="quiet" aria-label={`${f.name} by /24 and /48`} onClick={() => { close(); add(`${f.name}/24/48`); }}>/24</button>}
                  </li>
                ))}
              </ul>
            </div>
          )}
        </Menu>
      )}
    </div>
  );
}

function matching(fields: Field[], text: string): Field[] {
  const low = text.toLowerCase();
  const found = fields.filter((f) => f.name.includes(low) || f.meaning.toLowerCase().includes(low));
  return found.sort((a, b) => Number(!a.name.startsWith(low)) - Number(!b.name.startsWith(low)));
}

/** What several exporters saw counts several times; one or some of them can be chosen. */
function Exporters() {
  const chosen = state.value.exporters, known = meta.value?.exporters ?? [];
  const search = useSignal("");
  const nameOf = (address: string) => known.find((e) => e.address === address)?.name || address;
  if (known.length < 2 && chosen.length === 0) return null;
  const all = [...known, ...chosen.filter((a) => !known.some((e) => e.address === a)).map((address) => ({ address, name: "" }))];
  const low = search.value.toLowerCase();
  return (
    <Menu name="Exporters" spoken=": choose" label={chosen.length === 0 ? "all exporters" : chosen.length === 1 ? nameOf(chosen[0] ?? "") : `${chosen.length} exporters`} onOpen={() => (search.value = "")}>
      {() => (
        <div class="picker">
          <input type="search" placeholder="name or address" aria-label="Search exporters" value={search.value} onInput={(e) => (search.value = e.currentTarget.value)} />
          {chosen.length > 0 && <div class="presets"><button type="button" onClick={() => update({ exporters: [] })}>all</button></div>}
          <ul>
            {all.filter((e) => e.name.toLowerCase().includes(low) || e.address.includes(low)).slice(0, 200).map((e) => (
              <li key={e.address}><label class="switch">
                <input type="checkbox" checked={chosen.includes(e.address)}
                  onChange={(event) => update({ exporters: event.currentTarget.checked ? [...chosen, e.address] : chosen.filter((a) => a !== e.address) })} />
                <span>{e.name || e.address}</span>{e.name && <span class="muted">{e.address}</span>}
              </label></li>
            ))}
          </ul>
        </div>
      )}
    </Menu>
  );
}

export function Controls() {
  const s = state.value;
  const linear = s.graph === "stacked" || s.graph === "share" || s.bothWays;
  return (
    <div class="controls">
      <div class="group"><span class="label">by</span><Dimensions name="Dimensions" value={s.by} onChange={(by) => update({ by })} /></div>
      <Choices name="Unit" value={s.unit} choices={UNITS.map((u) => ({ value: u, label: UNIT_WORDS[u].rate }))} onChange={(unit) => update({ unit })} />
      <Choices name="Graph" value={s.graph} choices={GRAPHS.map((g) => ({ value: g, label: GRAPH_NAMES[g] }))} onChange={(graph) => update({ graph })} />
      {s.by.length > 0 && (
        <div class="group">
          <span class="label">top</span>
          <Select name="How many series" value={s.limit} choices={[...new Set([5, 10, 15, 20, 30, LIMITS.series, s.limit])].sort((a, b) => a - b).map((n) => ({ value: n, label: String(n) }))} onChange={(limit) => update({ limit })} />
          <span class="label">by</span>
          <Select name="Ranked by" value={s.rank} choices={RANKS.map((r: Rank) => ({ value: r, label: r }))} onChange={(rank) => update({ rank })} />
        </div>
      )}
      <Select name="Compare with" value={s.before} choices={BEFORE.map((b) => ({ value: b, label: BEFORE_NAMES[b] }))} onChange={(before) => update({ before })} />
      <Switch label="both ways" title="The way back is drawn below zero" on={s.bothWays} onChange={(bothWays) => update({ bothWays })} />
      {!linear && <Switch label="log" title="Logarithmic axis" on={s.log} onChange={(log) => update({ log })} />}
      <Exporters />
    </div>
  );
}
