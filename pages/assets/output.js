// What can be done with what is in answers: blocks of code, tables, images.
(() => {
  "use strict";

  const { acts, button, copy, make, mends, t } = window.aiportal;

  // ---- said aloud by screen readers

  const speaker = make("div", "only-sr");
  speaker.setAttribute("role", "status");
  const say = (words) => {
    if (!speaker.isConnected) document.body.append(speaker);
    speaker.textContent = "";
    requestAnimationFrame(() => (speaker.textContent = words));
  };

  const copyAndSay = async (text, from) => {
    await copy(text, from);
    if (from.classList.contains("copied")) say(t("Copied."));
  };

  const saveFile = (name, type, text) => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // ---- code

  const codeOf = (pressed) => pressed.closest(".code").querySelector("pre").textContent;

  // ---- tables: RFC 4180, a formula as it was written

  const cellText = (cell) => {
    const copied = cell.cloneNode(true);
    withTex(copied);
    for (const one of copied.querySelectorAll("br")) one.replaceWith("\n");
    return copied.textContent.trim();
  };

  const csvField = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  const csvOf = (table) =>
    [...table.rows]
      .map((row) => `${[...row.cells].map((cell) => csvField(cellText(cell))).join(",")}\r\n`)
      .join("");

  // ---- a whole message, as it reads: without what our own buttons say, formulas as TeX

  const withTex = (root) => {
    for (const one of root.querySelectorAll(".formula")) {
      const mark = one.classList.contains("display") ? "$$" : "$";
      one.replaceWith(`${mark}${one.title}${mark}`);
    }
  };

  const textOf = (message) => {
    const read = message.cloneNode(true);
    withTex(read);
    for (const one of read.querySelectorAll(".chead, .drawing, .why, .act-copy-csv")) one.remove();
    for (const one of read.querySelectorAll(".drawn")) one.classList.remove("drawn");
    read.classList.add("offstage"); // in the page, where line breaks are known
    read.inert = true;
    document.body.append(read);
    const text = read.innerText;
    read.remove();
    return text;
  };

  // All of an answer's text, without thoughts and what tools were asked and gave.
  const saidIn = (message) =>
    [...message.querySelectorAll("div.md:not(.think .md, .tool .md, .runout .md)")].map(textOf).join("\n\n");

  // ---- images that can be enlarged: any `img[data-zoom]`

  const openZoom = (image) => {
    const box = make("dialog", "dialog zoomed");
    const words = image.alt || t("Image");
    box.setAttribute("aria-label", words);
    const view = make("div", "zview");
    const large = make("img", image.classList.contains("drawing") ? "drawing" : "");
    large.src = image.currentSrc || image.src;
    large.alt = image.alt;
    view.tabIndex = 0;
    view.setAttribute("role", "group");
    view.setAttribute("aria-label", words);
    view.append(large);
    const size = button("btn", t("Actual size"), () => {
      const isFull = view.classList.toggle("full");
      size.setAttribute("aria-pressed", String(isFull));
    });
    size.setAttribute("aria-pressed", "false");
    const close = button("btn", t("Close"), () => box.close());
    const tools = make("div", "ztools");
    tools.append(make("p", "", image.alt), size, close);
    box.append(tools, view);
    box.addEventListener("click", (event) => {
      if (event.target === box) box.close(); // beside the image
    });
    box.addEventListener("close", () => {
      box.remove();
      image.focus({ preventScroll: true });
    });
    document.body.append(box);
    box.showModal();
    close.focus();
  };

  document.addEventListener("click", (event) => {
    const image = event.target.closest?.("img[data-zoom]");
    if (image) openZoom(image);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (!event.target.matches?.("img[data-zoom]")) return;
    event.preventDefault();
    openZoom(event.target);
  });

  mends.push(() => {
    for (const one of document.querySelectorAll(".md img.shot:not([data-zoom])")) {
      one.dataset.zoom = "";
    }
    for (const one of document.querySelectorAll('img[data-zoom]:not([role="button"])')) {
      one.setAttribute("role", "button");
      one.tabIndex = 0;
      one.ariaLabel = t("Enlarge the image: {name}", { name: one.alt || t("no description") });
    }
    for (const one of document.querySelectorAll(".md .formula.display")) {
      if (one.tabIndex < 0 && one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    }
  });

  Object.assign(acts, {
    copy: (pressed) =>
      copyAndSay(saidIn(pressed.closest(".message-content")), pressed),
    "copy-code": (pressed) => copyAndSay(codeOf(pressed), pressed),
    "copy-csv": (pressed) =>
      copyAndSay(csvOf(pressed.closest(".tblock").querySelector("table")), pressed),
    "save-code": (pressed) =>
      saveFile(`snippet.${pressed.value}`, "text/plain;charset=utf-8", codeOf(pressed)),
  });
  Object.assign(window.aiportal, { copyAndSay, openZoom, saveFile, say });
})();
