// What is known to be wrong with the numbers is what the server said of them, each once and in its words.
export default async ({ facts, open, close, answered, until, assert }) => {
  const page = await open("/");
  await answered(page);
  const question = page.waitForRequest((r) => r.url().endsWith("/api/v1/series") && (r.postData() ?? "").includes(facts.hostileExporter));
  await page.goto(`${facts.url}${facts.link}&f=sampler_address+%3D+${facts.hostileExporter}`);
  await answered(page);
  await until(page, () => document.querySelectorAll(".honesty li").length > 0);
  // Asked once more: the browser need not keep what the page has read as it came.
  const request = await question;
  const told = await page.evaluate(async ([url, body, headers]) => (await fetch(url, { method: "POST", body, headers })).text(), [request.url(), request.postData(), { "Content-Type": request.headers()["content-type"] }]);
  const { honest } = JSON.parse(told.split("\n").find((l) => l.startsWith('{"honest"')));
  const shown = await page.evaluate(() => [...document.querySelectorAll(".honesty li")].map((l) => l.textContent));
  assert.deepEqual(shown, honest.notes.map((n) => n.text));
  assert.equal(new Set(shown).size, shown.length);
  assert.ok(shown.some((text) => text.includes("sampling rate is not known")) && shown.some((text) => text.includes("what was lost is not known")), shown.join("\n"));
  assert.ok(honest.at_least);
  assert.match(await page.textContent(".axis-title"), /^at least, /);
  await close(page);
};
