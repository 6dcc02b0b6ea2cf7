/* The tabs of the Models page in their order: each is made by a script of its own. */

import { compareTab } from "./models_compare.js";
import { insideTab } from "./models_inside.js";
import { registryTab } from "./models_registry.js";
import { onTab } from "./models_shell.js";

export function addTabs() {
  onTab("registry", registryTab);
  onTab("inside", insideTab);
  onTab("compare", compareTab);
}
