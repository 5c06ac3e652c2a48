"use strict";

// Common faults, each with a switch. A switch is on while a rule with its text exists.
const SWITCHES = [
  ["api:maintenance", "The platform is under maintenance"],
  ["api:429", "The rate limit is exceeded"],
  ["api:every=5:503", "Every fifth API request fails with 503"],
  ["storage:get:every=3:cut=1000", "Every third download is cut after 1000 bytes"],
  ["storage:put:every=3:500", "Every third part of an upload fails"],
  ["storage:expired", "Signed URLs have expired"],
  ["any:p=0.05/1:reset", "One request in twenty is reset"],
  ["any:delay=500", "Every request takes half a second longer"],
];
const SHOWN_REQUESTS = 200;

const element = (id) => document.getElementById(id);
let rules = [];
let latest = 0;

async function control(method, path, body) {
  const response = await fetch("/_emulator" + path, { method, body, headers: { "X-Emulator-Control": "1" } });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  return text ? JSON.parse(text) : null;
}

function row(cells, className) {
  const line = document.createElement("tr");
  if (className) line.className = className;
  for (const cell of cells) {
    const data = document.createElement("td");
    if (cell instanceof Node) data.append(cell);
    else data.textContent = cell === null ? "" : String(cell);
    if (typeof cell === "number") data.className = "number";
    line.append(data);
  }
  return line;
}

function fill(id, list, cells) {
  element(id).replaceChildren(...list.items.map((item) => row(cells(item))));
  element(id + "-total").textContent = list.total;
}

function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => act(action));
  return made;
}

function showFaults(items) {
  rules = items;
  element("faults").replaceChildren(
    ...items.map((item) =>
      row([item.rule, item.matched, item.fired, button("Remove", () => control("DELETE", "/faults/" + item.id))])
    )
  );
  for (const box of document.querySelectorAll("#switches input")) {
    box.checked = items.some((item) => item.rule === box.value);
  }
}

function showRequests(items) {
  for (const item of items) {
    latest = Math.max(latest, item.number);
    const failed = item.status === null || item.status >= 400;
    const status = item.status === null ? "no response" : item.status;
    const cells = [item.origin, item.method, item.path, status, Number(item.milliseconds.toFixed(1))];
    element("requests").prepend(row(cells, failed ? "failed" : ""));
  }
  while (element("requests").children.length > SHOWN_REQUESTS) element("requests").lastChild.remove();
}

function show(state) {
  element("now").textContent = state.clock.now;
  element("ahead").textContent = state.clock.ahead_seconds;
  showFaults(state.faults);
  showRequests(state.requests);
  const platform = state.platform;
  fill("projects", platform.projects, (item) => [item.id, item.files, item.folders, item.bytes]);
  fill("files", platform.files, (item) => [item.project, item.name, item.size, item.id]);
  fill("tasks", platform.tasks, (item) => [item.project, item.name, item.status, item.id]);
  fill("uploads", platform.uploads, (item) => [item.project, item.name, item.size, item.parts]);
}

function report(error) {
  element("error").hidden = error === null;
  element("error").textContent = error === null ? "" : error.message;
}

async function refresh() {
  show(await control("GET", "/state?after=" + latest));
}

async function act(action) {
  try {
    await action();
    await refresh();
    report(null);
  } catch (error) {
    report(error);
  }
}

function toggle(box) {
  if (box.checked) return control("POST", "/faults", box.value);
  const present = rules.filter((item) => item.rule === box.value);
  return Promise.all(present.map((item) => control("DELETE", "/faults/" + item.id)));
}

for (const [rule, text] of SWITCHES) {
  const [item, label, box] = ["li", "label", "input"].map((name) => document.createElement(name));
  box.type = "checkbox";
  box.value = rule;
  box.addEventListener("change", () => act(() => toggle(box)));
  label.append(box, " " + text);
  item.append(label);
  element("switches").append(item);
}
for (const made of document.querySelectorAll("[data-advance]")) {
  made.addEventListener("click", () => act(() => control("POST", "/clock", made.dataset.advance)));
}
element("add-fault").addEventListener("submit", (event) => {
  event.preventDefault();
  act(() => control("POST", "/faults", element("rule").value));
});

async function follow() {
  await act(async () => {});
  setTimeout(follow, 1000);
}
follow();
