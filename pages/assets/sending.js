// A question on its way to the portal: the box is free for the next one at once, and what is refused
// comes back into it.
(() => {
  "use strict";

  const { chatInAddress, composedState, composerInput, giveBack, takeAway } = window.aiportal;
  const PATIENCE_MS = 20_000; // a portal that went away in that moment says nothing any more

  let trigger = null;
  let sent = null; // {tell, text, wishes, gone, chat, isTemporary, at}
  let next = []; // sent meanwhile: each waits for the one before, which may just make their chat
  let count = 0;
  let patience = 0;

  const write = (text) => {
    const input = composerInput();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const wishes = () => {
    const { files, only } = composedState();
    return JSON.stringify({
      attachments: files.map((one) => one.id),
      model: only.model?.id ?? "",
      project: only.project?.id ?? "",
      web: window.aiportal.searchesWeb(),
      temporary: window.aiportal.asksTemporarily(),
      tools: window.aiportal.toolsOfChat(),
      number: ++count,
    });
  };

  const go = (question) => {
    sent = question;
    document.dispatchEvent(new Event("aiportal:sending"));
    patience = setTimeout(() => taken(""), PATIENCE_MS);
    question.tell(question.text, question.wishes);
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
      chat: chatInAddress(),
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

  // Also called where the question was refused: then `given` is that of an earlier one.
  const taken = (given) => {
    clearTimeout(patience);
    if (sent !== null && given !== sent.wishes) putBack([sent, ...next.splice(0)]);
    sent = null;
    document.dispatchEvent(new Event("aiportal:settled"));
    if (next.length) go(next.shift());
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

  window.aiportal.connectSending = (given) => {
    trigger = given;
  };
  Object.assign(window.aiportal, { putBack, sendAway, taken, unsent });
})();
