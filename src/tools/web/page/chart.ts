// Draws lines and areas: the one file that knows the chart library. It paints data, axes and nothing else; pointer,
// selection, words and bands are elements over it (graph.tsx), since the library repaints all on each move and parses names.
import { init, use, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import "echarts/lib/chart/line.js";
import "echarts/lib/component/gridSimple.js";
import "echarts/lib/component/aria.js";
import type { Tick } from "./time.ts";
import { short } from "./format.ts";

use([CanvasRenderer]);

export interface Curve {
  values: (number | null)[];
  colour: string;
  stack?: string; // areas of one stack lie on each other
  area?: number; // opacity
  width: number;
  dash?: number[] | undefined;
  panel: number;
}
export interface Panel { left: number; top: number; width: number; height: number }
export interface Drawing {
  from: number;
  step: number;
  to: number;
  curves: Curve[];
  panels: Panel[];
  ticks: Tick[];
  log: boolean;
  share: boolean;
  both: boolean;
  text: string; // what it shows, in words
  ink: { axis: string; grid: string; label: string; font: string };
}

export class Chart {
  private readonly chart: ECharts;

  constructor(private readonly element: HTMLElement) {
    this.chart = init(element, null, { renderer: "canvas" });
  }

  resize(): void {
    if (this.element.clientWidth !== this.chart.getWidth() || this.element.clientHeight !== this.chart.getHeight()) this.chart.resize();
  }

  draw(d: Drawing): void {
    const series = d.curves.map((c) => ({
      type: "line" as const,
      xAxisIndex: c.panel,
      yAxisIndex: c.panel,
      showSymbol: lonely(c.values),
      symbol: "circle",
      symbolSize: 3,
      silent: true,
      emphasis: { disabled: true },
      color: c.colour,
      lineStyle: { width: c.width, color: c.colour, ...(c.dash ? { type: c.dash } : {}) },
      ...(c.stack ? { stack: c.stack, stackStrategy: "all" as const } : {}),
      ...(c.area ? { areaStyle: { opacity: c.area, color: c.colour } } : {}),
      // A slot's mean stands in its middle.
      data: c.values.map((v, i) => [(d.from + (i + 0.5) * d.step) * 1000, v === null || (d.log && v <= 0) ? null : v]),
    }));
    const axis = { axisLine: { lineStyle: { color: d.ink.axis } }, axisLabel: { color: d.ink.label, fontFamily: d.ink.font, fontSize: 11, hideOverlap: true } };
    const times = d.ticks.map((t) => t.at * 1000);
    const label = new Map(d.ticks.map((t) => [t.at * 1000, t.label]));
    const most = d.panels.length > 1 ? Math.max(1, ...d.curves.flatMap((c) => c.values.map((v) => v ?? 0))) : undefined;
    this.chart.setOption({
      animation: false,
      useUTC: true,
      aria: { enabled: true, label: { description: d.text } },
      grid: d.panels.map((p) => ({ left: p.left, top: p.top, width: p.width, height: p.height, containLabel: false })),
      xAxis: d.panels.map((_, i) => ({
        type: "time", gridIndex: i, min: d.from * 1000, max: d.to * 1000,
        ...axis,
        axisTick: { customValues: times, lineStyle: { color: d.ink.axis } },
        axisLabel: { ...axis.axisLabel, customValues: times, formatter: (value: number) => label.get(value) ?? "" },
        splitLine: { show: false },
      })),
      yAxis: d.panels.map((_, i) => ({
        type: d.log ? "log" : "value", gridIndex: i,
        ...(d.share ? { min: d.both ? -1 : 0, max: 1 } : {}),
        ...(most && !d.share && !d.both ? { max: nice(most), min: d.log ? undefined : 0 } : {}),
        splitNumber: d.panels.length > 1 ? 2 : 5,
        axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...axis.axisLabel, formatter: (v: number) => (d.share ? `${Math.round(Math.abs(v) * 100)} %` : short(Math.abs(v))) },
        splitLine: { lineStyle: { color: d.ink.grid } },
      })),
      series,
    }, { replaceMerge: ["series", "grid", "xAxis", "yAxis"] });
  }

  picture(background: string): string {
    return this.chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: background });
  }

  dispose(): void {
    this.chart.dispose();
  }
}

/** Whether a value stands alone between gaps, where a line would not show it. */
function lonely(values: (number | null)[]): boolean {
  const there = (i: number) => values[i] !== null && values[i] !== undefined;
  return values.length < 400 && values.some((_, i) => there(i) && !there(i - 1) && !there(i + 1));
}

export function nice(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 4, 5, 6, 8, 10].map((m) => m * power).find((m) => m >= most) ?? most;
}
