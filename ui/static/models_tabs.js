/* The tabs of the Models page in their order: each is made by a script of its own. */

import { compareTab } from "./models_compare.js";
import { datasetsTab } from "./models_datasets.js";
import { evaluationsTab } from "./models_evals.js";
import { insideTab } from "./models_inside.js";
import { registryTab } from "./models_registry.js";
import { runsTab } from "./models_runs.js";
import { onTab } from "./models_shell.js";

export function addTabs() {
  onTab("registry", registryTab);
  onTab("datasets", datasetsTab);
  onTab("runs", runsTab);
  onTab("evaluations", evaluationsTab);
  onTab("inside", insideTab);
  onTab("compare", compareTab);
}
