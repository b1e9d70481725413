// The embedded calendar: a month, a day, a form. What is chosen is held at once; "Back" and leaving the page let it go. Old
// content stays until new content is here. What others do arrives by itself. Next: api.js, month.js.

import * as api from "./api.js";
import { after, blanks, dateOf, firstOf, midnight, name, weekdays } from "./month.js";

const $ = (id) => document.getElementById(id);
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** The button of a date or a start: the one that is there, so that nothing moves under a finger, else a new one. */
function the(within, key, value, fresh, properties) {
  const known = [...within.querySelectorAll("button")].find((button) => button.dataset[key] === value);
  const button = known ?? make("button", { type: "button", ...fresh() });
  button.dataset[key] = value;
  return Object.assign(button, properties);
}

/** Shows these, and touches nothing where they are there already. */
function place(within, elements) {
  const blank = (one) => one.tagName === "SPAN";
  const alike = within.children.length === elements.length
    && elements.every((one, at) => within.children[at] === one || (blank(one) && blank(within.children[at])));
  if (!alike) within.replaceChildren(...elements);
}

const state = { first: firstOf(new Date()), day: null, length: null, held: null, key: null, beat: 0 };
// How often each was asked for: an answer that a later one has overtaken is not shown.
const asked = { month: 0, day: 0 };

function say(text) {
  $("say").textContent = text;
}

/** Shows one step, and tells the page around the frame how high it is. */
function show(step) {
  $("month").hidden = $("day").hidden = step !== "calendar";
  $("day").hidden ||= !state.day;
  $("form").hidden = step !== "form";
  $("done").hidden = step !== "done";
  $("length").disabled = step !== "calendar";
}

async function drawMonth() {
  const { first } = state;
  const turn = ++asked.month;
  const next = firstOf(first, 1);
  const now = new Date();
  // By the minute, so that all who look in the same one ask the same.
  now.setSeconds(0, 0);
  const days = await api.days((first < now ? now : first).toISOString(), next.toISOString(), state.length);
  if (turn !== asked.month) return;
  const bookable = new Map(days.map((day) => [day.day, day.available]));
  $("month-name").textContent = name("month", first);
  $("earlier").disabled = first <= now;
  const cells = Array.from({ length: blanks(first) }, () => make("span"));
  for (let at = first; at < next; at = after(at, 1)) {
    const date = dateOf(at);
    cells.push(the($("days"), "date", date, () => ({
      textContent: at.getDate(), ariaLabel: name("day", at), onclick: () => choose(date),
    }), { disabled: !bookable.get(date), ariaPressed: String(date === state.day) }));
  }
  place($("days"), cells);
}

async function drawDay() {
  const { day } = state;
  if (!day) return;
  const turn = ++asked.day;
  const from = midnight(day);
  const slots = await api.slots(from.toISOString(), after(from, 1).toISOString(), state.length);
  if (turn !== asked.day) return;
  $("day-name").textContent = name("day", from);
  const starts = slots.map((slot) => {
    const free = slot.status === "available";
    const text = name("time", new Date(slot.starts_at));
    const button = the($("starts"), "start", slot.starts_at, () => ({}), {
      disabled: !free, textContent: free ? text : `${text} reserved`, onclick: () => hold(slot, button),
    });
    return button.parentElement ?? make("li", {}, button);
  });
  place($("starts"), starts.length ? starts : [make("li", { textContent: "Nothing is free on this day." })]);
}

/** Draws all anew. Where that fails, what is shown may be old, and is asked for until it is not. */
async function draw() {
  try {
    await Promise.all([drawMonth(), drawDay()]);
    if (draw.failed) say("");
    draw.failed = false;
  } catch (problem) {
    draw.failed = true;
    say(problem.message);
    setTimeout(changed, 5000);
  }
}

async function choose(date) {
  state.day = date;
  $("day").hidden = false;
  for (const button of $("days").querySelectorAll("button")) button.ariaPressed = String(button.dataset.date === date);
  await drawDay().catch((problem) => say(problem.message));
  $("starts").querySelector("button:enabled")?.focus();
}

