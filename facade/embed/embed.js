// For a site's own pages: <script src="…/embed.js" data-tenant="acme" data-service="haircut" async></script> puts the
// calendar where it stands, as high as it needs to be.

(() => {
  const script = document.currentScript;
  const { tenant, service } = script.dataset;
  if (!tenant || !service) return console.error("The script of the calendar needs data-tenant and data-service.", script);
  const at = new URL(`embed/${encodeURIComponent(tenant)}/${encodeURIComponent(service)}`, script.src);
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: at.href, title: "Booking", loading: "lazy" });
  frame.style.cssText = "width: 100%; height: 30rem; border: 0; color-scheme: auto;";
  addEventListener("message", ({ source, origin, data }) => {
    if (source === frame.contentWindow && origin === at.origin && data?.booking === "height")
      frame.style.height = `${Number(data.height)}px`;
  });
  script.replaceWith(frame);
})();
