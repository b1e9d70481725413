// Dates, as the visitor's clock and language have them.

const language = navigator.languages;
const format = (options) => new Intl.DateTimeFormat(language, options);
const names = {
  month: format({ month: "long", year: "numeric" }),
  weekday: format({ weekday: "short" }),
  day: format({ weekday: "long", day: "numeric", month: "long" }),
  time: format({ hour: "numeric", minute: "2-digit" }),
  whole: format({ weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "numeric", minute: "2-digit",
    timeZoneName: "short" }),
};

export const name = (kind, date) => names[kind].format(date);

/** The local midnight of a date such as 2026-01-15. */
export const midnight = (date) => new Date(...date.split("-").map((part, place) => Number(part) - (place === 1)));
/** The date of a local midnight. */
export const dateOf = (at) =>
  [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
export const after = (at, days) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + days);
export const firstOf = (at, months = 0) => new Date(at.getFullYear(), at.getMonth() + months, 1);

const firstWeekday = (() => {
  const locale = new Intl.Locale(language[0]);
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
})();

/** How many cells are empty before the first of a month. */
export const blanks = (first) => (first.getDay() - firstWeekday + 7) % 7;
/** The names of the days of a week, in their order: 2024-01-01 was a Monday. */
export const weekdays = () => Array.from({ length: 7 }, (_, day) => name("weekday", new Date(2024, 0, firstWeekday + day)));
