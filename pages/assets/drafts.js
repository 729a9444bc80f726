// What is written and not sent, kept for each chat: it outlives a reload, and other chats.
(() => {
  "use strict";

  const { chatInAddress, composedState, composerInput, restoreComposed, username } =
    window.aiportal;
  const MAX_DRAFTS = 40;
  const MAX_CHARS = 200_000; // of one draft: browsers give a page about five million in all
  const SOON_MS = 300;

  let chat = chatInAddress();
  let isReady = false;
  let waiting = 0;
  let isSending = false; // a question is on its way, which may make a chat of the one without a name

  const prefix = () => `aiportal-draft:${username()}:`;

  const stored = (act) => {
    try {
      return act(localStorage);
    } catch {
      return null; // storage is closed or full: then drafts go with the page
    }
  };

  const read = (key) =>
    stored((storage) => JSON.parse(storage.getItem(prefix() + key) ?? "null"));

  const forget = (key) => stored((storage) => storage.removeItem(prefix() + key));

  const prune = (storage) => {
    const mine = Object.keys(storage).filter((key) => key.startsWith(prefix()));
    const at = (key) => JSON.parse(storage.getItem(key) ?? "{}").at ?? 0;
    const oldest = mine.sort((one, other) => at(one) - at(other));
    for (const key of oldest.slice(0, mine.length - MAX_DRAFTS)) storage.removeItem(key);
  };

  const keep = () => {
    clearTimeout(waiting);
    waiting = 0;
    const input = composerInput();
    if (!isReady || !input || !username()) return;
    const { files, lost, only } = composedState();
    const text = input.value.slice(0, MAX_CHARS);
    const isAny = text || files.length || lost.length || only.model || only.project;
    if (window.aiportal.asksTemporarily() || !isAny) {
      forget(chat);
      return;
    }
    stored((storage) => {
      storage.setItem(prefix() + chat, JSON.stringify({ text, files, lost, only, at: Date.now() }));
      prune(storage);
    });
  };

  const keepSoon = () => {
    if (!waiting) waiting = setTimeout(keep, SOON_MS);
  };

  const show = (draft) => {
    const input = composerInput();
    if (!input) return;
    restoreComposed(draft);
    if (input.value === (draft?.text ?? "")) return;
    input.value = draft?.text ?? "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  document.addEventListener("input", (event) => {
    if (event.target === composerInput()) keepSoon();
  });
  document.addEventListener("aiportal:composed", keepSoon);
  addEventListener("pagehide", keep);

  // Another chat is opened: what is in the box belongs to the one before, unless a question was just
  // sent: then it was written for the chat that was made of it.
  document.addEventListener("aiportal:chat", ({ detail: id }) => {
    if (!isReady || id === chat) return;
    if (!isSending) keep();
    chat = id;
    if (isSending) keepSoon();
    else show(read(id));
  });

  document.addEventListener("aiportal:sending", () => {
    clearTimeout(waiting);
    waiting = 0;
    isSending = true;
    forget(chat);
  });

  document.addEventListener("aiportal:settled", () => {
    isSending = false;
    keepSoon(); // what was refused is still there
  });

  document.addEventListener("aiportal:opened", () => {
    chat = chatInAddress();
    isReady = true;
    const draft = read(chat);
    if (draft && composerInput()?.value === "") show(draft);
  });
})();
