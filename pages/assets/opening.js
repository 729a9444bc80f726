// Tabs whose scripts and styles are loaded when they are opened for the first time.
(() => {
  "use strict";

  const { make, t, wordsFor } = window.aiportal;
  const PLAYGROUND = { script: "PLAYGROUND_SCRIPT_URL", sheet: "PLAYGROUND_SHEET_URL" };

  const loaded = (element) =>
    new Promise((done, failed) => {
      element.addEventListener("load", done);
      element.addEventListener("error", failed);
      document.head.append(element);
    });

  const load = ({ script, sheet }) => {
    const style = make("link");
    Object.assign(style, { rel: "stylesheet", href: sheet });
    const program = make("script");
    program.src = script;
    return Promise.all([loaded(style), loaded(program)]);
  };

  window.aiportal.openPlayground = async (element) => {
    try {
      await load(PLAYGROUND);
    } catch {
      element.replaceChildren(wordsFor(new Error(t("The portal cannot be reached. Try again in a moment."))));
      return;
    }
    window.aiportal.playground(element);
  };
})();
