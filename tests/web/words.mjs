// The words that the page knows of the API, as JSON: held against GET /api/v1/meta by tests/integration/test_web.py.
//
//   node words.mjs
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const page = resolve(dirname(fileURLToPath(import.meta.url)), "../../src/tools/web/page");
const { buildSync } = createRequire(join(page, "package.json"))("esbuild");
const [file] = buildSync({ entryPoints: [join(page, "words.ts")], bundle: true, format: "esm", write: false, logLevel: "warning" }).outputFiles;
console.log(JSON.stringify({ ...(await import(`data:text/javascript,${encodeURIComponent(file.text)}`)) }));
