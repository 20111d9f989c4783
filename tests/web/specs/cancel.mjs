// A question that would never end: progress is shown, Escape ends it, in the store too, and the page goes on.
export default async ({ facts, open, close, assert }) => {
  const page = await open("/explore?v=1&f=ip_ttl+%3E%3D+0&from=now-3h", { allow: ["404"] });
  await page.waitForSelector(".graph-area .loading progress");
  await page.waitForFunction(() => /rows/.test(document.querySelector(".graph-area .loading")?.textContent ?? ""));
  const ended = page.waitForResponse((r) => r.request().method() === "DELETE");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".failed.calm >> text=Cancelled");
  assert.equal((await ended).status(), 204, "the server knew the question, and ended it");
  // Leaving ends it too; the harness looks into the store.
  await page.click(".failed >> text=Again");
  await page.waitForSelector(".graph-area .loading progress");
  await close(page);
  assert.ok(facts.url);
};
