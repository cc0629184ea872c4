"use strict";
(() => {
  const table = document.getElementById("fleet");
  if (table) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const value = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        rows.sort((a, b) => value(a, column).localeCompare(value(b, column), undefined, { numeric: true }) * (down ? -1 : 1));
        body.append(...rows);
      });
    });
    const filter = document.getElementById("filter");
    const status = document.getElementById("filtered");
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      status.textContent = filter.value ? `${shown} of ${rows.length} shown` : "";
    });
    filter.closest(".tools").hidden = false;
  }
  // Print what is folded, unless that would be a book.
  addEventListener("beforeprint", () => {
    const folded = document.querySelectorAll("details");
    if (folded.length <= 2000) for (const part of folded) part.open = true;
  });
})();
