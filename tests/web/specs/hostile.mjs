// Names that exporters send are text wherever they are shown: summary, tooltip, grid, flow list, whole flow, completion.
export default async ({ facts, open, close, answered, assert }) => {
  const page = await open(`${facts.link}&by=in_if_name&f=sampler_address+%3D+${facts.hostileExporter}`);
  await answered(page);
  const has = (where) => page.waitForFunction(([w, n]) => [...document.querySelectorAll(w)].some((e) => e.textContent.includes(n)), [where, facts.hostile]);
  await has("table.data .value");
  const box = await page.locator("figure.graph").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 100);
  await has(".tip .name");
  await page.keyboard.press("3");
  await answered(page);
  await page.click("#tab-flows");
  await page.waitForSelector("table.flows tbody tr");
  await page.click('button[aria-label="All of flow 1"]');
  await has("dl.whole .value");
  // As a filter it is a value, and finds itself.
  await page.click("#tab-summary");
  await page.waitForSelector("table.data tr.key button.cell");
  await page.click("table.data tr.key button.cell");
  await has(".actions .term");
  await page.click("text=Only this");
  await page.waitForFunction(() => /in_if_name/.test(new URLSearchParams(location.search).get("f") ?? ""));
  await answered(page);
  await has("table.data .value");
  assert.equal(await page.evaluate(() => document.querySelectorAll("#app img, #app script").length), 0);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  await close(page);
};
