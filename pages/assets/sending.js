// A question on its way to the portal: the box is free for the next one at once, and what is refused
// comes back into it.
(() => {
  "use strict";

  const { chatInAddress, composedState, composerInput, giveBack, takeAway, takeBack } =
    window.aiportal;
  const PATIENCE_MS = 20_000; // a portal that went away in that moment says nothing any more

  let trigger = null;
  let sent = null; // {tell, text, wishes, gone, chat, isTemporary, at}, wishes as text once it has gone
  let next = []; // sent meanwhile: each waits for the one before, which may just make their chat
  let givenUp = []; // given back by patience: the portal may have them nevertheless
  let leaving = null; // what opens another chat: it waits for them all, whose chat is the open one
  let count = 0;
  let patience = 0;
  let here = chatInAddress(); // the address has another one after Back, before that is on the page

  document.addEventListener("aiportal:chat", ({ detail: id }) => {
    here = id;
  });

  const write = (text) => {
    const input = composerInput();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const wishes = () => {
    const { files, only } = composedState();
    return {
      attachments: files.map((one) => one.id),
      model: only.model?.id ?? "",
      picked: document.querySelector("#tab-chat .picker select")?.value ?? "",
      project: only.project?.id ?? "",
      web: window.aiportal.searchesWeb(),
      temporary: window.aiportal.asksTemporarily(),
      tools: window.aiportal.toolsOfChat(),
      number: ++count,
    };
  };

  const go = (question) => {
    sent = { ...question, wishes: JSON.stringify({ ...question.wishes, chat: question.chat }) };
    document.dispatchEvent(new Event("aiportal:sending"));
    patience = setTimeout(() => {
      givenUp.push(sent);
      taken("");
    }, PATIENCE_MS);
    sent.tell(sent.text, sent.wishes);
  };

  // Sends what is in the box. tell: hands it to Python, which calls `taken` when it is done.
  const sendAway = (tell) => {
    const text = composerInput().value.trim();
    if (!text && !composedState().files.length) return;
    const question = {
      tell,
      text,
      wishes: wishes(),
      gone: takeAway(),
      chat: here,
      isTemporary: window.aiportal.asksTemporarily(),
      at: Date.now(),
    };
    write("");
    if (sent === null) go(question);
    else next.push(question);
  };

  const putBack = (questions) => {
    for (const { gone } of [...questions].reverse()) giveBack(gone);
    const texts = questions.map((one) => one.text);
    write([...texts, composerInput().value].filter(Boolean).join("\n\n"));
  };

  // Those that the portal has not taken yet, as they can be written down.
  const unsent = () =>
    [sent, ...next].filter(Boolean).map(({ text, gone, chat, isTemporary, at }) => ({
      text,
      chat,
      isTemporary,
      at,
      gone: { files: gone.files.map(({ id, name, kind, tokens }) => ({ id, name, kind, tokens })), only: gone.only },
    }));

  // It was asked, however late: it goes from the box again if it is still there.
  const takeOut = ({ text, gone }) => {
    const { value } = composerInput();
    if (value === text) write("");
    else if (value.startsWith(`${text}\n\n`)) write(value.slice(text.length + 2));
    else return;
    takeBack(gone);
  };

  const whenSettled = (act) => {
    if (sent === null) act();
    else leaving = act;
  };

  // given: the chat's id and the wishes. Also called where the question was refused: then it is that
  // of an earlier one.
  const taken = (given) => {
    const [chat, wishes] = [given.split(" ", 1)[0], given.slice(given.indexOf(" ") + 1)];
    const late = givenUp.find((one) => one.wishes === wishes);
    if (late) {
      givenUp = givenUp.filter((one) => one !== late);
      takeOut(late);
      return;
    }
    clearTimeout(patience);
    if (sent !== null && wishes !== sent.wishes) putBack([sent, ...next.splice(0)]);
    else if (sent?.chat === "") for (const one of next) one.chat ||= chat;
    sent = null;
    document.dispatchEvent(new Event("aiportal:settled"));
    if (next.length) go(next.shift());
    else if (leaving) {
      const leave = leaving;
      leaving = null;
      leave();
    }
  };

  const take = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation(); // Gradio's own listener would send it as well
    sendAway((text, composed) => trigger?.("input", { text, composed }));
  };

  document.addEventListener(
    "keydown",
    (event) => {
      const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (sends && event.target === composerInput() && !event.defaultPrevented) take(event);
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => event.target.closest("#composer-input .submit-button") && take(event),
    true,
  );

  const newChat = () => document.querySelector(".side .new");
  document.addEventListener(
    "click",
    (event) => {
      if (sent === null || !newChat()?.contains(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      whenSettled(() => newChat()?.click());
    },
    true,
  );

  window.aiportal.connectSending = (given) => {
    trigger = given;
  };
  Object.assign(window.aiportal, { putBack, sendAway, taken, unsent, whenSettled });
})();
