// The state in the link, and back: every control writes it, every link sets the controls, and the browser's back undoes.
export default async ({ facts, open, close, answered, until, state, assert }) => {
  const page = await open(`/explore?v=1&f=proto+tcp&by=src_as,dst_as&u=packets&g=lines&n=5&r=max&from=${facts.from}&to=${facts.to}&tz=Asia/Kathmandu&log=1`, { allow: ["400"] });
  await answered(page);
  const checks = [];
  page.on("request", (r) => { if (r.url().endsWith("/filter/check")) checks.push(JSON.parse(r.postData()).text); });
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll(".chip")].map((c) => c.firstChild.textContent)), ["src_as", "dst_as"]);
  const pressed = () => page.evaluate(() => [...document.querySelectorAll(".choices [aria-pressed=true]")].map((b) => b.textContent));
  assert.deepEqual(await pressed(), ["packet/s", "Lines"]);
  assert.equal(await page.inputValue("#filter"), "proto tcp");
  assert.equal(await page.inputValue('select[aria-label="How many series"]'), "5");
  assert.equal(await page.inputValue('select[aria-label="Ranked by"]'), "max");
  assert.ok(await page.isVisible("text=UTC+5:45"));

  const steps = [
    ["1", "g", null], ["3", "g", "grid"], ["4", "g", "share"], ["2", "g", "lines"], ["u", "u", "flows"], ["b", "both", "1"], ["b", "both", null], ["f", "view", "flows"], ["f", "view", null],
  ];
  for (const [key, name, value] of steps) {
    await page.keyboard.press(key);
    await until(page, ([n, v]) => new URLSearchParams(location.search).get(n) === v, [name, value]);
  }
  const last = await state(page);
  await page.keyboard.press("z");
  await until(page, (f) => new URLSearchParams(location.search).get("from") !== f, last.from);
  const out = await state(page);
  assert.ok(Date.parse(out.from) < Date.parse(last.from));
  await page.keyboard.press("[");
  await until(page, (f) => new URLSearchParams(location.search).get("from") !== f, out.from);
  await page.goBack();
  await page.goBack();
  await until(page, (f) => new URLSearchParams(location.search).get("from") === f, last.from);
  assert.deepEqual(await state(page), last);
  await answered(page);
  assert.ok(checks.length <= 1, `the same filter was checked ${checks.length} times`);

  // A time that was typed in a zone is asked for in UTC.
  await page.keyboard.press("t");
  await page.fill(".times label:nth-of-type(1) input", "2026-11-27 14:00");
  await page.fill(".times label:nth-of-type(2) input", "2026/11/27.15:30");
  await page.keyboard.press("Enter");
  await until(page, () => new URLSearchParams(location.search).get("from") === "2026-11-27T08:15:00Z");
  assert.equal((await state(page)).to, "2026-11-27T09:45:00Z");
  await page.keyboard.press("t");
  await page.fill(".times label:nth-of-type(1) input", "soon");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".times .bad");
  await page.keyboard.press("Escape");

  // What a link has that nobody knows is told.
  await page.goto(`${facts.url}/explore?v=1&colour=blue`);
  await page.waitForSelector(".honesty .warning >> text=colour");
  // A mistake in the filter is told at its place, and is not run.
  await page.goto(`${facts.url}/explore?v=1&f=proto+tcp+and+prt+3`);
  await page.waitForSelector("#filter-says .bad");
  assert.match(await page.textContent("#filter-says"), /At character 15: .*Possible there: .*proto/s);
  // Several are told at once, and each is underlined.
  await page.click("#filter");
  await page.waitForSelector(".cm-editor.cm-focused");
  await page.keyboard.press("End");
  await page.keyboard.type(" or src_as 5 ");
  await page.waitForFunction(() => document.querySelectorAll(".cm-lintRange-error").length === 2);
  assert.match(await page.textContent("#filter-says"), /And 1 more/);
  // Nothing matches: it is said which term is too much, and a click leaves it out.
  await page.goto(`${facts.url}${facts.link}&f=proto+%3D+tcp+and+src_as+%3D+4199999999`);
  await page.waitForSelector(".graph-area .empty .terms .none >> text=src_as = 4199999999");
  assert.match(await page.textContent(".graph-area .empty .terms li:first-child"), /proto = tcp.*alone: .*flows/);
  await page.click('.graph-area .terms .none >> text="without it"');
  await until(page, () => new URLSearchParams(location.search).get("f") === "proto = tcp");
  await answered(page);
  await close(page);
};
