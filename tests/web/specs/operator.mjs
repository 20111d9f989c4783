// Somebody who knows nfdump: pastes a command, reads the table that it would have given, and sees the command again.
export default async ({ facts, open, close, answered, until, state, cells, assert }) => {
  const page = await open("/explore", { clipboard: true, allow: ["400"] });
  await answered(page);
  await page.keyboard.press("/");
  await page.waitForSelector(".cm-editor");
  await page.evaluate((t) => navigator.clipboard.writeText(t), facts.command);
  await page.keyboard.press("Control+V");
  await page.keyboard.press("Enter");
  await until(page, () => new URLSearchParams(location.search).get("agg"));
  await page.waitForSelector("#panel table.data tbody tr.total");
  assert.equal(await page.getAttribute("#tab-flows", "aria-selected"), "true");
  assert.match(await page.textContent("#filter-says"), /nfdump/);

  const got = await cells(page, "#panel table.data");
  assert.deepEqual(got.slice(0, facts.expected.length).map((r) => r[0]), facts.expected.map((r) => r[0]));
  const exact = await page.evaluate(() => [...document.querySelectorAll("#panel table.data tbody tr")].map((r) => [...r.querySelectorAll("td.num[title]")].slice(0, 3).map((c) => Number(c.title.replace(/\D/g, "")))));
  facts.expected.forEach(([key, flows, packets, bytes], i) => assert.deepEqual(exact[i], [flows, packets, bytes], key));

  await page.click("text=nfdump >> nth=-1");
  await page.waitForSelector("dialog pre");
  assert.match(await page.textContent("dialog pre"), /^nfdump .*-s \w+/);
  await page.keyboard.press("Escape");

  // What cannot be understood is refused with a sentence, and nothing changes.
  const before = await state(page);
  await page.click("text=nfdump >> nth=-1");
  await page.fill("dialog textarea", "nfdump -s nothing 'prt 3'");
  await page.click("text=Understand it");
  await page.waitForSelector("dialog .bad");
  assert.deepEqual(await state(page), before);
  await close(page);
};
