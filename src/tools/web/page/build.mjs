// Bundles the page and writes what the program embeds: every file as it is, gzipped and brotlied, and assets.cpp, which
// takes them in by .incbin. Called by CMake with Node alone; it downloads nothing.
//
//   node build.mjs --out DIR            DIR/page: the files (`sluice web --page DIR/page`), DIR/assets.cpp
//   node build.mjs --out DIR --watch    bundles again at each change, for development
import { context } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const out = resolve(argument("--out") ?? join(here, "out"));
const watch = process.argv.includes("--watch");
const page = join(out, "page");
const assetsDir = join(page, "assets");

const types = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  txt: "text/plain; charset=utf-8",
};

/** What the first script imports is asked for together with it, not after it; so is the graph, which is larger and can wait. */
function preloads(outputs) {
  const imports = (entry) => {
    const found = Object.entries(outputs).find(([, o]) => o.entryPoint?.endsWith(entry));
    return found ? { itself: found[0], others: found[1].imports.filter((i) => i.kind === "import-statement").map((i) => i.path) } : { itself: "", others: [] };
  };
  const first = imports("main.tsx").others, graph = imports("chart.ts");
  const link = (priority) => (path) => `<link rel="modulepreload"${priority} href="/assets/${path.split("/").pop()}">`;
  return [...first.map(link("")), ...[graph.itself, ...graph.others].filter((path) => path && !first.includes(path)).map(link(' fetchpriority="low"'))];
}

function finish(result) {
  rmSync(page, { recursive: true, force: true });
  mkdirSync(assetsDir, { recursive: true });
  const files = new Map(result.outputFiles.map((f) => [f.path.split("/").pop(), Buffer.from(f.contents)]));
  const named = (start, end) => [...files.keys()].find((n) => n.startsWith(start) && n.endsWith(end));
  const html = readFileSync(join(here, "index.html"), "utf8")
    .replace("{{style}}", `/assets/${named("style-", ".css")}`)
    .replace("{{main}}", `/assets/${named("main-", ".js")}`)
    .replace("{{preload}}", preloads(result.metafile.outputs).join("\n"));
  files.set("index.html", Buffer.from(html));

  const assets = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, plain]) => {
    writeFileSync(join(name === "index.html" ? page : assetsDir, name), plain);
    // The nonce is put into index.html with each answer, so it cannot be compressed ahead.
    const packed = name === "index.html" ? {} : {
      gzip: gzipSync(plain, { level: 9 }),
      brotli: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: watch ? 5 : 11 } }),
    };
    return { name, plain, ...packed };
  });
  writeFileSync(join(out, "assets.cpp"), cpp(assets));
  writeFileSync(join(out, "sizes.json"), JSON.stringify(sizes(assets), null, 1));
}

/** Bytes by file, for the budget. */
function sizes(assets) {
  return Object.fromEntries(assets.map((a) => [a.name, { plain: a.plain.length, gzip: a.gzip?.length ?? a.plain.length, brotli: a.brotli?.length ?? a.plain.length }]));
}

function cpp(assets) {
  const packed = join(out, "packed");
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  const bytes = [], rows = [];
  let number = 0;
  const embed = (data, name) => {
    if (!data) return "{}";
    const file = join(packed, name), symbol = `sluice_web_page_${number++}`;
    writeFileSync(file, data);
    bytes.push({ file, symbol, size: data.length });
    return `{${symbol}, ${data.length}}`;
  };
  for (const { name, plain, gzip, brotli } of assets) {
    const type = types[name.split(".").pop()] ?? "application/octet-stream";
    const path = name === "index.html" ? "/index.html" : `/assets/${name}`;
    rows.push(`      {"${path}", "${type}", ${embed(plain, name)}, ${embed(gzip, `${name}.gz`)}, ${embed(brotli, `${name}.br`)}},`);
  }
  // The hash makes the text change with any file, and so the object is made anew.
  const hash = createHash("sha256");
  for (const { plain } of assets) hash.update(plain);
  return `// Made by build.mjs from src/tools/web/page. ${hash.digest("hex")}
#include "web/assets.hpp"

extern "C" {
${bytes.map((b) => `extern const char ${b.symbol}[];`).join("\n")}
}

__asm__(
    ".section .rodata\\n"
${bytes.map((b) => `    ".global ${b.symbol}\\n.hidden ${b.symbol}\\n${b.symbol}:\\n.incbin \\"${b.file}\\"\\n"`).join("\n")}
    ".text\\n");

namespace sluice::web {
std::span<const Asset> page_assets() {
  static constexpr Asset all[] = {
${rows.join("\n")}
  };
  return all;
}

}  // namespace sluice::web
`;
}

const build = await context({
  absWorkingDir: here,
  entryPoints: ["main.tsx", "style.css"],
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "linked",
  metafile: true,
  write: false,
  outdir: assetsDir,
  logLevel: "warning",
  plugins: [{ name: "embed", setup: (b) => b.onEnd((result) => { if (result.errors.length === 0) finish(result); }) }],
});
if (watch) {
  await build.watch();
} else {
  try {
    await build.rebuild();
  } catch {
    process.exitCode = 1;
  }
  await build.dispose();
}
