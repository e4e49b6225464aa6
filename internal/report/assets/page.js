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

  // step is the distance of marks on an axis of time: about eight of them, at
  // times that people count in.
  const step = seconds => [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].find(s => seconds / s <= 8) || 86400;

  function timeline() {
    const t = run.Timeline, seconds = t.width / 1e9, end = Math.max(t.up.length, 2) * seconds;
    const points = (slots, of) => slots.map((n, i) => ({ x: (i + .5) * seconds, y: of(n) }));
    const area = (label, slots, name) => ({
      type: "line", label, data: points(slots, n => n / seconds), borderColor: colour(name), backgroundColor: colour(name) + "33",
      fill: true, borderWidth: 2, pointRadius: slots.length > 1 ? 0 : 3, cubicInterpolationMode: "monotone", order: 2,
    });
    const sets = [], most = Math.max(...t.retries);
    if (t.up.some(n => n)) sets.push(area("sent", t.up, "upload"));
    if (t.down.some(n => n)) sets.push(area("received", t.down, "download"));
    if (most > 0) sets.push({
      type: "bar", label: "retries", yAxisID: "retries", data: points(t.retries, n => n), order: 1,
      backgroundColor: colour("delete"), grouped: false, barThickness: 4,
    });
    return {
      data: { datasets: sets },
      options: {
        interaction: { mode: "x", intersect: false },
        scales: {
          x: { type: "linear", offset: false, min: 0, max: end, grid: { display: false },
            ticks: { stepSize: step(end), callback: clock, maxRotation: 0, includeBounds: false } },
          y: { beginAtZero: true, ticks: { callback: n => bytes(n) + "/s", maxTicksLimit: 6 } },
          retries: { display: most > 0, position: "right", beginAtZero: true, max: Math.max(4, 4 * most), grid: { display: false },
            title: { display: true, text: "retries", align: "start" },
            ticks: { callback: n => n <= most && Number.isInteger(n) ? counts(n) : "", stepSize: Math.max(1, Math.ceil(most / 2)) } },
        },
        plugins: {
          legend: { labels: { usePointStyle: true, pointStyle: "rectRounded", boxHeight: 7 } },
          tooltip: { callbacks: {
            title: items => items.length ? clock(Math.floor(items[0].parsed.x / seconds) * seconds) : "",
            label: c => c.dataset.label + ": " + (c.dataset.yAxisID === "retries" ? counts(c.parsed.y) : bytes(c.parsed.y) + "/s"),
          } },
        },
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
    const used = run.Sizes.map(s => s.count > 0), bands = run.Sizes.slice(used.indexOf(true), used.lastIndexOf(true) + 1);
    return {
      type: "bar",
      data: {
        labels: bands.map(s => s.label),
        datasets: [{ label: "files", data: bands.map(s => s.count), backgroundColor: colour("upload"), borderRadius: 3, maxBarThickness: 64 }],
      },
      options: {
        scales: {
          x: { grid: { display: false }, ticks: { autoSkip: false, maxRotation: 0 } },
          y: { beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6 } },
        },
        plugins: { legend: { display: false }, tooltip: { callbacks: {
          label: c => counts(c.raw) + " files, " + bytes(bands[c.dataIndex].bytes),
        } } },
      },
    };
  }

  function folders() {
    const others = "other folders";
    const bySize = run.Folders.some(f => f.bytes > 0), amount = n => bySize ? bytes(n) : counts(n) + (n === 1 ? " change" : " changes");
    const all = run.Folders.filter(f => (bySize ? f.bytes : f.count) > 0).map(f => {
      const slash = f.path.indexOf("/"), top = slash < 0 ? f.path : f.path.slice(0, slash);
      return {
        top: f.rest ? others : top || "(in no folder)",
        below: f.rest ? "" : f.path.slice(top.length + 1), // what stands in the box
        path: f.path || "(in no folder)", weight: bySize ? f.bytes : f.count, count: f.count, bytes: f.bytes,
      };
    });
    const tops = [...new Set(all.map(f => f.top))];
    const palette = ["upload", "download", "copy", "hide"].map(colour);
    const shade = top => top === others ? colour("folder") : palette[tops.indexOf(top) % palette.length];
    const folder = raw => raw._data.children ? raw._data.children[0] : raw._data; // of a box, or the first of a group
    return {
      type: "treemap",
      data: { datasets: [{
        tree: all, key: "weight", groups: ["top", "path"], spacing: 1, borderWidth: 1, borderColor: colour("card"),
        backgroundColor: c => c.type !== "data" ? "transparent" : shade(folder(c.raw).top) + (c.raw.l ? "e6" : "40"),
        captions: { display: true, color: colour("ink"), font: { weight: "bold" }, formatter: c => c.raw._data.top },
        labels: { display: true, overflow: "hidden", color: colour("card"),
          formatter: c => c.raw.l ? [folder(c.raw).below, amount(c.raw.v)].filter(line => line) : "" },
      }] },
      options: { plugins: { legend: { display: false }, tooltip: { displayColors: false, callbacks: {
        title: items => { const f = items[items.length - 1].raw; return f.l ? folder(f).path : folder(f).top; },
        label: c => amount(c.raw.v),
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
