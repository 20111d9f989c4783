// A stand-in for `sluice web` while the page is developed: made-up flows behind the same API, as far as the page uses it.
//
//   node src/tools/web/page/build.mjs --out /tmp/page --watch &
//   node tests/web/mock.mjs /tmp/page/page 8082
//
// Tests run against the real thing; nothing here proves anything.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";

const [directory, port] = [process.argv[2], Number(process.argv[3] ?? 8082)];
const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", html: "text/html; charset=utf-8", txt: "text/plain" };
const field = (name, kind, meaning, more = {}) => ({ name, kind, unit: "", meaning, dimension: true, prefixes: kind === "address", filter: true, column: true, tables: ["flows_raw"], ...more });
const fields = [
  field("time_received", "time", "When the collector received the datagram", { dimension: false }),
  field("sampler_address", "address", "Exporter"), field("in_if", "number", "Input interface"), field("out_if", "number", "Output interface"),
  field("src_as", "number", "Source AS number"), field("dst_as", "number", "Destination AS number"), field("proto", "number", "IP protocol number"),
  field("src_addr", "address", "Source address"), field("dst_addr", "address", "Destination address"), field("src_port", "number", "Source port"), field("dst_port", "number", "Destination port"),
  field("service_port", "number", "The lower of the two ports"), field("tcp_flags", "flags", "TCP flags, ORed"), field("packets", "number", "Packets as counted", { dimension: false }),
  field("bytes", "number", "Bytes as counted", { dimension: false }), field("in_if_name", "text", "Name of the input interface"), field("in_if_description", "text", "Description of the input interface"),
];
const names = {
  src_as: [["65001", "Example Net"], ["65020", "Uni Alpha"], ["64500", "Transit One"], ["64511", "Cloud <b>x</b>"], ["65100", "Video CDN"], ["65007", "Peer Seven"], ["65042", "Backbone"], ["65111", "Hosting"], ["0", ""], ["65200", "Metro"], ["65201", "Small Office"], ["65202", "Lab"]],
  proto: [["6", "TCP"], ["17", "UDP"], ["1", "ICMP"], ["47", "GRE"], ["50", "ESP"]],
  in_if_name: [["ae0", "<img src=x onerror=alert(1)>"], ["xe-0/0/1", "{0|x} \"); DROP TABLE"], ["ge-1/0/3", "customer"]],
};
const valuesOf = (by, i) => (names[by.split("/")[0]] ?? Array.from({ length: 30 }, (_, n) => [by.includes("addr") ? `192.0.2.${n + 1}` : String(n + 1), ""]))[i];
const wave = (t, i) => Math.max(0, (1 + 0.6 * Math.sin(t / 14000 + i) + 0.25 * Math.sin(t / 1700 + 3 * i) + 0.1 * Math.sin(t * (i + 3))) * 1.4e9 / (i + 1.3)) * (i === 2 && t % 21600 > 15000 && t % 21600 < 16200 ? 4.5 : 1);
const SIZES = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
function at(v) {
  if (typeof v === "number") return v;
  if (v === "now") return Date.now() / 1000;
  const m = /^now-(\d+)([smhdw])$/.exec(v);
  return m ? Date.now() / 1000 - m[1] * SIZES[m[2]] : Date.parse(v) / 1000;
}
const SQL = [{ text: "SELECT time, sum(bytes_corrected) * 8 / 60\nFROM flows_1m\nWHERE time >= {from:DateTime} AND src_as = {p0:UInt32}\nGROUP BY time", parameters: { from: "2026-11-29 00:00:00", p0: "65001" } }];
function plan(q) {
  const step = [60, 300, 900, 3600, 7200, 14400, 86400].find((s) => (at(q.to) - at(q.from)) / s <= (q.points ?? 600)) ?? 86400;
  const from = Math.floor(at(q.from) / step) * step, to = Math.ceil(at(q.to) / step) * step;
  return { id: q.id, table: step >= 3600 ? "flows_1h" : "flows_1m", step, from, to, slots: Math.round((to - from) / step), reason: "it has the columns, and the fewest rows", rows: 123000, seconds: 0.2, costly: false, filter: (q.filter ?? "").trim(), warnings: [],
    nfdump: `nfdump -R . -s ${(q.by ?? [])[0] ?? "proto"}/bytes -n ${q.limit ?? 10} '${q.filter ?? ""}'` };
}
function summary(values, total, done, step) {
  const v = values.slice(0, done).map((x) => x ?? 0), sorted = [...v].sort((a, b) => a - b), mean = v.reduce((a, b) => a + b, 0) / v.length;
  return { min: sorted[0], mean, max: sorted.at(-1), last: v.at(-1), p95: sorted[Math.ceil(0.95 * v.length) - 1], sum: (mean * v.length * step) / 8, share: total ? mean / total : 1, flows: Math.round(mean / 9000), slots: v.length };
}
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const api = {
  "/api/v1/series": async (q, write) => {
    const p = plan(q);
    write({ plan: p });
    if ((q.filter ?? "").includes("slow")) for (let i = 1; i < 40; i++) { await sleep(250); write({ progress: { rows: i * 1e6, of: 40e6, seconds: i / 4 } }); }
    const times = Array.from({ length: p.slots }, (_, i) => p.from + i * p.step), gap = [Math.floor(p.slots * 0.3), Math.floor(p.slots * 0.33)];
    const value = (t, i, k, f = 1) => (k >= gap[0] && k < gap[1] ? null : wave(t, i) * f);
    const by = q.by ?? [], keys = by.length ? Math.min(q.limit ?? 10, (names[by[0]] ?? Array(30)).length) : 0;
    const done = p.slots - 1, mk = (i, f, off = 0) => times.map((t, k) => value(t - off, i, k, f));
    const sum = (lists) => times.map((_, k) => (lists[0]?.[k] === null ? null : lists.reduce((s, l) => s + (l[k] ?? 0), 0)));
    for (const direction of q.both_ways ? ["forward", "reverse"] : ["forward"]) for (const when of q.before ? ["now", "before"] : ["now"]) {
      const f = direction === "forward" ? 1 : 0.4, off = when === "now" ? 0 : 3600;
      const lists = Array.from({ length: Math.max(keys, 3) }, (_, i) => mk(i, f, off)), other = by.length ? mk(6, f * 0.5, off) : undefined;
      const all = sum(other ? [...lists, other] : lists), mean = summary(all, 0, done, p.step).mean;
      const line = (kind, values, key, more = {}) => write({ series: { kind, direction, when, key, values, sampled: values.map((v) => (v === null ? null : Math.round(v / 4e6))), summary: summary(values, mean, done, p.step), ...more } });
      if (by.length) lists.forEach((l, i) => line("key", l, by.map((b) => { const [v, n] = valuesOf(b, i) ?? [String(i), ""]; return { value: v, ...(n ? { name: n } : {}), filter: `${b.split("/")[0]} = ${v}` }; })));
      if (other) line("other", other, [], { keys: 1204 });
      line("total", all, []);
    }
    write({ honest: { complete_until: p.to - p.step, gaps: [[times[gap[0]], times[gap[1]]]].filter((g) => g[1] > g[0]), unknown_share: 0.004, at_least: true, notes: [{ level: "warning", text: "0.4 % of bytes are of exporters without a sampling rate (edge-7), counted as 1" }, { level: "info", text: "Two exporters saw these flows (edge-1, edge-3): what passed both counts twice." }] } });
    write({ end: { rows_read: 1234567, bytes_read: 98765432, ms: 84, cached: false, sql: SQL } });
  },
  "/api/v1/flows": async (q, write) => {
    write({ plan: { ...plan(q), step: 0, table: "flows_raw" } });
    const columns = (q.columns ?? ["time_received", "proto", "src_addr", "src_port", "dst_addr", "dst_port", "tcp_flags", "packets", "bytes", "sampler_address", "in_if_name"]).map((n) => fields.find((f) => f.name === n)).filter(Boolean);
    write({ columns: columns.map(({ name, kind, unit }) => ({ name, kind, unit })) });
    const to = at(q.to);
    for (let i = 0; i < (q.limit ?? 100); i++) {
      const row = { time_received: new Date((to - i * 0.137) * 1000).toISOString().replace("Z", "456789Z"), sampler_address: "192.0.2.250", in_if: i % 7, out_if: 3, src_as: 65001, dst_as: 65020, proto: i % 3 ? 6 : 17, src_addr: `198.51.100.${i % 60}`, dst_addr: i % 5 ? `192.0.2.${i % 40}` : `2001:db8:17::${i.toString(16)}`, src_port: 40000 + i * 7, dst_port: [443, 53, 22][i % 3], service_port: 443, tcp_flags: i % 3 ? ".AP.SF" : "", packets: 3 + i * 5, bytes: 1200 + i * 7777, in_if_name: names.in_if_name[i % 3][0], in_if_description: names.in_if_name[i % 3][1] };
      write({ flow: columns.map((c) => row[c.name]) });
    }
    write({ page: { more: true, cursor: "x" } });
    write({ end: { rows_read: 523456, bytes_read: 1e7, ms: 61, sql: SQL } });
  },
  "/api/v1/table": async (q, write) => {
    write({ plan: { ...plan(q), step: 0 } });
    for (let i = 0; i < 12; i++) write({ row: { kind: "key", key: q.by.map((b) => { const [v, n] = valuesOf(b, i) ?? [String(i), ""]; return { value: v, name: n, filter: `${b.split("/")[0]} = ${v}` }; }), bytes: 9e9 / (i + 1), packets: 8e6 / (i + 1), flows: 90000 / (i + 1), bps: 3e7 / (i + 1), pps: 4000 / (i + 1), bpp: 900, sampled: 100, unknown_bytes: 0, share: 0.3 / (i + 1) } });
    write({ row: { kind: "other", keys: 311, bytes: 3e9, packets: 1e6, flows: 9000, bps: 1e6, pps: 100, bpp: 800, share: 0.04 } });
    write({ row: { kind: "total", bytes: 3e10, packets: 1e7, flows: 90000, bps: 1e8, pps: 1e4, bpp: 850, share: 1 } });
    write({ end: { rows_read: 52345, bytes_read: 1e7, ms: 31 } });
  },
};
const tokens = (text) => [...text.matchAll(/"[^"]*"|[\w.:/-]+|[=<>!]+/g)].map((m) => ({ from: m.index, to: m.index + m[0].length, class: /^(and|or|not)$/i.test(m[0]) ? "logic" : /^[=<>!]/.test(m[0]) ? "operator" : /^\d+$/.test(m[0]) ? "number" : /^[\d.:a-f/]+$/i.test(m[0]) && /\d/.test(m[0]) ? "address" : fields.some((f) => f.name === m[0]) ? "field" : "word" }));
function check(text) {
  const bad = text.indexOf("bogus");
  return { ok: bad < 0, canonical: text.trim().replace(/\s+/g, " "), columns: [], table: "flows_1m", raw: false, tokens: tokens(text), errors: bad < 0 ? [] : [{ from: bad, to: bad + 5, code: "syntax", text: "'bogus' is neither a word of nfdump's nor a field", expected: ["src", "dst", "proto", "src_as"] }], warnings: [] };
}
const plain = {
  "/api/v1/plan": (b) => ({ plan: { ...plan(b), sql: SQL } }),
  "/api/v1/filter/check": (b) => check(b.text),
  "/api/v1/filter/complete": (b) => { const from = b.text.slice(0, b.cursor).search(/[\w]*$/); const w = b.text.slice(from, b.cursor); return { from, to: b.cursor, items: [...fields.map((f) => ({ label: f.name, insert: `${f.name} `, detail: f.meaning, kind: "field" })), { label: "and", insert: "and ", kind: "logic" }].filter((i) => i.label.startsWith(w)) }; },
  "/api/v1/filter/nfdump": (b) => ({ query: { filter: /'([^']*)'/.exec(b.command)?.[1] ?? "", by: ["src_addr"], order: "bytes", limit: 20, view: "table" }, warnings: ["-R: files are not read; the range of the page is taken"] }),
};
createServer(async (request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  const send = (status, type, body, more = {}) => response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...more }).end(body);
  try {
    if (path === "/api/v1/meta") {
      return send(200, "application/json", JSON.stringify({ version: "0.1.0", now: Date.now() / 1000, fields, units: [], ranks: [], tables: [], exporters: [{ address: "192.0.2.250", name: "edge-1" }], interfaces: [], column_sets: { line: ["time_received", "proto", "src_addr", "src_port", "dst_addr", "dst_port", "packets", "bytes"], long: ["time_received", "proto", "src_addr", "src_port", "dst_addr", "dst_port", "tcp_flags", "packets", "bytes"], extended: fields.map((f) => f.name) }, limits: { series: 50, points: 1500, rows: 10000, export_rows: 2000000, seconds: 30 }, store: { ok: true, version: "mock" }, collectors: [] }));
    }
    if (request.method === "POST") {
      let body = "";
      for await (const piece of request) body += piece;
      const q = JSON.parse(body);
      if (plain[path]) return send(200, "application/json", JSON.stringify(plain[path](q)));
      if (api[path]) {
        response.writeHead(200, { "Content-Type": "application/x-ndjson" });
        await api[path](q, (line) => response.write(JSON.stringify(line) + "\n"));
        return response.end();
      }
    }
    if (request.method === "DELETE") return response.writeHead(204).end();
    const page = path === "/" || path === "/explore";
    const name = page ? "index.html" : normalize(path).replace(/^\/+/, "");
    let body = await readFile(join(directory, name));
    const nonce = randomBytes(18).toString("base64url");
    if (page) body = body.toString().replaceAll("{{nonce}}", nonce);
    return send(200, types[name.split(".").pop()] ?? "text/plain", body, { "Content-Security-Policy": `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'` });
  } catch (error) {
    if (!response.headersSent) send(404, "application/json", JSON.stringify({ error: { code: "not_found", text: String(error) } }));
    else response.end();
  }
}).listen(port, "127.0.0.1");
