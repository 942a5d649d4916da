// Bianzhi in the browser. Pages are complete without it for reading; nothing here decides anything.
//
// Attributes that templates use:
//   select[data-search-url]            search-as-you-type; GET url?q=…&limit=20 → {"results": [{"value", "text", "note"}]}
//     data-search-with="unit_id kind"  values of these other fields are sent along, and a change of them clears the choice
//   data-dismiss                       closes the alert it is in
//   data-confirm="title"               asks first; data-consequences='["…"]' are listed, data-confirm-ok names the button
//   data-insert-into="#id" data-text   puts an opinion template into a text field
//   data-check-all="name"              ticks all boxes of that name in the same form
//   data-autosubmit                    sends its form on change
//   data-guard                         a form that is sent only while the session stands; else a dialog says what to do
//   data-print                         prints the page
//   data-operator-for="name"           (lists of dictionaries) its value becomes the middle part of the field's name
(() => {
  "use strict";

  const LIMIT = 20;
  const WAIT_MS = 200;
  const say = (key) => document.body.dataset[key] || "";

  function announce(text) {
    const live = document.getElementById("bz-live");
    if (!live) return;
    live.textContent = text;
    window.clearTimeout(announce.timer);
    announce.timer = window.setTimeout(() => { live.textContent = ""; }, 6000);
  }

  // search-as-you-type -------------------------------------------------------
  function companions(select) {
    const names = (select.dataset.searchWith || "").split(/\s+/).filter(Boolean);
    return names.map((name) => select.form && select.form.elements[name]).filter(Boolean);
  }

  function searchAddress(select, query) {
    const address = new URL(select.dataset.searchUrl, window.location.href);
    if (address.origin !== window.location.origin) return null;
    // A short list of protected rows is filtered here: what is typed goes into no address.
    address.searchParams.set("q", select.dataset.searchLocal ? "" : query);
    address.searchParams.set("limit", String(LIMIT));
    for (const other of companions(select)) address.searchParams.set(other.name, other.value);
    return address;
  }

  async function findOptions(select, query) {
    const address = searchAddress(select, query);
    if (!address) return [];
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).results || [];
  }

  function optionHtml(option, escape) {
    const note = option.note ? `<span class="bz-note">${escape(option.note)}</span>` : "";
    return `<div>${escape(option.text)}${note}</div>`;
  }

  function makeSearchSelect(select) {
    if (select.tomselect || !window.TomSelect) return;
    const remote = Boolean(select.dataset.searchUrl);
    const settings = {
      valueField: "value",
      labelField: "text",
      searchField: remote && !select.dataset.searchLocal ? [] : ["text"],
      maxOptions: remote ? LIMIT : 500,
      placeholder: select.dataset.placeholder || say("msgSearch"),
      render: {
        option: optionHtml,
        no_results: () => `<div class="no-results">${say("msgNothing")}</div>`,
        loading: () => `<div class="no-results">${say("msgLoading")}</div>`,
      },
    };
    if (remote) {
      Object.assign(settings, {
        loadThrottle: WAIT_MS,
        preload: select.dataset.searchPreload ? "focus" : false,
        shouldLoad: (query) => query.length > 0 || Boolean(select.dataset.searchPreload),
        score: () => () => 1,
        load(query, done) {
          // Answers may come out of order: only the latest question's fills the list.
          const asked = (this.lastAsked = (this.lastAsked || 0) + 1);
          this.clearOptions();
          findOptions(select, query).then(
            (found) => {
              const stale = asked !== this.lastAsked || query.trim() !== this.control_input.value.trim();
              done(stale ? [] : found);
              if (stale && this.items.length) this.close();  // an answer after the choice opens nothing again
            },
            () => { announce(say("msgFailed")); done(); },
          );
        },
      });
    }
    // The widget takes the label for itself; the hidden field keeps its name.
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (label) select.setAttribute("aria-label", label.textContent.replace("*", "").trim());
    const widget = new window.TomSelect(select, settings);
    widget.on("item_add", () => { widget.lastAsked = (widget.lastAsked || 0) + 1; });
    labelWidget(select, widget);
    for (const other of companions(select)) {
      other.addEventListener("change", () => { widget.clear(); widget.clearOptions(); });
    }
  }

  function labelWidget(select, widget) {
    const input = widget.control_input;
    for (const name of ["aria-describedby", "aria-invalid", "aria-required"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
  }

  // consequences before a destructive step -----------------------------------
  function confirmDialog(asker, proceed) {
    const dialog = document.getElementById("bz-confirm");
    const list = dialog.querySelector("ul");
    dialog.querySelector("h2").textContent = asker.dataset.confirm;
    list.replaceChildren(...JSON.parse(asker.dataset.consequences || "[]").map((text) => {
      const entry = document.createElement("li");
      entry.textContent = text;
      return entry;
    }));
    list.hidden = !list.children.length;
    const ok = dialog.querySelector("[value=ok]");
    ok.textContent = asker.dataset.confirmOk || ok.dataset.default;
    dialog.returnValue = "";
    dialog.onclose = () => { if (dialog.returnValue === "ok") proceed(); };
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const asker = button && button.dataset.confirm ? button : form;
    if (!asker.dataset.confirm || form.dataset.confirmed || form.dataset.guarded) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    confirmDialog(asker, () => {
      form.dataset.confirmed = "yes";
      form.requestSubmit(button || undefined);
      delete form.dataset.confirmed;
    });
  }, true);

  // a session that has ended must not swallow what was typed -------------------
  // Before a guarded form leaves, the server is asked whether the session still stands; the answer brings the token
  // that fits it, so a form that waited while its reader signed in again in another window is sent as it is.
  async function freshToken() {
    const answer = await fetch("/case/token", { credentials: "same-origin", redirect: "manual" });
    if (answer.type === "opaqueredirect") return null;
    if (!answer.ok) throw new Error(String(answer.status));
    const { token } = await answer.json();
    document.querySelector('meta[name="csrf-token"]').content = token;
    for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
    return token;
  }

  function sessionEnded() {
    const dialog = document.getElementById("bz-ended");
    if (dialog && !dialog.open) dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!("guard" in form.dataset) || form.dataset.guarded || form.dataset.sent) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.asking) return;
    form.dataset.asking = "yes";
    freshToken().then((token) => {
      delete form.dataset.asking;
      if (!token) { sessionEnded(); return; }
      form.dataset.guarded = "yes";
      form.requestSubmit(button || undefined);
      delete form.dataset.guarded;
    }, () => { delete form.dataset.asking; announce(say("msgFailed")); });
  }, true);

  window.addEventListener("focus", () => {
    const dialog = document.getElementById("bz-ended");
    if (dialog && dialog.open) freshToken().then((token) => { if (token) dialog.close(); }, () => {});
  });

  // one click sends once -----------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.dataset.many) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // clicks -------------------------------------------------------------------
  function insertText(button) {
    const field = document.querySelector(button.dataset.insertInto);
    field.value = field.value.trim() ? `${field.value.trimEnd()}\n${button.dataset.text}` : button.dataset.text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-dismiss], [data-insert-into], [data-print]");
    if (target && "dismiss" in target.dataset) target.closest(".bz-alert").remove();
    else if (target && target.dataset.insertInto) insertText(target);
    else if (target) window.print();
    for (const open of document.querySelectorAll("details.bz-drop[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.dataset.checkAll) {
      const boxes = document.querySelectorAll(`input[type=checkbox][name="${field.dataset.checkAll}"]:not(:disabled)`);
      for (const box of boxes) box.checked = field.checked;
    }
    if (field.dataset.operatorFor) renameFilter(field);
    if ("autosubmit" in field.dataset) field.form.requestSubmit();
  });

  function renameFilter(operator) {
    const field = document.getElementById(operator.dataset.target);
    if (field) field.name = `_flt_${operator.value}_${operator.dataset.operatorFor}`;
  }

  // empty filters stay out of the address
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) {
      if (field.name && !field.value && !field.disabled) {
        field.disabled = true;
        window.setTimeout(() => { field.disabled = false; }, 0);
      }
    }
  });

  // keys ---------------------------------------------------------------------
  const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details.bz-drop[open]")) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const box = document.getElementById("bz-search");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // htmx ---------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL || window.location.href).pathname.startsWith("/login")) return;
    event.detail.shouldSwap = false;
    sessionEnded();
  });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => announce(say("msgFailed")));
  }
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));

  // A form that has become a draft stands under the draft's address: going back or reloading finds what was typed.
  function addressOfDraft() {
    const draft = document.querySelector("#draft-id[data-address]");
    if (draft && draft.dataset.address !== window.location.pathname) history.replaceState(null, "", draft.dataset.address);
  }
  document.addEventListener("htmx:afterSettle", addressOfDraft);

  function prepare(part) {
    for (const select of part.querySelectorAll("select[data-search-url], select.my_select2")) makeSearchSelect(select);
    for (const operator of part.querySelectorAll("[data-operator-for]")) renameFilter(operator);
  }

  prepare(document);
  addressOfDraft();
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();
})();
