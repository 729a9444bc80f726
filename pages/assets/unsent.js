// Questions on their way and what is being edited, kept for this tab: a page that loses the portal for
// a moment loads itself anew, and finds them again.
(() => {
  "use strict";

  const { call, chatInAddress, composerInput, editAgain, editedText, putBack, tell, unsent, uploads } =
    window.aiportal;
  const KEY = "aiportal-unsent";
  const SOON_MS = 200;
  const CLOCKS_MS = 60_000; // by which the portal's clock may be behind this one

  let isReady = false;
  let waiting = 0;
  let returning = []; // of the page before: whether they were taken is not known yet

  // ---- where they are kept: what is not to be stored, in the tab's name, which reaches no disk

  const stored = (act) => {
    try {
      return act(sessionStorage);
    } catch {
      return null; // storage is closed or full
    }
  };

  const write = (kept, isSecret) => {
    const text = kept && JSON.stringify(kept);
    if (text && isSecret) window.name = KEY + text;
    else if (window.name.startsWith(KEY)) window.name = "";
    stored((storage) =>
      text && !isSecret ? storage.setItem(KEY, text) : storage.removeItem(KEY),
    );
  };

  const read = () => {
    const named = window.name.startsWith(KEY) ? window.name.slice(KEY.length) : null;
    try {
      return JSON.parse(named ?? stored((storage) => storage.getItem(KEY)));
    } catch {
      return null;
    }
  };

  const keep = () => {
    clearTimeout(waiting);
    waiting = 0;
    const [input, user] = [composerInput(), window.aiportal.username()];
    if (!isReady || !input || !user) return;
    const isTemporary = window.aiportal.asksTemporarily();
    const questions = [...returning, ...unsent()];
    const edited = editedText();
    if (!questions.length && !isTemporary && !edited) {
      write(null);
      return;
    }
    const text = isTemporary ? input.value : ""; // else it is a draft
    const web = window.aiportal.searchesWeb();
    write(
      { user, chat: chatInAddress(), isTemporary, web, text, questions, edited },
      isTemporary || questions.some((one) => one.isTemporary),
    );
  };

  for (const name of ["aiportal:sending", "aiportal:settled"]) document.addEventListener(name, keep);
  // A name that is given while the page goes does not reach the next one.
  for (const name of ["input", "change"]) {
    document.addEventListener(name, () => {
      if (!waiting) waiting = setTimeout(keep, SOON_MS);
    });
  }
  addEventListener("pagehide", keep);

  // ---- the page is open again

  const contents = (messages) =>
    messages.filter((one) => one.role === "user").map((one) => one.content);

  const newestChat = async (since) => {
    const { data } = await call("GET", "/api/v1/conversations?limit=1");
    return data.find((one) => Date.parse(one.created_at) > since - CLOCKS_MS)?.id ?? "";
  };

  // The last `count` questions that a chat was asked, and those that wait in it.
  const asked = async (chat, count) => {
    const id = encodeURIComponent(chat);
    if (chat.startsWith("temp_")) {
      return contents((await call("GET", `/api/v1/temporary-chats/${id}`)).messages).slice(-count);
    }
    const paths = ["messages", "queue"].map((part) => `/api/v1/conversations/${id}/${part}`);
    const [messages, queue] = await Promise.all(paths.map((path) => call("GET", path)));
    return [...contents(messages.data).slice(-count), ...queue.data.map((one) => one.content)];
  };

  // Those that were not taken; a chat that the first of them has made is opened.
  const lost = async (questions) => {
    const [{ chat, isTemporary, isTyped, at }] = questions;
    if (isTyped) return questions;
    try {
      const made = chat || isTemporary ? "" : await newestChat(at);
      if (!chat && !made) return questions;
      const taken = await asked(chat || made, questions.length);
      const left = questions.filter((one) => one.isTyped || !taken.includes(one.text));
      if (made && left.length < questions.length && !chatInAddress()) tell("select", { id: made });
      return left;
    } catch {
      return questions; // better twice than never
    }
  };

  const check = (box, isOn) => {
    if (!box || box.checked === isOn) return;
    box.checked = isOn;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const known = ({ gone, ...question }) => ({
    ...question,
    gone: { ...gone, files: gone.files.map(uploads.known) },
  });

  const giveAll = async () => {
    if (returning.length) putBack((await lost(returning)).map(known));
    returning = [];
    keep();
  };

  const typed = ({ text, chat }) => ({
    text,
    chat,
    isTemporary: true,
    isTyped: true,
    gone: { files: [], only: {} },
  });

  const restore = (kept) => {
    if (kept.chat !== chatInAddress()) {
      if (kept.isTemporary) return; // that chat is gone, and this one may be stored
    } else if (!kept.chat) {
      check(document.querySelector("#temporary-toggle"), kept.isTemporary);
      if (kept.questions.length) check(document.querySelector("#web-toggle"), kept.web);
    }
    if (kept.edited) editAgain(kept.edited);
    returning = kept.questions;
    if (kept.text) returning.push(typed(kept));
  };

  const open = () => {
    const kept = read();
    isReady = true;
    if (kept?.user === window.aiportal.username()) restore(kept);
    giveAll();
  };

  // After what that event has others do with the chips.
  document.addEventListener("aiportal:opened", () => queueMicrotask(open));
})();
