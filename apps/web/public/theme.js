// Runs before the first paint, so that a dark page never flashes white. A file of its own because the
// content security policy allows no inline script.
(function () {
  var wish = null;
  try {
    wish = localStorage.getItem("roadbed.color-scheme");
  } catch {
    // Storage may be switched off; the system's wish stands.
  }
  var dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
