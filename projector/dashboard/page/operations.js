// What an operator can do to a projection.

import { path, post } from "./api.js";
import { ask, button, h, put, say } from "./dom.js";
import { counted } from "./format.js";

/** The buttons. */
export function operations(name) {
  const go = async (what, body) => {
    const answer = await done(post(`${path("projections", name)}/${what}`, body));
    document.dispatchEvent(new CustomEvent("operated"));
    return answer;
  };
  const pause = button("Pause", () => (pause.isPaused ? resume() : stop()));
  const rebuild = button("Rebuild", build);
  const back = button("Roll back", rollBack);
  const cancel = button("Cancel the rebuild", giveUp);
  const node = h("div", { class: "actions", role: "group", "aria-label": `What can be done to ${name}` }, pause, rebuild, back, cancel);

  async function stop() {
    const asked = await ask({ title: `Pause ${name}`, text: "Nothing is applied until it goes on. Reads are answered as before, with what was applied until then.", action: "Pause", fields: [{ name: "reason", label: "What for (kept with the pause)" }] });
    if (asked) await go("pause", { reason: asked.reason || undefined, by: "dashboard" });
  }
  async function resume() {
    await go("resume", {});
  }
  async function build() {
    const choices = [["unless_worse", "Let it go live, unless it is worse than what is live"], ["hold", "Build it, and stop before it goes live"], ["anyway", "Let it go live, whatever it has"]];
    const control = h("select", {}, choices.map(([value, text]) => h("option", { value }, text)));
    const asked = await ask({ title: `Rebuild ${name}`, text: "The log is folded anew into a generation beside the live one, with the definitions that are live. Readers see nothing of it until it has caught up.", action: "Rebuild", fields: [{ name: "go_live", label: "Then", control }] });
    if (asked) await go("rebuild", { go_live: asked.go_live, by: "dashboard" });
  }
  async function rollBack() {
    const asked = await ask({ title: `Roll ${name} back`, text: "The generation before is brought up to date, and takes the place of the live one.", action: "Roll back", kind: "danger" });
    if (asked) await go("rollback", { by: "dashboard" });
  }
  async function giveUp() {
    const asked = await ask({ title: `Cancel the rebuild of ${name}`, text: "What has been built is dropped. What is live stays as it is.", action: "Cancel the rebuild", kind: "danger" });
    if (!asked) return;
    const { dropped } = (await go("rebuild/cancel", { by: "dashboard" })) ?? {};
    if (dropped) say(dropped.length ? `Dropped: ${dropped.map((number) => `generation ${number}`).join(", ")}` : "There was nothing to drop.");
  }

  return { node, update({ paused, generations = [], generation, operation }) {
    pause.isPaused = Boolean(paused);
    put(pause, paused ? "Resume" : "Pause");
    const isRunning = operation?.state === "running";
    const begun = generations.some(({ number, went_live: was }) => number > generation && !was);
    rebuild.disabled = isRunning;
    back.disabled = isRunning || !generations.some(({ number, went_live: was }) => number < generation && was);
    cancel.hidden = !isRunning && !begun;
  } };
}

/** What came of something that was asked for; its refusal is shown, and nothing comes back. */
export async function done(asked, what) {
  try {
    const answer = await asked;
    if (what) say(what(answer));
    return answer;
  } catch (error) {
    say(error.message, "error");
    return undefined;
  }
}

/** What came of orders for dead letters. */
export function settled(verb) {
  return ({ gone, asked, left, waits_for: waits }) => {
    const after = { resume: "when the pause ends", daemon: "as soon as the daemon comes to it", next_run: "by the next run" }[waits];
    if (after) return `${counted(asked, "dead letter")} to be ${verb} ${after}.`;
    return gone === asked ? `${counted(gone, "dead letter")} ${verb}; ${left} left.` : `${gone} of ${counted(asked, "dead letter")} ${verb}, the rest stays as it was; ${left} left.`;
  };
}
