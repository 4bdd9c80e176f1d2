/* The values of a chart under a pointer, a finger or the arrow keys, in a line below it.
   Without it a pointer shows them as tips, and the numbers stand in the table below each chart. Words are only ever set
   as text. */
(function () {
  "use strict";
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

  function serve(chart, number) {
    const values = Array.from(chart.querySelectorAll("g.says"));
    if (!values.length) return;
    const description = chart.querySelector("desc");
    description.id = "chart-" + number;
    const line = document.createElement("p");
    line.className = "readout";
    line.setAttribute("aria-hidden", "true");  // a reader of the screen hears it as the chart's own value
    chart.after(line);
    let at = values.length - 1;

    function say(next) {
      at = Math.min(values.length - 1, Math.max(0, next));
      line.textContent = values[at].querySelector("title").textContent;
      chart.setAttribute("aria-valuenow", String(at + 1));
      chart.setAttribute("aria-valuetext", line.textContent);
    }

    function show(next) {
      say(next);
      values.forEach((value, n) => value.classList.toggle("is-shown", n === at));
    }

    function underPointer(event) {
      const value = event.target.closest("g.says");
      if (value) show(values.indexOf(value));
    }

    const attributes = {
      role: "slider",
      tabindex: "0",
      "aria-label": chart.querySelector("title").textContent,
      "aria-describedby": description.id,
      "aria-valuemin": "1",
      "aria-valuemax": String(values.length),
    };
    for (const [name, value] of Object.entries(attributes)) chart.setAttribute(name, value);
    say(at);
    chart.addEventListener("pointermove", underPointer);
    chart.addEventListener("pointerdown", underPointer);
    chart.addEventListener("keydown", function (event) {
      if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      // The first key shows where one is.
      show(chart.querySelector(".is-shown") || Math.abs(steps[event.key]) > 1 ? at + steps[event.key] : at);
    });
  }

  document.querySelectorAll("svg.chart").forEach(serve);
})();

/* A filter, an order and a link to each row, for each long table. Words are only ever set as text. */
(function () {
  "use strict";
  const long = 9;
  const said = document.getElementById("table-words");
  if (!said) return;
  const words = said.dataset;
  const language = document.documentElement.lang || "en";
  const thousands = language === "es" ? /\./g : /,/g;
  const { compare } = new Intl.Collator(language, { numeric: true });
  const textOf = (element) => (element ? element.textContent.trim() : "");
  const numberOf = (text) => parseFloat(text.replace(thousands, "").replace(",", "."));

  function make(name, label) {
    const element = document.createElement(name);
    if (label) element.setAttribute("aria-label", label);
    return element;
  }

  // A row with an id shows its link. Another keeps its anchor, or is named after its first cell.
  function linkTo(row) {
    if (row.id) return;
    const name = textOf(row.cells[0]);
    if (!row.querySelector("[id]")) {
      const id = "row-" + name.toLowerCase().replace(/[^\p{L}\p{N}.]+/gu, "-").slice(0, 60);
      let n = 1;
      while (document.getElementById(n > 1 ? id + "-" + n : id)) n += 1;
      row.id = n > 1 ? id + "-" + n : id;
    }
    const link = make("a", words.link + ": " + name);
    link.className = "row-link";
    link.href = "#" + encodeURIComponent(row.id || row.querySelector("[id]").id);
    row.cells[0].prepend(link);
  }

  function serve(table) {
    const rows = Array.from(table.tBodies[0].rows);
    if (rows.length < long) return;
    const texts = rows.map((row) => row.textContent.toLocaleLowerCase(language));
    const filter = make("input", words.filter);
    filter.type = "search";
    filter.placeholder = words.filter;
    const count = make("span");
    count.setAttribute("role", "status");
    filter.addEventListener("input", function () {
      const asked = filter.value.trim().toLocaleLowerCase(language);
      rows.forEach((row, n) => { row.hidden = !texts[n].includes(asked); });
      count.textContent = asked ? rows.filter((row) => !row.hidden).length + " / " + rows.length : "";
    });
    const sort = make("select", words.sort);
    sort.add(new Option(words.sort));
    for (const cell of table.tHead.rows[0].cells) ["↑", "↓"].forEach((way) => sort.add(new Option(textOf(cell) + " " + way)));
    sort.addEventListener("change", function () {
      const [column, way] = [(sort.selectedIndex - 1) >> 1, sort.selectedIndex % 2 ? 1 : -1];
      const keyed = rows.map((row) => ({ row, text: textOf(row.cells[column]) }));
      if (column >= 0) keyed.sort((a, b) => way * (numberOf(a.text) - numberOf(b.text) || compare(a.text, b.text)));
      table.tBodies[0].append(...keyed.map((one) => one.row));
    });
    rows.forEach(linkTo);
    const place = make("div");
    place.className = "find";
    place.append(filter, sort, count);
    (table.closest(".pst-scrollable-table-container") || table).before(place);
  }

  document.querySelectorAll(".bd-article table.cards").forEach(serve);
})();
