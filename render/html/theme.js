"use strict";
// The reader's choice of light or dark, kept where the browser allows it for files.
try {
  const theme = localStorage.getItem("auditpack-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the page follows the system.
}
