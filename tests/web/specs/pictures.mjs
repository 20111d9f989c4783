// Pictures of the page, for people: kept as artefacts, and those of README and docs/web.md come from here.
export default async ({ facts, open, close, answered, until }) => {
  const shots = [
    ["explore", "&by=src_as&n=8", {}],
    ["both-ways", "&by=proto&both=1&g=stacked", {}],
    ["grid", "&by=src_as&g=grid&n=7", {}],
    ["flows", "&by=proto&view=flows&cols=long&g=lines", {}],
    ["phone", "&by=src_as", { width: 360, height: 740 }],
  ];
  for (const scheme of ["light", "dark"]) {
    for (const [name, more, size] of shots) {
      const page = await open(`${facts.link}${more}`, { scheme, height: 860, ...size });
      await answered(page);
      await page.waitForSelector("#panel table.data tbody tr");
      await until(page, () => performance.getEntriesByName("graph").length > 0);
      await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
      await page.screenshot({ path: `${facts.out}/${name}-${scheme}.png` });
      await close(page);
    }
  }
};
