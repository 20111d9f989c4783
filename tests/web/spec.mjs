// Runs one spec of specs/ in Debian's Chromium against a running `sluice web`:
//
//   node spec.mjs NAME < FACTS        FACTS: JSON with `url`, `out` (a directory for pictures) and what the spec compares with
//
// Any spec fails where the page breaks its content policy, throws, asks anybody but its own server, or logs an error.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const DEADLINE = 30000;
const facts = JSON.parse(readFileSync(0, "utf8"));
const name = process.argv[2];
const executablePath = BROWSERS.find((b) => b && existsSync(b));
facts.browser = executablePath;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--js-flags=--expose-gc", "--enable-precise-memory-info"] });
const wrong = [];

/** A fresh browser profile with one page; what goes wrong in it is kept. `allow`: console errors that the spec means. */
export async function open(path, { width = 1440, height = 900, scheme = "light", zone = "Europe/Zurich", allow = [], clipboard = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, timezoneId: zone, locale: "en-GB", permissions: clipboard ? ["clipboard-read", "clipboard-write"] : [], reducedMotion: "reduce" });
  await context.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile ?? ""}:${e.lineNumber}`));
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  const meant = (text) => allow.some((a) => text.includes(a));
  page.on("pageerror", (e) => wrong.push(`thrown: ${e.stack}`));
  page.on("console", (m) => { if (["error", "warning"].includes(m.type()) && !meant(m.text())) wrong.push(`console: ${m.text()}`); });
  page.on("request", (r) => { if (!r.url().startsWith(facts.url) && !/^(data|blob):/.test(r.url())) wrong.push(`asked elsewhere: ${r.url()}`); });
  page.on("dialog", (d) => { wrong.push(`dialog: ${d.message()}`); void d.dismiss(); });
  if (path !== undefined) await page.goto(facts.url + path);
  return page;
}

/** Until the graph's answer is there, and drawn. */
export async function answered(page) {
  await page.waitForFunction(() => document.querySelector(".graph-area")?.getAttribute("aria-busy") === "false" && document.querySelector(".provenance b"));
}
/** Until `condition` of the page holds for `argument`. */
export const until = (page, condition, argument) => page.waitForFunction(condition, argument);
export const state = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.search)));
/** Rows of the first table inside `where`: the texts of their cells. */
export const cells = (page, where) => page.evaluate((w) => [...document.querySelectorAll(`${w} tbody tr`)].map((r) => [...r.cells].map((c) => c.querySelector(".value")?.textContent ?? c.textContent.trim())), where);

export async function close(page) {
  wrong.push(...(await page.evaluate(() => globalThis.violations)).map((v) => `content policy: ${v}`));
  await page.context().close();
}

const require = createRequire(import.meta.url);
const axeText = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2 A and AA and good practice; nothing is passed over. */
export async function axe(page, what) {
  await page.evaluate(axeText);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const told = found.violations.map((v) => `${what}: ${v.id}: ${v.help}\n  ${v.nodes.slice(0, 4).map((n) => `${n.html.slice(0, 160)}\n    ${n.failureSummary?.split("\n").slice(1, 3).join("; ")}`).join("\n  ")}`);
  assert.deepEqual(told, [], told.join("\n"));
}

try {
  const { default: spec } = await import(`./specs/${name}.mjs`);
  await spec({ facts, open, close, answered, until, state, cells, axe, browser, assert });
  for (const context of browser.contexts()) for (const page of context.pages()) await close(page);
  assert.deepEqual(wrong, []);
} catch (error) {
  console.error(error.stack ?? error);
  for (const w of wrong) console.error(w);
  for (const context of browser.contexts()) {
    for (const [i, page] of context.pages().entries()) {
      const file = `${facts.out}/failed-${name}-${i}.png`;
      await page.screenshot({ path: file }).then(() => console.error(`see ${file}, ${page.url()}`), () => undefined);
    }
  }
  process.exitCode = 1;
} finally {
  await browser.close();
}
