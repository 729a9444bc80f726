// Mermaid diagrams in answers. The library comes from this portal, once there is a diagram to draw.
// What it draws is shown as an image: nothing in an image can run, load or be clicked.
(() => {
  "use strict";

  const { button, keepingEnd, make, mends, number, saveFile, t } = window.aiportal;
  const LIBRARY = "DIAGRAM_LIBRARY_URL"; // written by static.py; "" where there is none
  // A shape's picture. What escapes this is stopped by the page's policy, but leaves an error there.
  const PICTURE = /@\{[^}]*(?:\bimg\b|\\)/i;
  const MAX_CHARS = 10_000;
  const MAX_KEPT = 50;
  const MAX_REASON_CHARS = 300;

  // What a diagram may not say about itself.
  const SECURE = [
    ..."secure securityLevel startOnLoad maxTextSize maxEdges suppressErrorRendering".split(" "),
    ..."theme themeCSS themeVariables fontFamily altFontFamily htmlLabels flowchart".split(" "),
    ..."dompurifyConfig forceLegacyMathML legacyMathML logLevel layout".split(" "),
  ];

  const kept = new Map(); // source and mode → { svg, url }, the oldest first
  let library = null;
  let queue = Promise.resolve();
  let drawings = 0;

  const mode = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "neutral");

  const load = async () => {
    library ??= import(LIBRARY).then((module) => module.default);
    try {
      return await library;
    } catch (error) {
      library = null; // the next diagram tries again
      throw error;
    }
  };

  // An SVG that is opened as a file runs what is in it: nothing that could stays.
  const harmless = (svg) => {
    const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    if (root.nodeName !== "svg") throw new Error(t("What was drawn is no image."));
    for (const one of root.querySelectorAll("script, foreignObject, iframe, image, use, animate, set")) {
      one.remove();
    }
    for (const one of [root, ...root.querySelectorAll("*")]) {
      for (const { name, value } of [...one.attributes]) {
        const isLink = /href$/i.test(name) && !value.startsWith("#");
        if (isLink || /^on/i.test(name)) one.removeAttribute(name);
      }
    }
    const [, , width, height] = (root.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
    if (width > 0 && height > 0) {
      root.setAttribute("width", Math.ceil(width));
      root.setAttribute("height", Math.ceil(height));
    }
    root.removeAttribute("style");
    return new XMLSerializer().serializeToString(root);
  };

  const draw = async (source, theme) => {
    const key = `${theme} ${source}`;
    if (kept.has(key)) return kept.get(key);
    if (source.length > MAX_CHARS) {
      throw new Error(
        t("It has {count} characters; diagrams have at most {most}.", {
          count: number(source.length),
          most: number(MAX_CHARS),
        }),
      );
    }
    if (PICTURE.test(source)) throw new Error(t("It asks for a picture, and none are loaded."));
    const mermaid = await load();
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      suppressErrorRendering: true,
      theme,
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      maxTextSize: MAX_CHARS,
      maxEdges: 300,
      secure: SECURE,
    });
    await mermaid.parse(source);
    const place = make("div", "drawing-place"); // it measures what it draws, so it must be in the page
    place.inert = true;
    document.body.append(place);
    try {
      const { svg } = await mermaid.render(`drawing-${++drawings}`, source, place);
      const drawn = { svg: harmless(svg), url: "" };
      drawn.url = URL.createObjectURL(new Blob([drawn.svg], { type: "image/svg+xml" }));
      kept.set(key, drawn);
    } finally {
      place.remove();
    }
    if (kept.size > MAX_KEPT) {
      const [oldest, { url }] = kept.entries().next().value;
      kept.delete(oldest);
      URL.revokeObjectURL(url);
    }
    return kept.get(key);
  };

  const show = async (block, drawn) => {
    const head = block.querySelector(".chead");
    const holder = make("div", "drawing");
    const image = make("img", "drawing");
    image.src = drawn.url;
    image.alt = t("Diagram");
    image.dataset.zoom = "";
    await image.decode(); // it has its size from now on
    holder.append(image);
    const save = button("ib i-download", "", () =>
      saveFile("diagram.svg", "image/svg+xml", drawn.svg),
    );
    save.title = save.ariaLabel = t("Download the diagram as SVG");
    const toggle = button("lnk", t("Source"), () => {
      const isDrawn = block.classList.toggle("drawn");
      holder.hidden = !isDrawn;
      save.hidden = !isDrawn;
      sourceSave.hidden = isDrawn;
      toggle.textContent = isDrawn ? t("Source") : t("Diagram");
    });
    const sourceSave = head.querySelector(".act-save-code");
    sourceSave.hidden = true;
    if (!block.isConnected) return;
    keepingEnd(() => {
      head.querySelector(".lang").after(toggle, save);
      head.after(holder);
      block.classList.add("drawn");
    });
  };

  const explain = (block, error) => {
    const reason = String(error?.message ?? error).split("\n").slice(0, 2).join(" ");
    const why = { reason: reason.slice(0, MAX_REASON_CHARS) };
    const words = make("p", "why", t("The diagram cannot be drawn: {reason}", why));
    words.setAttribute("role", "status");
    block.querySelector(".chead").after(words);
  };

  const drawIn = async (block, theme) => {
    try {
      const drawn = await draw(block.querySelector("pre").textContent.trim(), theme);
      if (!block.isConnected) return;
      const image = block.querySelector("img.drawing");
      if (image) {
        image.src = drawn.url;
        return;
      }
      await show(block, drawn);
    } catch (error) {
      if (block.isConnected && !block.querySelector(".why, .drawing")) explain(block, error);
    }
  };

  // Only what is whole is drawn: below an answer that is being written there is no footer yet.
  const isWhole = (block) => {
    const column = block.closest(".cmp-col");
    if (column) return !column.classList.contains("live");
    return Boolean(block.closest(".message-content")?.querySelector(".mfoot"));
  };

  mends.push(() => {
    if (!LIBRARY) return;
    const theme = mode();
    for (const block of document.querySelectorAll("#chat-log .code.diagram")) {
      if (block.dataset.mode === theme) continue;
      if (!isWhole(block)) continue;
      block.dataset.mode = theme;
      queue = queue.then(() => drawIn(block, theme));
    }
  });
})();
