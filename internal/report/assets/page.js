"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("drawn"); // the plots need their size before they are drawn

  const colour = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const kindColour = kind => colour(kind === "make folder" ? "folder" : kind);
  const bytes = n => {
    const units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let i = 0;
    while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
    return (n < 10 && i > 0 ? n.toFixed(1) : Math.round(n)) + " " + units[i];
  };
  const clock = seconds => {
    const h = Math.floor(seconds / 3600), m = Math.floor(seconds % 3600 / 60), s = Math.round(seconds % 60);
    const two = n => String(n).padStart(2, "0");
    return h ? h + ":" + two(m) + ":" + two(s) : m + ":" + two(s);
  };
  const counts = n => n.toLocaleString("en");

  function timeline() {
    const t = run.Timeline, seconds = t.width / 1e9;
    const area = (label, slots, name) => ({
      type: "line", label, data: slots.map(n => n / seconds), borderColor: colour(name), backgroundColor: colour(name) + "33",
      fill: true, borderWidth: 2, pointRadius: slots.length > 1 ? 0 : 3, tension: .25, cubicInterpolationMode: "monotone",
    });
    const sets = [];
    if (t.up.some(n => n)) sets.push(area("sent", t.up, "upload"));
    if (t.down.some(n => n)) sets.push(area("received", t.down, "download"));
    if (t.retries.some(n => n)) sets.push({
      type: "line", label: "retries", yAxisID: "retries", showLine: false, data: t.retries.map(n => n || null),
      pointStyle: "triangle", pointRadius: 6, pointHoverRadius: 7, borderColor: colour("delete"), backgroundColor: colour("delete"),
    });
    const hasRetries = t.retries.some(n => n);
    return {
      data: { labels: t.up.map((_, i) => clock(i * seconds)), datasets: sets },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: {
          x: { ticks: { maxTicksLimit: 10, maxRotation: 0 }, grid: { display: false } },
          y: { beginAtZero: true, ticks: { callback: n => bytes(n) + "/s", maxTicksLimit: 6 } },
          retries: { display: hasRetries, position: "right", beginAtZero: true, grid: { display: false },
            title: { display: true, text: "retries" }, ticks: { precision: 0, maxTicksLimit: 5 } },
        },
        plugins: { tooltip: { callbacks: {
          label: c => c.dataset.label + ": " + (c.dataset.yAxisID ? counts(c.raw) : bytes(c.raw) + "/s"),
        } } },
      },
    };
  }

  function kinds() {
    return {
      type: "bar",
      data: {
        labels: run.Kinds.map(k => k.name),
        datasets: [
          { label: "done", data: run.Kinds.map(k => k.count), backgroundColor: run.Kinds.map(k => kindColour(k.name)), borderRadius: 3 },
          { label: "failed", data: run.Kinds.map(k => k.failed), backgroundColor: colour("bad"), borderRadius: 3 },
        ],
      },
      options: {
        indexAxis: "y",
        scales: { x: { stacked: true, beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6 } }, y: { stacked: true, grid: { display: false } } },
        plugins: { legend: { display: false } },
      },
    };
  }

  function sizes() {
    return {
      type: "bar",
      data: {
        labels: run.Sizes.map(s => s.label),
        datasets: [{ label: "files", data: run.Sizes.map(s => s.count), backgroundColor: colour("upload"), borderRadius: 3 }],
      },
      options: {
        scales: { x: { grid: { display: false } }, y: { beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6 } } },
        plugins: { legend: { display: false }, tooltip: { callbacks: {
          label: c => counts(c.raw) + " files, " + bytes(run.Sizes[c.dataIndex].bytes),
        } } },
      },
    };
  }

  function folders() {
    const bySize = run.Folders.some(f => f.bytes > 0);
    const tree = run.Folders.map(f => ({
      top: f.path.split("/")[0] || "(in no folder)", path: f.path || "(in no folder)",
      weight: bySize ? f.bytes : f.count, count: f.count, bytes: f.bytes,
    })).filter(f => f.weight > 0);
    const tops = [...new Set(tree.map(f => f.top))];
    const palette = ["upload", "download", "copy", "hide", "folder", "delete"].map(colour);
    const topOf = box => box._data.top ?? box._data.children?.[0]?.top ?? box._data.path.split("/")[0];
    const shade = name => palette[tops.indexOf(name) % palette.length];
    return {
      type: "treemap",
      data: { datasets: [{
        tree, key: "weight", groups: ["top", "path"], spacing: 1, borderWidth: 1, borderColor: colour("card"),
        backgroundColor: c => c.type !== "data" ? "transparent" :
          shade(topOf(c.raw)) + (c.raw.l ? "e6" : "40"),
        captions: { display: true, color: colour("ink"), font: { weight: "bold" } },
        labels: { display: true, overflow: "hidden", color: "#fff",
          formatter: c => c.raw.l ? [c.raw.g.split("/").pop(), bySize ? bytes(c.raw.v) : counts(c.raw.v)] : c.raw.g },
      }] },
      options: { plugins: { legend: { display: false }, tooltip: { callbacks: {
        title: items => items[items.length - 1].raw.g,
        label: c => bySize ? bytes(c.raw.v) : counts(c.raw.v) + " changes",
      } } } },
    };
  }

  const plots = { timeline, kinds, sizes, folders };
  let drawn = [];

  function draw() {
    drawn.forEach(chart => chart.destroy());
    Chart.defaults.color = colour("soft");
    Chart.defaults.borderColor = colour("line");
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = false;
    Chart.defaults.maintainAspectRatio = false;
    drawn = [];
    for (const [id, plot] of Object.entries(plots)) {
      const canvas = document.getElementById(id);
      if (canvas) drawn.push(new Chart(canvas, plot()));
    }
    root.dataset.charts = drawn.length;
  }

  try {
    draw();
  } catch (err) { // the tables hold the numbers
    root.classList.remove("drawn");
    root.dataset.error = err;
    return;
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => { root.classList.add("print"); draw(); });
  addEventListener("afterprint", () => { root.classList.remove("print"); draw(); });
})();
