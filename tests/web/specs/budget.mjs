// What it weighs and how long it takes. Sizes are held; times are printed, as ratios would need another machine to mean
// anything, and held only where they are ten times what they should be.
import { readFileSync } from "node:fs";

const KIB = 1024;
export default async ({ facts, open, close, answered, assert }) => {
  const sizes = JSON.parse(readFileSync(facts.sizes, "utf8"));
  const all = Object.values(sizes).reduce((sum, s) => sum + s.gzip, 0);
  const first = Object.entries(sizes).filter(([n]) => /^(main|style|index|chunk)/.test(n) && !n.endsWith(".txt"));
  const before = first.reduce((sum, [, s]) => sum + s.gzip, 0);
  console.log(`compressed: ${(all / KIB).toFixed(0)} KiB in all, ${(before / KIB).toFixed(0)} KiB before the first paint`);
  assert.ok(all < 500 * KIB && before < 60 * KIB);

  const times = [];
  for (let i = 0; i < 5; i++) {
    const page = await open(`${facts.link}&by=src_as`);
    await answered(page);
    await page.waitForFunction(() => performance.getEntriesByName("graph").length > 0);
    times.push(await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0].startTime, performance.getEntriesByName("usable")[0].startTime, performance.getEntriesByName("graph")[0].startTime]));
    await close(page);
  }
  const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  const [paint, usable, graph] = [0, 1, 2].map((i) => median(times.map((t) => t[i])));
  console.log(`median of ${times.length} cold starts: first paint ${paint.toFixed(0)} ms, usable ${usable.toFixed(0)} ms, graph drawn ${graph.toFixed(0)} ms`);
  assert.ok(paint < 3000 && usable < 6000, "ten times over the budget");

  // Refreshes as fast as they go: after a warm-up the heap does not grow.
  const page = await open(`${facts.link}&by=src_as`);
  await answered(page);
  const client = await page.context().newCDPSession(page);
  // What is still there after the last of several collections: a single one leaves what was on its way.
  const heap = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      await client.send("HeapProfiler.collectGarbage");
      least = Math.min(least, await page.evaluate(() => performance.memory.usedJSHeapSize));
    }
    return [least, await page.evaluate(() => document.querySelectorAll("*").length)];
  };
  const refresh = (n) => page.evaluate(async (count) => {
    const idle = () => document.querySelector(".graph-area").getAttribute("aria-busy") === "false";
    for (let i = 0; i < count; i++) {
      document.querySelector('[aria-label="Ask again"]').click();
      while (idle()) await new Promise((r) => setTimeout(r));
      while (!idle()) await new Promise((r) => setTimeout(r));
      if (document.querySelector(".failed")) throw new Error(document.querySelector(".failed").textContent);
    }
  }, n);
  await refresh(Math.min(500, facts.refreshes / 3));
  const draws = [];
  for (let i = 0; i < 10; i++) {
    await page.click("button.legend >> nth=0");
    draws.push(await page.evaluate(() => performance.getEntriesByName("draw")[0].duration));
  }
  console.log(`hide or show a series: ${median(draws).toFixed(0)} ms of script`);
  const warm = await heap();
  const begun = Date.now();
  for (let done = 0; done < facts.refreshes; done += 100) await refresh(Math.min(100, facts.refreshes - done));
  const end = await heap();
  console.log(`${facts.refreshes} refreshes in ${((Date.now() - begun) / 1000).toFixed(0)} s: heap ${(warm[0] / KIB / KIB).toFixed(1)} -> ${(end[0] / KIB / KIB).toFixed(1)} MiB, elements ${warm[1]} -> ${end[1]}`);
  assert.ok(end[0] - warm[0] < 3 * KIB * KIB, "the heap grows");
  assert.ok(Math.abs(end[1] - warm[1]) < 50, "elements are left behind");
  await close(page);
};
