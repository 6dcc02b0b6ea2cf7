/* What hosted models do not get to see: kinds on and off, own patterns, names that are no secret, and
   a sample that shows at once what would leave. */

import { $, $$, debounced, h, icon, iconButton } from "./dom.js";
import { field, form, input, moment, note, panel, tick } from "./admin_parts.js";
import { named } from "./admin_rules.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

const SAMPLE = "Hello, I am Iris Novak. My order 4711-2231 has not come. Write to iris@example.org or call +44 20 7946 0958.";
const LABELS = [["on", "Masking"], ["off", "Kinds of value"], ["patterns", "Own patterns"], ["keep", "No secret"]];

export async function drawMasking(place, facts) {
  const told = await call("options");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  place.dataset.keeps = "yes"; // what is typed here survives a look at another tab
  new Rules(place, facts, told.masking).draw();
}

class Rules {
  constructor(place, facts, stored) {
    Object.assign(this, { place, facts, stored, mine: structuredClone(stored.value), theirs: null });
    this.sample = h("textarea", { class: "in", rows: "5", maxlength: "5000", id: "masking-sample", oninput: () => this.soon() });
    this.sample.value = SAMPLE;
    this.leaves = h("div", { class: "leaves", id: "masking-leaves", "aria-label": "What leaves", role: "region" });
    this.counted = h("p", { class: "xs dim", role: "status" });
    this.soon = debounced(300, () => this.show());
  }

  draw() {
    const rules = form([this.kinds(), this.patterns(), this.kept(), this.changed()], { action: "Save rules", words: "Saving…", run: () => this.save() });
    const tried = panel("Try it", null, field("Sample text, not kept", this.sample), h("h3", {}, "A hosted model gets"), this.leaves, this.counted);
    this.place.replaceChildren(h("div", { class: "g21" }, panel("What is masked", null, rules), tried));
    this.show();
  }

  kinds() {
    const all = tick("on", "Mask personal values before a hosted call", "Off: messages leave as they were written.", this.mine.on);
    all.addEventListener("change", (event) => this.set("on", event.target.checked));
    const each = this.facts.groups.map(({ name, about }) => tick(name, about, null, !this.mine.off.includes(name)));
    const set = h("fieldset", { class: "ticks two" }, h("legend", {}, "Kinds of value"), each);
    set.addEventListener("change", () => this.set("off", $$("input:not(:checked)", set).map((box) => box.name)));
    return h("div", { class: "col" }, all, this.beside("on"), set, this.beside("off"));
  }

  patterns() {
    const line = (one, index) => {
      const name = input({ value: one.name, "aria-label": `Name of pattern ${index + 1}`, placeholder: "customer number", maxlength: "30" });
      const pattern = input({ value: one.pattern, "aria-label": `Pattern ${index + 1}`, placeholder: "KD-######", maxlength: "80", class: "in mono" });
      const change = () => this.set("patterns", this.mine.patterns.map((other, at) => (at === index ? { name: name.value, pattern: pattern.value } : other)));
      for (const box of [name, pattern]) box.addEventListener("input", change);
      return h("div", { class: "row pattern" }, name, pattern, iconButton("trash", `Remove pattern ${one.name || index + 1}`, () => this.change("patterns", this.mine.patterns.filter((_, at) => at !== index))));
    };
    const add = h("button", { type: "button", class: "btn s", onclick: () => { this.change("patterns", [...this.mine.patterns, { name: "", pattern: "" }]); $$(".pattern", this.place).at(-1).querySelector("input").focus(); } }, icon("plus"), "Add a pattern");
    return h("fieldset", { class: "col ticks" }, h("legend", {}, "Own patterns"), h("p", { class: "xs dim" }, "# is a digit, @ a letter; + behind either repeats it: KD-######, @@#+."), this.mine.patterns.map(line), h("div", {}, add), this.beside("patterns"));
  }

  kept() {
    const box = h("textarea", { class: "in", rows: "3", id: "masking-keep" });
    box.value = this.mine.keep.join("\n");
    box.addEventListener("input", () => this.set("keep", box.value.split("\n").map((line) => line.trim()).filter(Boolean)));
    return h("div", { class: "col" }, field("Names that are no secret, one a line", box, "Products, places, the workspace's own names: they stay readable."), this.beside("keep"));
  }

  changed() {
    const { at, by } = this.stored;
    return h("p", { class: "xs dim" }, at ? ["Changed ", moment(at), by ? ` by ${by}` : ""] : "Never changed: these are the defaults.");
  }

  set(key, value) {
    this.mine = { ...this.mine, [key]: value };
    this.soon();
  }

  /* The same where the form has to be drawn again. */
  change(key, value) {
    this.set(key, value);
    this.draw();
    this.focus();
  }

  focus() {
    $("[type=submit]", this.place).focus();
  }

  /* What somebody else saved meanwhile, where it differs from what stands here. */
  beside(key) {
    const now = this.theirs?.[key];
    if (now === undefined || JSON.stringify(now) === JSON.stringify(this.mine[key])) return null;
    return h("p", { class: "xs warned" }, `Saved meanwhile: ${this.words(key, now)}. `, h("button", { type: "button", class: "as-link", onclick: () => this.change(key, now) }, "Take it"));
  }

  words(key, value) {
    if (key === "on") return value ? "masking on" : "masking off";
    if (key === "patterns") return value.map((one) => `${one.name} ${one.pattern}`).join(", ") || "no patterns";
    if (key === "keep") return value.join(", ") || "no names";
    const off = this.facts.groups.filter(({ name }) => value.includes(name)).map(({ about }) => about);
    return off.length ? `not masked: ${off.join(", ")}` : "every kind masked";
  }

  async save() {
    const told = await call("set_options", { group: "masking", value: this.mine, version: this.stored.version });
    if (told.code === "conflict") {
      this.stored = told.stored;
      this.theirs = told.stored.value;
      this.draw();
      this.focus();
      $(".problem", this.place).replaceChildren(note(`${told.stored.by ?? "Somebody"} changed this meanwhile. Theirs stands beside yours: take it, or save yours again.`, "bad", "alert"));
      return null;
    }
    if (told.error) return { error: named(told.error, LABELS) };
    this.stored = told.stored;
    this.mine = structuredClone(told.stored.value);
    this.theirs = null;
    this.draw();
    this.focus();
    toast("Saved. It counts from the next hosted call on.");
    return told;
  }

  async show() {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const told = await call("try_masking", { text: this.sample.value, value: this.mine });
    if (asked !== this.asked) return; // a later one is on its way
    if (told.error) {
      this.leaves.replaceChildren(note(named(told.error, LABELS), "bad"));
      this.counted.textContent = "";
      return;
    }
    this.leaves.replaceChildren(...told.text.split(/(⟨[^⟩\n]{1,40}⟩)/).map((part, index) => (index % 2 ? h("mark", {}, part) : part)));
    this.counted.textContent = told.words ? `Masked: ${told.words}.` : "Nothing in it is masked.";
  }
}
