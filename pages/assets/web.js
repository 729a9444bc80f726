// The chip that has the web searched before each answer of a chat.
(() => {
  "use strict";

  const { call, chatInAddress, isTemporary } = window.aiportal;
  const toggle = () => document.querySelector("#web-toggle");

  // A chat that is not stored yet, or never, takes it along with each question.
  document.addEventListener("change", async (event) => {
    const id = chatInAddress();
    if (event.target !== toggle() || !id || isTemporary()) return;
    const isOn = toggle().checked;
    try {
      await call("PATCH", `/api/v1/conversations/${encodeURIComponent(id)}`, { web_search: isOn });
    } catch {
      if (toggle()) toggle().checked = !isOn;
    }
  });

  window.aiportal.searchesWeb = () => toggle()?.checked === true;
})();
