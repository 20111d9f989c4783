// Everything that can be opened is opened, in both themes and narrow and wide: no violation of the content policy, nothing
// asked elsewhere (spec.mjs holds both), no finding of axe, nothing wider than its window.
export default async ({ facts, open, close, answered, axe, assert }) => {
  for (const scheme of ["light", "dark"]) {
    const page = await open(`${facts.link}&by=src_as`, { scheme });
    await answered(page);
    await page.waitForSelector("table.data tbody tr.total");
    await axe(page, `${scheme}, summary`);
    const box = await page.locator("figure.graph").boundingBox();
    for (const [key, name] of [["2", "lines"], ["3", "grid"], ["4", "share"], ["1", "stacked"], ["b", "both ways"]]) {
      await page.keyboard.press(key);
      await answered(page);
      await page.mouse.move(box.x + 160, box.y + 100);
      await page.waitForSelector(".tip");
      await axe(page, `${scheme}, ${name}`);
    }
    await page.selectOption('select[aria-label="Compare with"]', "period");
    await answered(page);
    await page.click("#tab-flows");
    await page.waitForSelector("table.flows tbody tr");
    await axe(page, `${scheme}, flows`);
    await page.click("table.flows tbody tr:nth-child(1) button.cell");
    await axe(page, `${scheme}, a value's menu`);
    await page.keyboard.press("Escape");
    await page.click('button[aria-label="All of flow 1"]');
    await page.waitForSelector("dl.whole dt");
    await axe(page, `${scheme}, a whole flow`);
    for (const [key, name] of [["s", "SQL"], ["c", "export"], ["?", "keys"]]) {
      await page.keyboard.press(key);
      await page.waitForSelector("dialog[open]");
      if (name === "SQL") await page.waitForSelector("dialog pre");
      await axe(page, `${scheme}, ${name}`);
      await page.keyboard.press("Escape");
      await page.waitForSelector("dialog[open]", { state: "detached" });
    }
    await page.keyboard.press("t");
    await axe(page, `${scheme}, times`);
    await page.keyboard.press("Escape");
    await page.click('.dimensions button.add');
    await axe(page, `${scheme}, dimensions`);
    await page.keyboard.press("Escape");
    await page.click('button.zone');
    await page.keyboard.press("Escape");
    // The editor: typing, completion, an error underlined.
    await page.click("#filter");
    await page.waitForSelector(".cm-editor.cm-focused");
    await page.keyboard.type("proto tcp and sr");
    await page.waitForSelector(".cm-tooltip-autocomplete li");
    await axe(page, `${scheme}, completion`);
    await page.keyboard.press("Escape");
    await page.keyboard.type("x 3 ");
    await page.waitForSelector("#filter-says .bad");
    await page.keyboard.press("Escape");
    await axe(page, `${scheme}, an error`);
    await close(page);
  }
  for (const [width, height] of [[360, 740], [1024, 700], [3840, 2160]]) {
    for (const view of ["summary", "flows"]) {
      const page = await open(`${facts.link}&by=src_as&view=${view}`, { width, height });
      await answered(page);
      await page.waitForSelector("#panel table.data tbody tr");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${width} wide, ${view}: ${over} px too wide`);
      await axe(page, `${width} wide, ${view}`);
      await close(page);
    }
  }
};
