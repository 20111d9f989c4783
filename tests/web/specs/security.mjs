// What a page of somebody else can make this browser do to ours: show it in a frame, ask its API, come by another name.
import { createServer } from "node:http";

export default async ({ facts, browser, assert }) => {
  // "localhost" is another site than 127.0.0.1, where the page is.
  const foreign = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(`<iframe src="${facts.url}/"></iframe>`));
  await new Promise((done) => foreign.listen(0, "localhost", done));
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    const answers = [];
    page.on("response", (r) => { if (r.url().startsWith(facts.url)) answers.push([r.request().method(), new URL(r.url()).pathname, r.status()]); });
    await page.goto(`http://localhost:${foreign.address().port}/`);
    const framed = page.frames().find((f) => f !== page.mainFrame());
    assert.deepEqual(answers, [["GET", "/", 403]], "it is in no frame");
    assert.equal(await framed.locator("#app").count(), 0);

    const got = await page.evaluate(async (url) => {
      const told = async (options, path = "/api/v1/series") => fetch(url + path, options).then((r) => r.type, (e) => e.name);
      const element = (tag, more) => new Promise((done) => {
        const made = Object.assign(document.createElement(tag), more);
        made.onload = () => done("loaded");
        made.onerror = () => done("refused");
        document.body.append(made);
      });
      return {
        simple: await told({ method: "POST", mode: "no-cors", body: "{}" }),
        json: await told({ method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }),
        read: await told({}, "/api/v1/meta"),
        script: await element("script", { src: `${url}/api/v1/meta` }),
        picture: await element("img", { src: `${url}/api/v1/meta` }),
        page: await element("script", { src: `${url}/` }),
      };
    }, facts.url);
    assert.deepEqual(got, { simple: "opaque", json: "TypeError", read: "TypeError", script: "refused", picture: "refused", page: "refused" });
    const asked = answers.filter(([, path]) => path.startsWith("/api/"));
    assert.ok(asked.some(([method]) => method === "POST") && asked.every(([, , status]) => status === 403), JSON.stringify(answers));
    // A form is a navigation, and goes without asking.
    const [posted] = await Promise.all([page.waitForNavigation(), page.evaluate((url) => {
      const form = Object.assign(document.createElement("form"), { method: "post", action: `${url}/api/v1/series`, enctype: "text/plain" });
      document.body.append(form);
      form.submit();
    }, facts.url)]);
    assert.equal(posted.status(), 403);
    await context.close();
  } finally {
    foreign.close();
    foreign.closeAllConnections();
  }

  // A name that was made to lead here: whoever has it could read what its page reads.
  const rebound = await browser.browserType().launch({ executablePath: facts.browser, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP evil.example 127.0.0.1"] });
  try {
    const answer = await (await rebound.newPage()).goto(facts.url.replace("127.0.0.1", "evil.example"));
    assert.equal(answer.status(), 421);
    assert.equal((await answer.json()).error.code, "host");
  } finally {
    await rebound.close();
  }
};
