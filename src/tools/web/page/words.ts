// The words of the API that links and controls are made of, before the server has said anything. GET /api/v1/meta has the
// same; a test holds both together (tests/web/words.mjs).

/** What a graph is drawn in, and what its sums are. */
export const UNIT_WORDS = { bits: { rate: "bit/s", sum: "bytes" }, packets: { rate: "packet/s", sum: "packets" }, flows: { rate: "flow/s", sum: "flows" } } as const;
export const UNITS = ["bits", "packets", "flows"] as const;
export const RANKS = ["mean", "max", "last", "p95"] as const;
export const TABLE_ORDERS = ["bytes", "packets", "flows", "bps", "pps", "bpp"] as const;
export const FLOW_ORDERS = ["time", "bytes", "packets", "duration"] as const;
export const COLUMN_SETS = ["line", "long", "extended"] as const;
export const KINDS = ["number", "words", "flags", "time", "mac", "address", "text", "numbers", "addresses", "amount"] as const;
export type Kind = (typeof KINDS)[number];
export const LIMITS = { series: 50, points: 1500, least_points: 50, columns: 40 } as const;
