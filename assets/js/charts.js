// Draws <div data-chart> from the JSON in its <script type="application/json">: an ECharts option
// without colours. Colours come from the page, so that both themes are readable.
import { BarChart, GaugeChart, HeatmapChart, LineChart, PieChart, TreemapChart } from 'echarts/charts';
import {
  AriaComponent,
  DataZoomComponent,
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// The charts empty their place with innerHTML = ''. The page's policy lets that through and no other text.
globalThis.trustedTypes?.createPolicy('default', { createHTML: (text) => (text === '' ? '' : null) });

use([
  BarChart, GaugeChart, HeatmapChart, LineChart, PieChart, TreemapChart, AriaComponent, DataZoomComponent,
  DatasetComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent,
  VisualMapComponent, CanvasRenderer,
]);

const charts = new Map();
const still = window.matchMedia('(prefers-reduced-motion: reduce)');

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis(text, edge) {
  return {
    axisLine: { lineStyle: { color: edge } },
    axisTick: { lineStyle: { color: edge } },
    axisLabel: { color: text },
    splitLine: { lineStyle: { color: edge } },
    nameTextStyle: { color: text },
  };
}

function theme() {
  const text = colour('--frisket-quiet');
  const edge = colour('--tblr-border-color');
  const marks = ['1', '2', '3', '4', '5', '6', '7'].map((n) => colour(`--frisket-mark-${n}`));
  return {
    color: marks,
    backgroundColor: 'transparent',
    textStyle: { color: text, fontFamily: colour('--tblr-font-sans-serif') },
    legend: { textStyle: { color: text } },
    visualMap: {
      textStyle: { color: text },
      inRange: { color: [colour('--frisket-heat-low'), colour('--frisket-heat-high')] },
    },
    categoryAxis: axis(text, edge),
    valueAxis: axis(text, edge),
    timeAxis: axis(text, edge),
    logAxis: axis(text, edge),
    tooltip: {
      backgroundColor: colour('--tblr-bg-surface'),
      borderColor: edge,
      textStyle: { color: colour('--tblr-body-color') },
    },
  };
}

function draw(place) {
  const source = place.querySelector('script[type="application/json"]');
  if (!source) return;
  charts.get(place)?.dispose();
  const canvas = place.querySelector('.chart-canvas') ?? place.appendChild(document.createElement('div'));
  canvas.className = 'chart-canvas';
  const chart = init(canvas, theme(), { renderer: 'canvas' });
  const option = JSON.parse(source.textContent);
  // The other tooltip writes style attributes, which the page's policy forbids.
  chart.setOption({
    animation: !still.matches,
    aria: { enabled: true, decal: { show: place.dataset.decal === 'on' } },
    ...option,
    tooltip: { confine: true, ...option.tooltip, renderMode: 'richText' },
  });
  const links = place.dataset.links ? JSON.parse(place.dataset.links) : null;
  if (links) {
    chart.on('click', (point) => {
      const to = links[point.name];
      if (typeof to === 'string' && to.startsWith('/') && !to.startsWith('//')) window.location.assign(to);
    });
  }
  charts.set(place, chart);
}

function drawAll(root) {
  for (const place of root.querySelectorAll('[data-chart]')) draw(place);
}

drawAll(document);
document.addEventListener('frisket:theme', () => drawAll(document));
document.addEventListener('htmx:after:swap', () => {
  for (const place of [...charts.keys()]) {
    if (!place.isConnected) {
      charts.get(place).dispose();
      charts.delete(place);
    }
  }
  for (const place of document.querySelectorAll('[data-chart]')) if (!charts.has(place)) draw(place);
});
new ResizeObserver(() => {
  for (const chart of charts.values()) chart.resize();
}).observe(document.body);
