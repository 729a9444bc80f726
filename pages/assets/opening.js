// Tabs whose scripts and styles are loaded when they are opened for the first time.
(() => {
  "use strict";

  const { make, t, wordsFor } = window.aiportal;
  const PLAYGROUND = { script: "PLAYGROUND_SCRIPT_URL", sheet: "PLAYGROUND_SHEET_URL" };
  const ADMIN = { script: "ADMIN_SCRIPT_URL", sheet: "ADMIN_SHEET_URL" };

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

  const opener = (files, start) => async (element) => {
    try {
      await load(files);
    } catch {
      element.replaceChildren(wordsFor(new Error(t("The portal cannot be reached. Try again in a moment."))));
      return;
    }
    start(element);
  };

  window.aiportal.openPlayground = opener(PLAYGROUND, (element) => window.aiportal.playground(element));
  window.aiportal.openAdmin = opener(ADMIN, (element) => window.aiportal.admin(element));
})();
