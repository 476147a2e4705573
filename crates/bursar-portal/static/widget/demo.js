// What the demo's page does: its buttons leave it open, and some of its widgets are kept in a state.
(() => {
  const token = async () => (await fetch("/widget/demo/token", { method: "POST" })).json();
  const widget = (id) => document.getElementById(id);

  widget("loading").getToken = () => new Promise(() => {});
  widget("error").getToken = () => "";
  // Its token is good for one balance; then the app's backend can't be reached.
  let asked = false;
  widget("stale").getToken = async () => {
    if (asked) throw new Error("offline");
    asked = true;
    return { ...(await token()), expires_at: new Date(0).toISOString() };
  };

  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      fetch(form.action, { method: "POST", redirect: "manual" });
    });
  }
})();
