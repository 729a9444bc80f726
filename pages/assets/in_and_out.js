// Chats in and out: the menu of the open chat, sharing it, bringing in a file of chats.
(() => {
  "use strict";

  const { acts, button, call, chatInAddress, isTemporary, make, moment, number } = window.aiportal;
  const { showMenu, t, tell, wordsFor } = window.aiportal;
  const API = "/api/v1";
  const FORMATS = [
    ["html", t("Web page")],
    ["md", "Markdown"],
    ["ipynb", t("Notebook")],
    ["json", t("JSON, all branches")],
  ];
  const ENDS = [["", t("Never")], ["7", t("In 7 days")], ["30", t("In 30 days")]];

  // ---- small parts

  const day = (text) => moment(text, { dateStyle: "long" });

  // A dialog that stays open while it works; `status` is read out when it changes.
  const workDialog = (title, explanation) => {
    const box = make("dialog", "dialog io");
    const heading = make("h2", "", title);
    heading.id = "io-title";
    box.setAttribute("aria-labelledby", heading.id);
    const status = make("div", "io-status");
    status.setAttribute("role", "status");
    const actions = make("div", "acts");
    const close = button("btn", t("Close"), () => box.close());
    actions.append(close);
    box.append(heading, make("p", "", explanation), status, actions);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    return { box, status, actions, close };
  };

  const field = (label, control) => {
    const wrapper = make("label", "field", label);
    wrapper.append(control);
    return wrapper;
  };

  // ---- sharing

  const shareRow = (share, refresh, tellStatus) => {
    const row = make("li", "io-share");
    const when = { made: day(share.created_at), end: share.expires_at && day(share.expires_at) };
    const words = when.end ? t("Made {made}, ends {end}", when) : t("Made {made}, does not end", when);
    const about = make("span", "io-about", words);
    const link = make("a", "io-link mono", share.url.replace(/^https?:\/\//, ""));
    link.href = share.url;
    link.target = "_blank";
    const copy = button("ib i-copy", "", async () => {
      try {
        await navigator.clipboard.writeText(share.url);
        tellStatus(t("The link is copied."));
      } catch {
        tellStatus(t("The browser does not let the page copy. Copy the link by hand."));
      }
    });
    copy.ariaLabel = copy.title = t("Copy the link");
    const revoke = button("ib i-trash", "", async () => {
      try {
        await call("DELETE", `${API}/shares/${encodeURIComponent(share.id)}`);
        tellStatus(t("The link is revoked: nobody can read it any more."));
      } catch (error) {
        tellStatus(error);
      }
      await refresh();
    });
    revoke.ariaLabel = revoke.title = t("Revoke the link");
    const text = make("span", "io-text");
    text.append(link, about);
    row.append(text, copy, revoke);
    return row;
  };

  const openSharing = (chatId) => {
    const path = `/conversations/${encodeURIComponent(chatId)}`;
    const { box, status, actions } = workDialog(
      t("Share this chat"),
      [
        t("Whoever is signed in to this portal and has the link can read the chat as it is now."),
        t("What is said later is not added."),
      ].join(" "),
    );
    const list = make("ul", "io-list");
    const ends = make("select");
    for (const [value, words] of ENDS) ends.append(new Option(words, value));
    const tellStatus = (words) =>
      status.replaceChildren(words instanceof Error ? wordsFor(words) : make("p", "", words));

    const refresh = async () => {
      try {
        const { data } = await call("GET", `${API}${path}/shares`);
        list.replaceChildren(...data.map((share) => shareRow(share, refresh, tellStatus)));
      } catch (error) {
        tellStatus(error);
      }
    };

    const create = button("btn primary", t("Create a link"), async () => {
      create.disabled = true;
      try {
        await call("POST", `${API}${path}/share`, ends.value ? { expires_days: Number(ends.value) } : {});
        await refresh();
        list.querySelector("button")?.focus();
        tellStatus(t("The link is made."));
      } catch (error) {
        tellStatus(error);
      }
      create.disabled = false;
    });

    box.insertBefore(field(t("The link ends"), ends), status);
    box.insertBefore(list, status);
    actions.append(create);
    refresh();
  };

  // ---- bringing in

  const summary = (report) => {
    const parts = [];
    const { imported, already_there: known, refused } = report;
    const count = (many) => ({ count: number(many) });
    if (imported === 1) parts.push(t("1 chat is here now."));
    else if (imported) parts.push(t("{count} chats are here now.", count(imported)));
    if (known === 1) parts.push(t("1 was already there."));
    else if (known) parts.push(t("{count} were already there.", count(known)));
    if (refused === 1) parts.push(t("1 was not taken:"));
    else if (refused) parts.push(t("{count} were not taken:", count(refused)));
    return parts.join(" ");
  };

  const refusals = (report) => {
    const list = make("ul", "io-list io-refused");
    for (const { title, reason, code } of report.skipped) {
      if (code === "already_there") continue;
      const row = make("li");
      row.append(make("b", "", title), make("span", "", reason));
      list.append(row);
    }
    list.tabIndex = 0;
    return list;
  };

  const send = (file, onProgress) =>
    new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      form.append("file", file);
      request.upload.addEventListener("progress", onProgress);
      request.addEventListener("load", () => {
        let answer = null;
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // not ours, such as a proxy's page
        }
        if (request.status === 200) done(answer);
        else failed(new Error(answer?.error?.message ?? t("The portal did not take the file.")));
      });
      request.addEventListener("error", () =>
        failed(
          new Error(
            [
              t("The connection broke off: the portal is away, or the file is too large for it."),
              t("Of an archive with pictures, send the conversations.json alone."),
              t("Nothing comes in twice."),
            ].join(" "),
          ),
        ),
      );
      request.open("POST", `${API}/conversations/import`);
      request.send(form);
    });

  const openImport = () => {
    const { box, status, actions, close } = workDialog(
      t("Import chats"),
      [
        t("A file of this portal, of ChatGPT (the whole ZIP or its conversations.json) or of Open WebUI."),
        t("Chats that you have already do not come twice."),
      ].join(" "),
    );
    const input = make("input");
    input.type = "file";
    input.accept = ".json,.zip,application/json,application/zip";
    const bar = make("progress");
    bar.max = 1;
    bar.ariaLabel = t("Import");

    const show = (report) => {
      status.replaceChildren(make("p", "", summary(report)));
      if (report.refused) status.append(refusals(report));
      tell("select", { id: chatInAddress() }); // the list of chats, as it is now
      if (report.conversations.length !== 1) return;
      const open = button("btn primary", t("Open the chat"), () => {
        box.close();
        tell("select", { id: report.conversations[0].id });
      });
      actions.append(open);
      open.focus();
    };

    const go = button("btn primary", t("Import"), async () => {
      go.disabled = input.disabled = true;
      const words = make("p", "", t("Sending the file…"));
      bar.value = 0;
      status.replaceChildren(words, bar);
      try {
        const report = await send(input.files[0], (event) => {
          if (event.lengthComputable) bar.value = event.loaded / event.total;
          const reading = t("Reading the chats…");
          if (event.loaded < event.total || words.textContent === reading) return;
          words.textContent = reading;
          bar.removeAttribute("value"); // how long it takes is not known
        });
        go.remove();
        show(report);
        close.focus();
      } catch (error) {
        status.replaceChildren(wordsFor(error));
        go.disabled = input.disabled = false;
      }
    });
    go.disabled = true;
    input.addEventListener("change", () => {
      go.disabled = input.files.length === 0;
      status.replaceChildren();
    });
    box.insertBefore(field(t("File"), input), status);
    actions.append(go);
    input.focus();
  };

  // ---- the menu

  const download = (text, path) => {
    const link = make("a", "mi i-download", text);
    link.href = API + path;
    link.download = "";
    return link;
  };

  acts["chat-menu"] = (opener) => {
    const menu = make("div", "menu io-menu");
    menu.popover = "auto";
    const item = (icon, text, act) =>
      button(`mi i-${icon}`, text, () => {
        menu.hidePopover();
        act();
      });
    const chatId = isTemporary() ? "" : chatInAddress();
    if (chatId) {
      const path = `/conversations/${encodeURIComponent(chatId)}/export`;
      menu.append(item("link", t("Share…"), () => openSharing(chatId)));
      menu.append(make("p", "io-group", t("Export this chat")));
      for (const [ending, words] of FORMATS) menu.append(download(words, `${path}.${ending}`));
      menu.append(make("p", "io-group", t("All chats")));
    }
    menu.append(item("upload", t("Import…"), openImport));
    menu.append(download(t("Export all as ZIP"), "/conversations/export.zip"));
    menu.addEventListener("click", (event) => {
      if (event.target.closest("a")) menu.hidePopover();
    });
    showMenu(menu, opener);
  };
})();
