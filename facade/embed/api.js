// The routes of the facade, as the calendar asks them. Where it is, its own address says: …/embed/{tenant}/{service}.

const [root, place] = location.pathname.split("/embed/");
const [tenant, service] = place.split("/");
const home = `${root}/v1/${tenant}`;

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// A secret of this tab, from a hold until it is let go or booked: without one, visitors share what is read for them.
// Where a site's frames may keep nothing, it lasts as long as the page.
let session = kept((storage) => storage.booking);

function kept(use) {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}

function begin() {
  session ??= `${crypto.randomUUID?.() ?? ""}${crypto.getRandomValues(new Uint32Array(4)).join("")}`;
  kept((storage) => { storage.booking = session; });
}

/** Nothing is held any more. */
export function end() {
  session = undefined;
  kept((storage) => { delete storage.booking; });
}

/** What the server said no with: RFC 9457, with the engine's code. */
export class Problem extends Error {
  constructor(body) {
    super(body.detail ?? "The server cannot be reached.");
    this.code = body.code;
  }
}

async function ask(method, path, { query, body, headers, keepalive } = {}) {
  const parameters = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value != null));
  const answer = await fetch(`${home}${path}?${parameters}`.replace(/\?$/, ""), {
    method,
    keepalive,
    // What the browser has is asked after: it may be older than the change that made the calendar ask.
    cache: "no-cache",
    headers: { ...(session && { "Booking-Session": session }), ...(body && { "Content-Type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  }).catch(() => null);
  const said = answer?.status === 204 ? {} : await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Problem(said ?? {});
  return said;
}

export const services = () => ask("GET", "/services").then((all) => all.services);
export const theService = (all) => all.find((one) => one.slug === decodeURIComponent(service) || one.service_id === service);
export const days = (from, to, duration) =>
  ask("GET", `/services/${service}/days`, { query: { from, to, zone, duration } }).then((all) => all.days);
export const slots = (from, to, duration) =>
  ask("GET", `/services/${service}/slots`, { query: { from, to, duration, holds: "mark" } }).then((all) => all.slots);
export const hold = (slot_id) => {
  begin();
  return ask("POST", "/holds", { body: { slot_id } });
};
export const heartbeat = () => ask("POST", "/heartbeat");
export const book = (hold_id, customer, key) =>
  ask("POST", "/bookings", { body: { hold_id, customer }, headers: { "Idempotency-Key": key } });

/** Lets go of what was held, if anything was. What is held next is another session's, and not let go with it. */
export async function release() {
  const headers = { "Booking-Session": session };
  if (!session) return;
  end();
  await ask("DELETE", "/holds", { headers, keepalive: true }).catch(() => {});
}

/** Calls back when slots or holds have changed, and after every gap. */
export function watch(changed) {
  const events = new EventSource(`${home}/services/${service}/events`);
  for (const kind of ["slots", "held", "reset", "open"]) events.addEventListener(kind, changed);
  addEventListener("pagehide", () => events.close());
}
