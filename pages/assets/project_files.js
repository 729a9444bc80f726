// The files of a project, as a part of the dialog with its settings. They are uploaded at once, and
// are the project's when the dialog is saved.
(() => {
  "use strict";

  const { button, call, make, number, t, uploads } = window.aiportal;
  const MAX_FILES = 20;

  class ProjectFiles {
    // projectId: "" for a project that is being made.
    constructor(projectId) {
      this.files = [];
      this.isKnown = !projectId;
      this.element = make("div", "pfiles");
      this.element.setAttribute("role", "group");
      this.element.ariaLabel = t("Files");
      this.list = make("ul");
      this.hint = make("p", "hint");
      this.status = make("p", "only-sr");
      this.status.setAttribute("role", "status");
      this.add = button("btn i-clip", t("Add files"), () =>
        uploads.choose((given) => this.attach(given)),
      );
      const head = make("div", "phead");
      head.append(make("span", "", t("Files")), this.add);
      this.element.append(head, this.list, this.hint, this.status);
      this.draw();
      if (projectId) this.read(projectId);
    }

    async read(projectId) {
      try {
        const { data } = await call("GET", `/api/v1/projects/${encodeURIComponent(projectId)}/files`);
        this.files = data.map(uploads.known);
        this.isKnown = true;
      } catch (error) {
        this.say(error.message, true);
      }
      this.draw();
    }

    // Those to save, null where nothing is to change.
    ids() {
      if (!this.isKnown) return null;
      return this.files.filter((one) => one.state === "ready").map((one) => one.id);
    }

    // Whether all is there; else it is said why not.
    isReady() {
      const going = this.files.find((one) => one.state === "uploading");
      if (going) this.say(t("{name} is still on its way. Save when it is there.", { name: going.name }), true);
      return !going;
    }

    // Takes what is dropped on the dialog, and ends with it.
    connect(box) {
      const over = (isOver) => this.element.classList.toggle("dropping", isOver);
      box.addEventListener("dragover", (event) => over(uploads.holdsFiles(event)));
      box.addEventListener("dragleave", (event) => {
        if (!box.contains(event.relatedTarget)) over(false);
      });
      box.addEventListener("drop", (event) => {
        if (!uploads.holdsFiles(event)) return;
        event.preventDefault();
        over(false);
        this.attach(event.dataTransfer.files);
      });
      box.addEventListener("close", () => this.files.forEach((one) => one.request?.abort()));
    }

    attach(given) {
      if (!this.isKnown) return;
      const room = MAX_FILES - this.files.length;
      for (const data of [...given].slice(0, room)) {
        const file = uploads.fresh(data);
        this.files.push(file);
        uploads.upload(file, data, (one) => this.told(one));
      }
      if (given.length > room) {
        this.say(t("A project takes at most {count} files.", { count: number(MAX_FILES) }), true);
      }
      this.draw();
    }

    told(file) {
      const { name, error: reason } = file;
      if (file.state === "ready") {
        this.say(t("{name} is attached, {tokens}.", { name, tokens: uploads.tokens(file.tokens) }));
      }
      if (file.state === "failed") this.say(t("{name} is not attached: {reason}", { name, reason }));
      this.draw();
    }

    takeAway(file) {
      file.request?.abort();
      this.files = this.files.filter((one) => one !== file);
      this.say(t("{name} is removed.", { name: file.name }));
      this.draw();
      this.add.focus();
    }

    say(words, isSeen = false) {
      this.status.className = isSeen ? "sstatus bad" : "only-sr";
      this.status.textContent = words;
    }

    draw() {
      this.list.replaceChildren(
        ...this.files.map((file) => uploads.fileChip(file, () => this.takeAway(file))),
      );
      this.add.disabled = !this.isKnown;
      const sum = this.files.reduce((all, one) => all + (one.tokens ?? 0), 0);
      this.hint.textContent = sum
        ? t("{tokens} in all, sent with each question in this project.", { tokens: uploads.tokens(sum) })
        : t("What is in them is sent with each question in this project. Drop them here, too.");
    }
  }

  window.aiportal.projectFiles = (projectId) => new ProjectFiles(projectId);
})();
