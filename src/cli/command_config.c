/* command_config: print the default configuration with every key explained. */
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/prognosis.h"
#include "eveil/simulate.h"

static void print_prognosis(FILE *out) {
  fprintf(out, "# What is predicted from the store, by eveil prognose: one element each. A group named after a learner "
               "holds its\n# parameters.\nprognosis: (\n  {\n");
  evl_params_print(evl_prognosis_params, evl_run_params, "    ", out);
  fprintf(out, "    # Which recordings stand for a subject.\n    select: {\n");
  evl_params_print(evl_prognosis_select_params, NULL, "      ", out);
  fprintf(out, "    };\n");
  for (int i = 0; evl_learners[i]; i++) {
    fprintf(out, "    # %s\n    %s: {\n", evl_learners[i]->summary, evl_learners[i]->name);
    evl_params_print(evl_learners[i]->params, NULL, "      ", out);
    fprintf(out, "    };\n");
  }
  fprintf(out, "  }\n);\n\n");
}

static void print_entry(const char *name, const char *summary, const evl_param *params) {
  if (!params->name) return;
  printf("  # %s\n  %s: {\n", summary, name);
  evl_params_print(params, NULL, "    ", stdout);
  printf("  };\n");
}

static evl_status run(const evl_arguments *arguments) {
  if (arguments->n == 1) {
    evl_config_set set;
    if (!evl_config_set_find(arguments->operand[0], &set))
      return evl_fail(EVL_USAGE, "config: expected \"full\", \"dynamics\", \"models\" or nothing, found \"%s\"",
                      arguments->operand[0]);
    evl_config_print_set(set, stdout);
    return EVL_OK;
  }
  EVL_TRY(evl_config_print(stdout));
  print_prognosis(stdout);
  printf("# The synthetic cohort that eveil simulate writes below cohort.root.\nsimulate: {\n");
  evl_params_print(evl_simulate_params, NULL, "  ", stdout);
  for (int i = 0; evl_mechanisms[i]; i++)
    print_entry(evl_mechanisms[i]->name, evl_mechanisms[i]->summary, evl_mechanisms[i]->params);
  for (int i = 0; evl_artefacts[i]; i++)
    print_entry(evl_artefacts[i]->name, evl_artefacts[i]->summary, evl_artefacts[i]->params);
  printf("};\n");
  return EVL_OK;
}

const evl_command evl_command_config = {
    "config", "[full|dynamics|models]", "print the default configuration with every key explained, or one with many entries", NULL, false,
    0, 1, run};