async function hold(slot, button) {
  // One at a time: a second one would be kept by the heartbeats of the first, and never booked.
  if (state.holding) return;
  state.holding = true;
  const text = button.textContent;
  button.textContent = `${text} holding…`;
  say("");
  try {
    state.held = await api.hold(slot.slot_id);
  } catch (problem) {
    button.textContent = text;
    // Without a code nobody knows whether it is held.
    if (problem.code) api.end();
    say(problem.code === "BK001" ? "Somebody else was faster. Please choose another time." : problem.message);
    return draw();
  } finally {
    state.holding = false;
  }
  state.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  $("chosen").textContent = name("whole", new Date(state.held.starts_at));
  until(state.held.expires_at);
  state.beat = setInterval(beat, 20_000);
  show("form");
  $("form").elements.name.focus();
}

const until = (instant) => {
  $("until").textContent = `It is kept for you until ${name("time", new Date(instant))}.`;
};

async function beat() {
  try {
    const mine = (await api.heartbeat()).holds.find((one) => one.hold_id === state.held?.hold_id);
    if (mine?.status === "live") until(mine.expires_at);
    else if (state.held) await back("The time was up, and it is gone. Please choose again.");
  } catch {
    // The network is away; the next one may find it.
  }
}

async function back(why = "") {
  clearInterval(state.beat);
  state.held = null;
  show("calendar");
  say(why);
  await api.release();
  await draw();
}

async function book(event) {
  event.preventDefault();
  const customer = Object.fromEntries([...new FormData($("form"))].filter(([, value]) => value));
  $("book").disabled = true;
  try {
    done(await api.book(state.held.hold_id, customer, state.key));
    api.end();
  } catch (problem) {
    if (problem.code?.startsWith("BK00")) await back(problem.message);
    else say(problem.message);
  } finally {
    $("book").disabled = false;
  }
}

function done(booking) {
  clearInterval(state.beat);
  state.held = null;
  show("done");
  say("");
  $("outcome").textContent = booking.status === "confirmed" ? "It is booked." : "It is noted, and waits to be confirmed.";
  $("when").textContent = name("whole", new Date(booking.starts_at));
  const link = (href, textContent) => href && make("a", { href, textContent, target: "_top" });
  const links = [link(booking.payment_url, "Pay"), link(booking.manage_url, "Move or cancel it")].filter(Boolean);
  $("links").replaceChildren(...links.flatMap((one) => [one, " "]));
  $("done").focus();
}

/** What others do, at most every two seconds: each time costs two of the reads that an address has in a minute. */
function changed() {
  changed.soon ??= setTimeout(() => {
    changed.soon = null;
    changed.last = Date.now();
    if (!state.held) draw();
  }, Math.max(150, (changed.last ?? 0) + 2000 - Date.now()));
}

async function start() {
  const service = api.theService(await api.services());
  if (!service) return say("There is no such service.");
  $("service").textContent = document.title = service.name;
  const lengths = service.durations_minutes ?? [];
  $("length").append(...lengths.map((value) => make("option", { value, textContent: `${value} min` })));
  $("lengths").hidden = lengths.length < 2;
  state.length = lengths.length ? Math.min(...lengths) : null;
  $("length").value = state.length;
  $("zone").textContent = `Times are those of ${api.zone.replaceAll("_", " ")}.`;
  $("weekdays").replaceChildren(...weekdays().map((textContent) => make("span", { textContent })));
  $("length").onchange = () => { state.length = Number($("length").value); draw(); };
  for (const [button, months] of [["earlier", -1], ["later", 1]])
    $(button).onclick = () => { state.first = firstOf(state.first, months); draw(); };
  $("back").onclick = () => back();
  $("form").onsubmit = book;
  addEventListener("pagehide", () => state.held && api.release());
  show("calendar");
  // What this tab held before it was loaded again, and could not say that it let go.
  await api.release();
  await draw();
  api.watch(changed);
}

new ResizeObserver(() => parent.postMessage({ booking: "height", height: document.documentElement.scrollHeight }, "*"))
  .observe(document.body);
start().catch((problem) => say(problem.message));
