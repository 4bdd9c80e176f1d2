/* A filter, an order and a link to each row, for each long table. Words are only ever set as text. */
(function () {
  "use strict";
  const long = 9;
  const words = document.getElementById("table-words").dataset;
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
