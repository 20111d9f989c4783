// What the page draws with can be told from what it draws on: WCAG 2.2, non-text contrast, by the table of colours that the
// page itself uses. axe does not see into a canvas.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const page = join(process.env["PAGE_TESTS"] ?? "", "../../src/tools/web/page");
const read = (name: string) => readFileSync(join(page, name), "utf8");
const PALETTE = Number(/PALETTE = (\d+);/.exec(read("model.ts"))?.[1]); // not imported: the module wants a browser

/** --name -> its colours in the light and the dark theme. */
const colours = new Map([...read("theme.css").matchAll(/^ {2}--([\w-]+): light-dark\((#\w+), (#\w+)\);$/gm)].map(([, name, light, dark]) => [name ?? "", [light ?? "", dark ?? ""] as const]));

function luminance(colour: string): number {
  assert.match(colour, /^#[\da-f]{6}$/i, colour);
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((m, n) => m - n) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
const of = (name: string, theme: number) => colours.get(name)?.[theme] ?? assert.fail(`there is no --${name}`);

test("contrast is reckoned as WCAG has it", () => {
  assert.equal(contrast("#ffffff", "#000000"), 21);
  assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
});

test("every colour of the graph has 3:1 against its background in both themes", () => {
  assert.ok(PALETTE >= 8);
  const series = [...colours.keys()].filter((name) => /^s\d+$/.test(name));
  assert.deepEqual(series, Array.from({ length: PALETTE }, (_, i) => `s${i}`), "each number of the palette has a colour");
  // Other, the total, the line below which a rate is known, and the same before.
  for (const name of [...series, "other", "total", "warn", "text", "muted", "accent"]) {
    for (const [theme, what] of ["light", "dark"].entries()) {
      for (const ground of ["surface", "ground"]) {
        const got = contrast(of(name, theme), of(ground, theme));
        assert.ok(got >= 3, `--${name} on --${ground}, ${what}: ${got.toFixed(2)}`);
      }
    }
  }
});

test("no two series have the same colour", () => {
  for (const theme of [0, 1]) {
    const all = [...colours.keys()].filter((name) => /^(s\d+|other|total)$/.test(name)).map((name) => of(name, theme));
    assert.equal(new Set(all).size, all.length);
  }
});
