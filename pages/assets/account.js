// Three sections of the settings: keys, signing in, and all that the portal holds of the user.
(() => {
  "use strict";

  const { button, call, copy, dialog, make, settings, t, username } = window.aiportal;
  const { fail, field, heading, line, select, tell, when } = settings;
  const DAY_MS = 86_400_000;

  // ---- keys

  const askToRevoke = (key, redraw) =>
    dialog(
      t("Revoke this key?"),
      make("p", "", t("Programs that use “{name}” are refused from now on.", { name: key.name })),
      t("Revoke"),
      "danger",
      () => call("DELETE", `/api/auth/keys/${key.id}`).then(redraw, fail),
    );

  const keyLine = (key, redraw) =>
    line(
      make("b", "", key.name),
      [
        `ak_…${key.hint}`,
        key.last_used_at ? t("last used {when}", { when: when(key.last_used_at) }) : t("never used"),
        key.expires_at ? t("ends {when}", { when: when(key.expires_at) }) : t("without an end"),
      ],
      button("btn small danger", t("Revoke"), () => askToRevoke(key, redraw)),
    );

  const keyForm = (redraw) => {
    const form = make("form", "inline");
    const name = make("input");
    Object.assign(name, { required: true, maxLength: 100, placeholder: t("Such as: laptop") });
    const days = select(
      [
        ["30", t("{count} days", { count: 30 })],
        ["90", t("{count} days", { count: 90 })],
        ["365", t("{count} days", { count: 365 })],
        ["", t("without an end")],
      ],
      "90",
    );
    const go = make("button", "btn primary", t("Make a key"));
    form.append(field(t("Name"), name), field(t("Ends after"), days), go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const end = days.value ? new Date(Date.now() + Number(days.value) * DAY_MS) : null;
      call("POST", "/api/auth/keys", { name: name.value, expires_at: end?.toISOString() ?? null })
        .then((made) => redraw(made))
        .catch(fail);
    });
    return form;
  };

  const madeKey = (made) => {
    const box = make("div", "made");
    const code = make("code", "", made.key);
    code.dir = "ltr";
    code.tabIndex = 0;
    const words = t("This is the key “{name}”. It is shown only now: copy it.", { name: made.name });
    box.append(make("p", "", words), code);
    const take = button("btn i-copy", t("Copy"), () => copy(made.key, take));
    box.append(take);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", t("New key"));
    return box;
  };

  settings.keys = async (redraw, made) => {
    const { data } = await call("GET", "/api/auth/keys?limit=500");
    const list = make("ul", "lines");
    for (const key of data) list.append(keyLine(key, redraw));
    if (!data.length) list.append(make("li", "hint", t("There is no key yet.")));
    const note = t("With a key, programs call this portal in your name.");
    return [...(made ? [madeKey(made)] : []), heading(t("API keys"), note), list, keyForm(redraw)];
  };

  // ---- browsers that are signed in

  const BROWSERS = [
    ["Edg/", "Edge"],
    ["OPR/", "Opera"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ];
  const SYSTEMS = [
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["iPad", "iPad"],
    ["Windows", "Windows"],
    ["Mac OS", "macOS"],
    ["Linux", "Linux"],
  ];

  const nameOf = (agent) => {
    const first = (table) => table.find(([part]) => agent.includes(part))?.[1];
    const found = [first(BROWSERS), first(SYSTEMS)].filter(Boolean).join(", ");
    return found || agent.slice(0, 60) || t("A browser that does not say its name");
  };

  const sessionLine = (one, redraw) => {
    const name = make("b", "", nameOf(one.user_agent));
    const facts = [
      t("signed in {when}", { when: when(one.created_at) }),
      t("last used {when}", { when: when(one.last_used_at) }),
    ];
    if (one.is_current) return line(name, facts, make("span", "tag", t("this browser")));
    const end = button("btn small", t("Sign out"), () =>
      call("DELETE", `/api/auth/sessions/${one.id}`).then(() => redraw(), fail),
    );
    return line(name, facts, end);
  };

  const sessions = async (redraw) => {
    const { data } = await call("GET", "/api/auth/sessions");
    const list = make("ul", "lines");
    for (const one of data) list.append(sessionLine(one, redraw));
    const parts = [heading(t("Signed-in browsers")), list];
    if (data.length > 1) {
      const others = button("btn danger", t("Sign out all others"), () =>
        call("DELETE", "/api/auth/sessions?keep_current=true").then(() => redraw(), fail),
      );
      parts.push(others);
    }
    return parts;
  };

  // ---- the password

  const secret = (autocomplete, isRequired) => {
    const input = make("input");
    Object.assign(input, { type: "password", autocomplete, required: isRequired });
    return input;
  };

  const passwordForm = (redraw) => {
    const form = make("form", "fields-down");
    const current = secret("current-password", false);
    const fresh = secret("new-password", true);
    const whose = make("input", "only-sr"); // by which a password manager knows whose it is
    Object.assign(whose, { autocomplete: "username", value: username(), tabIndex: -1, readOnly: true });
    whose.setAttribute("aria-hidden", "true");
    const rules = t("At least 8 characters: upper and lower case, a digit and a symbol.");
    const go = make("button", "btn primary", t("Change the password"));
    const acts = make("div", "acts");
    acts.append(go);
    form.append(
      whose,
      field(t("Current password"), current, t("Leave it empty if there is none yet.")),
      field(t("New password"), fresh, rules),
      acts,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = { current_password: current.value || null, new_password: fresh.value };
      call("POST", "/api/auth/password", body)
        .then(() => redraw())
        .then(() => tell(t("The password is changed. All other browsers are signed out.")))
        .catch(fail);
    });
    return form;
  };

  settings.signIn = async (redraw) => [
    ...(await sessions(redraw)),
    heading(t("Password")),
    passwordForm(redraw),
  ];

  // ---- the user's data

  const askToDelete = (title, words, act) => {
    const input = make("input");
    Object.assign(input, { required: true, autocomplete: "off", spellcheck: false });
    const check = () => {
      const isRight = input.value === username();
      input.setCustomValidity(isRight ? "" : t("Write your user name: {name}", { name: username() }));
    };
    input.addEventListener("input", check);
    check();
    const body = make("div", "fields-down");
    const label = t("To confirm, write your user name: {name}", { name: username() });
    body.append(make("p", "", words), field(label, input));
    dialog(title, body, t("Delete for good"), "danger", () => act().catch(fail));
    input.focus();
  };

  const deleteChats = () =>
    askToDelete(
      t("Delete all chats?"),
      t("All chats, what was shared of them, and all projects go for good. There is no way back."),
      async () => {
        await call("DELETE", `/api/auth/chats?confirm=${encodeURIComponent(username())}`);
        location.assign("/");
      },
    );

  const deleteAccount = () =>
    askToDelete(
      t("Delete your account?"),
      t("The account goes for good, with its chats, projects, keys and settings."),
      async () => {
        await call("DELETE", `/api/auth/me?confirm=${encodeURIComponent(username())}`);
        location.assign("/login");
      },
    );

  settings.data = async () => {
    const file = make("a", "btn i-download", t("Download all my data"));
    Object.assign(file, { href: "/api/auth/export.zip", download: "" });
    const parts = t("A ZIP archive: account, settings, chats, projects and usage, without any secret.");
    return [
      heading(t("Take along"), parts),
      file,
      heading(t("Delete"), t("Rows of usage stay: they say what the portal has spent.")),
      button("btn danger", t("Delete all chats"), deleteChats),
      button("btn danger", t("Delete my account"), deleteAccount),
    ];
  };
})();
