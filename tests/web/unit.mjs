// Bundles the unit tests of the page's modules, which are TypeScript, and runs them with Node's own runner.
//
//   node unit.mjs DIR     DIR: where the bundles go
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const page = resolve(here, "../../src/tools/web/page");
const { buildSync } = createRequire(join(page, "package.json"))("esbuild");
const out = resolve(process.argv[2]);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
buildSync({
  entryPoints: readdirSync(join(here, "unit")).filter((f) => f.endsWith(".test.ts")).map((f) => join(here, "unit", f)),
  bundle: true, format: "esm", platform: "node", target: "node18", outdir: out, outExtension: { ".js": ".mjs" }, alias: { page }, logLevel: "warning",
});
const files = readdirSync(out).filter((f) => f.endsWith(".mjs")).map((f) => join(out, f));
process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
