/* Runs before the first paint: applies the colours that the person chose, else the system's. Gradio
   marks <body> by the system's preference alone, so its mark is kept to the choice. */
(() => {
  "use strict";
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem("chatbot-colours");
    } catch {
      return null; // storage is switched off: follow the system
    }
  };
  const dark = () => (stored() ? stored() === "dark" : wish.matches);
  const apply = () => {
    const on = dark();
    for (const element of [document.documentElement, document.body]) {
      if (element && element.classList.contains("dark") !== on) element.classList.toggle("dark", on);
    }
  };
  apply();
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    new MutationObserver(apply).observe(document.body, { attributeFilter: ["class"] });
  });
  wish.addEventListener("change", apply);
  window.chatbotColours = {
    dark,
    set(on) {
      try {
        localStorage.setItem("chatbot-colours", on ? "dark" : "light");
      } catch {
        document.documentElement.classList.toggle("dark", on);
        document.body.classList.toggle("dark", on);
      }
      apply();
    },
  };
})();
