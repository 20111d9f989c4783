// An incident, from a link to the flow list: the peak, whose it is, only that, its flows, and the link for the others.
export default async ({ facts, open, close, answered, until, state, cells, assert }) => {
  const page = await open(facts.link, { clipboard: true });
  await answered(page);
  assert.match(await page.textContent(".provenance"), /flows_\w+/);
  const before = await state(page);

  // p: to the peak. What is around it is what the link was about.
  await page.keyboard.press("p");
  await until(page, (from) => new URLSearchParams(location.search).get("from") !== from, before.from);
  await answered(page);
  const around = await state(page);
  const [from, to] = [Date.parse(around.from) / 1000, Date.parse(around.to) / 1000];
  assert.ok(from < facts.peak.to && to > facts.peak.from, `${around.from} - ${around.to} is not around ${JSON.stringify(facts.peak)}`);

  // By destination; the first is the target.
  await page.click('button[aria-label="Remove proto"]');
  await page.click('.dimensions button.add');
  await page.keyboard.type("dst_addr");
  await page.keyboard.press("Enter");
  await until(page, () => new URLSearchParams(location.search).get("by") === "dst_addr");
  await until(page, (target) => document.querySelector("table.data tbody tr.key .value")?.textContent === target, facts.target);
  await answered(page);

  // Only that.
  await page.click("table.data tbody tr.key button.cell");
  await page.click("text=Only this");
  await until(page, () => new URLSearchParams(location.search).get("f"));
  assert.equal((await state(page)).f, `dst_addr = ${facts.target}`);
  await answered(page);

  // The peak by hand: drag over the middle half of the graph.
  const box = await page.locator("figure.graph").boundingBox();
  const at = (share) => box.x + 58 + share * (box.width - 72);
  await page.mouse.move(at(0.25), box.y + 80);
  await page.mouse.down();
  await page.mouse.move(at(0.5), box.y + 90);
  await page.mouse.move(at(0.75), box.y + 90);
  await page.mouse.up();
  await until(page, (f) => new URLSearchParams(location.search).get("from") !== f, around.from);
  const dragged = await state(page);
  const length = to - from, expected = [from + 0.25 * length, to - 0.25 * length];
  const slack = length * 0.02 + 61;
  assert.ok(Math.abs(Date.parse(dragged.from) / 1000 - expected[0]) < slack && Math.abs(Date.parse(dragged.to) / 1000 - expected[1]) < slack, JSON.stringify({ around, dragged }));
  await page.goBack();
  await until(page, (f) => new URLSearchParams(location.search).get("from") === f, around.from);

  // Its flows, every one of them to the target.
  await page.click("#tab-flows");
  await page.waitForSelector("table.flows tbody tr");
  const head = await page.evaluate(() => [...document.querySelectorAll("table.flows thead th")].map((h) => h.childNodes[0]?.textContent));
  const column = head.indexOf("dst_addr");
  assert.ok(column > 0, String(head));
  const rows = await cells(page, "table.flows");
  assert.equal(rows.length, Math.min(100, facts.flowsToTarget));
  for (const row of rows) assert.equal(row[column], facts.target);

  // One of them with all that is known.
  await page.click('button[aria-label="All of flow 1"]');
  await page.waitForSelector("dl.whole dt");
  const names = await page.evaluate(() => [...document.querySelectorAll("dl.whole dt")].map((d) => d.textContent));
  for (const name of ["src_addr", "dst_addr", "bytes", "sampler_address", "time_received"]) assert.ok(names.includes(name), `${name} is not among ${names}`);

  // The link says the same to who gets it.
  await page.keyboard.press("y");
  await page.waitForSelector(".said.on");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${facts.url}/explore?v=1&f=dst_addr+`), link);
  const other = await open(link.slice(facts.url.length), { zone: "America/New_York" });
  await answered(other);
  await other.waitForSelector("table.flows tbody tr");
  assert.deepEqual((await cells(other, "table.flows")).map((r) => r[column]), rows.map((r) => r[column]));
  await close(other);
  await close(page);
};
