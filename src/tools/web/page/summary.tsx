// The graph in numbers: what was at least, on average, at most; whose it is; and how sure that is. Its rows are the legend.
import { exact, percent, short, withUnit } from "./format.ts";
import { Value } from "./cells.tsx";
import { entries, isHidden, type Entry } from "./model.ts";
import { graph, rateUnit, sumUnit } from "./run.ts";
import { hidden, state } from "./state.ts";
import { duration } from "./format.ts";

function toggle(entry: Entry, alone: boolean) {
  const all = entries.value.filter((e) => e.kind !== "total");
  if (alone) {
    const others = all.filter((e) => e.id !== entry.id).map((e) => e.id);
    const already = !isHidden(entry) && others.every((id) => hidden.value.has(id));
    hidden.value = new Set(already ? [] : others);
    return;
  }
  const next = new Set(hidden.value);
  if (!next.delete(entry.id)) next.add(entry.id);
  hidden.value = next;
}

const Rate = ({ value }: { value: number }) => <td class="num" title={`${exact(value)} ${rateUnit.value}`}>{short(value)}</td>;

function Numbers({ entry, back }: { entry: Entry; back?: boolean }) {
  const s = (back ? entry.reverse : entry.series)?.summary;
  if (!s) return null;
  return (
    <>
      <Rate value={s.min} /><Rate value={s.mean} /><Rate value={s.max} /><Rate value={s.p95} /><Rate value={s.last} />
      <td class="num" title={`${exact(s.sum)} ${sumUnit.value}`}>{withUnit(s.sum, sumUnit.value === "bytes" ? "bytes" : "")}</td>
      <td class="num share"><i style={{ width: `${Math.max(0, Math.min(100, s.share * 100))}%`, background: `var(${entry.colour})` }} /><span>{percent(s.share)}</span></td>
      <td class="num" title={exact(s.flows)}>{short(s.flows)}</td>
    </>
  );
}

function Name({ entry, back }: { entry: Entry; back?: boolean }) {
  const columns = Math.max(1, state.value.by.length);
  const cells = (back && entry.reverse?.key) || entry.cells;
  if (entry.kind !== "key") {
    return <td class="key" colSpan={columns}>{back ? "↓ back" : entry.label}</td>;
  }
  return <>{cells.map((c, i) => <td class="key" key={i}>{back && i === 0 ? <span class="muted">↓ </span> : null}<Value text={c.value} name={c.name} term={c.filter} /></td>)}</>;
}

export function Summary() {
  const list = entries.value;
  const { plan, status } = graph.value;
  const by = state.value.by.length ? state.value.by : [""];
  const sampled = list.some((e) => e.error !== undefined);
  const mean = plan && plan.step > 0 ? `of ${duration(plan.step)} means` : "";
  return (
    <div class={`table-box ${status === "loading" ? "stale" : ""}`}>
      <table class="data">
        <caption class="sr">{`Traffic in ${rateUnit.value}${state.value.by.length ? ` by ${state.value.by.join(", ")}` : ""}: the numbers of the graph`}</caption>
        <thead>
          <tr>
            <th scope="col" class="toggle"><span class="sr">Shown</span></th>
            {by.map((b) => <th scope="col" key={b}>{b || "traffic"}</th>)}
            <th scope="col" class="num">min</th>
            <th scope="col" class="num">mean</th>
            <th scope="col" class="num" title={`The highest ${mean}`}>max</th>
            <th scope="col" class="num" title={`95th percentile ${mean}: nearest rank, zeros counted, ${list[0]?.series.summary.slots ?? 0} slots`}>p95</th>
            <th scope="col" class="num" title="The last finished slot">last</th>
            <th scope="col" class="num">total</th>
            <th scope="col" class="num">share</th>
            <th scope="col" class="num">flows</th>
            {sampled && <th scope="col" class="num" title="95 % of such samples lie within this of the truth">± sampling</th>}
          </tr>
        </thead>
        <tbody>
          {list.map((e) => (
            <>
              <tr key={e.id} class={`${e.kind} ${isHidden(e) ? "off" : ""}`}>
                <td class="toggle">
                  {e.kind === "total" && list.length > 1 ? null : (
                    <button type="button" class="legend" aria-pressed={!isHidden(e)} aria-label={`Draw ${e.label}`} title="Click: hide or show. Alt-click: this alone"
                      onClick={(event) => toggle(e, event.altKey || event.shiftKey)}>
                      <i class={`swatch ${e.dash ? "dashed" : ""}`} style={{ background: `var(${e.colour})` }} />
                    </button>
                  )}
                </td>
                <Name entry={e} />
                <Numbers entry={e} />
                {sampled && <td class="num muted" title={e.few ? "Most points rest on fewer than 30 sampled packets" : undefined}>{e.error === undefined ? "" : e.few ? "few samples" : percent(e.error)}</td>}
              </tr>
              {e.reverse && (
                <tr key={`${e.id}back`} class={`${e.kind} back ${isHidden(e) ? "off" : ""}`}>
                  <td class="toggle" /><Name entry={e} back /><Numbers entry={e} back />{sampled && <td />}
                </tr>
              )}
              {e.before && (
                <tr key={`${e.id}before`} class={`${e.kind} back`}>
                  <td class="toggle" /><td class="key muted" colSpan={by.length}>before</td>
                  <Rate value={e.before.summary.min} /><Rate value={e.before.summary.mean} /><Rate value={e.before.summary.max} /><Rate value={e.before.summary.p95} /><td />
                  <td class="num">{withUnit(e.before.summary.sum, sumUnit.value === "bytes" ? "bytes" : "")}</td>
                  <td class="num">{change(e.series.summary.mean, e.before.summary.mean)}</td><td />{sampled && <td />}
                </tr>
              )}
            </>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function change(is: number, was: number): string {
  if (!was) return "";
  const share = is / was - 1;
  return `${share >= 0 ? "+" : "−"}${percent(Math.abs(share))}`;
}
