// What came of a run: how it ended, its tables, pictures, text, output and files. All of it comes from
// a stranger and is only ever text here; pictures are those that the portal has looked at.
(() => {
  "use strict";

  const { button, copyAndSay, make, number, t } = window.aiportal;
  const { duration, size, tabs } = window.aiportal.parts;
  const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

  const tableOf = ({ path, columns, rows, row_count: count, column_count: width, numeric }) => {
    const frame = make("div", "pgtable");
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.ariaLabel = path ? t("Table {name}", { name: path }) : t("Table");
    const table = make("table");
    const head = make("tr");
    columns.forEach((name, place) => {
      const cell = make(name ? "th" : "td", numeric[place] ? "num" : "", name);
      if (name) cell.scope = "col";
      head.append(cell);
    });
    const body = make("tbody");
    for (const row of rows) {
      const line = make("tr");
      row.forEach((text, place) => line.append(make("td", numeric[place] ? "num" : "", text)));
      body.append(line);
    }
    const top = make("thead");
    top.append(head);
    table.append(top, body);
    frame.append(table);
    const box = make("div", "pgblock");
    if (path) box.append(make("h3", "mono", path));
    box.append(frame);
    if (width > columns.length) {
      const words = { rows: number(count), columns: number(width) };
      box.append(make("p", "hint", t("{rows} rows and {columns} columns, of which the first are shown.", words)));
    } else if (count > rows.length) {
      const words = { shown: number(rows.length), count: number(count) };
      box.append(make("p", "hint", t("The first {shown} of {count} rows.", words)));
    }
    return box;
  };

  const pictureOf = (source, name) => {
    const image = make("img");
    image.src = source;
    image.alt = name;
    image.dataset.zoom = "";
    const figure = make("figure", "pgpicture");
    figure.append(image, make("figcaption", "hint", name));
    return figure;
  };

  const textOf = (text, name) => {
    const box = make("div", "pgblock");
    const head = make("div", "pghead");
    const copying = button("ib i-copy", "", () => copyAndSay(text, copying));
    copying.ariaLabel = copying.title = t("Copy {name}", { name });
    head.append(make("h3", "", name), copying);
    const words = make("pre", "pgtext", text);
    words.tabIndex = 0;
    words.setAttribute("role", "region");
    words.ariaLabel = name;
    box.append(head, words);
    return box;
  };

  const errorOf = ({ type, message }) => {
    const box = make("div", "err");
    box.append(make("b", "", ERRORS[type] ?? type), make("p", "", message));
    return box;
  };
  const ERRORS = {
    cancelled: t("Cancelled"),
    timeout: t("It took too long"),
    out_of_memory: t("It took too much memory"),
    declined: t("The call was declined"),
    expired: t("Nobody agreed in time"),
    tool_unavailable: t("The tool cannot run"),
  };

  const filesOf = (artifacts) => {
    const list = make("ul", "pgfiles");
    list.ariaLabel = t("Files that it made");
    for (const { name, size: bytes, url } of artifacts) {
      const row = make("li", "i-file");
      const link = make("a", "lnk", t("Download"));
      Object.assign(link, { href: url, download: name });
      link.ariaLabel = t("Download {name}", { name });
      const words = make("span", "what");
      words.append(make("b", "", name), make("span", "hint", size(bytes)));
      row.append(words, link);
      list.append(row);
    }
    return list;
  };

  const together = (...elements) => {
    const box = make("div", "pgstack");
    box.append(...elements);
    return box;
  };

  const STATES = {
    done: [t("Succeeded"), "ok i-check"],
    failed: [t("Failed"), "bad i-close"],
    cancelled: [t("Cancelled"), "i-stop"],
    interrupted: [t("Broken off when the portal ended"), "bad i-close"],
  };

  const statusOf = (run) => {
    const [words, look] = STATES[run.status];
    const line = make("div", `pgstatus ${look}`);
    line.append(make("b", "", words));
    if (run.duration_ms) line.append(make("span", "", duration(run.duration_ms)));
    if (run.truncated) line.append(make("span", "", t("a part of the output is left out")));
    line.append(make("code", "", run.id.slice(-8)));
    return line;
  };

  const partsOf = (run) => {
    const parts = [];
    const { shown } = run;
    const made = run.artifacts.filter(({ mime }) => PICTURES.includes(mime));
    if (shown?.tables.length) parts.push([t("Table"), together(...shown.tables.map(tableOf))]);
    const drawn = (shown?.pictures ?? [])
      .filter(({ mime }) => PICTURES.includes(mime))
      .map(({ path, mime, data }) => pictureOf(`data:${mime};base64,${data}`, path || t("Picture")));
    const pictures = [...(made.length ? [] : drawn), ...made.map(({ name, url }) => pictureOf(url, name))];
    if (pictures.length) parts.push([t("Picture"), together(...pictures)]);
    if (run.status === "done") {
      const name = shown.is_json ? "JSON" : t("Text");
      const box = textOf(shown.text, name);
      if (shown.is_cut) box.append(make("p", "hint", t("Long texts are cut here. The API gives all of it.")));
      parts.push([name, box]);
    }
    if (run.error) parts.unshift([t("Error"), errorOf(run.error)]);
    const streams = [["stdout", run.stdout], ["stderr", run.stderr]].filter(([, text]) => text);
    if (streams.length) {
      parts.push([t("Output"), together(...streams.map(([name, text]) => textOf(text, name)))]);
    }
    return parts;
  };

  // A run that is over.
  window.aiportal.resultOf = (run) => {
    const box = make("div", "pgstack");
    box.append(statusOf(run));
    const parts = partsOf(run);
    const isDull = parts.length && parts[0][0] === "JSON" && run.shown?.text === "null" && run.stdout;
    if (parts.length) box.append(tabs(t("Result"), parts, isDull ? parts.length - 1 : 0));
    if (run.artifacts?.length) box.append(filesOf(run.artifacts));
    return box;
  };
})();
