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
