/* command_list: the tables of the program. */
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/prognosis.h"

static bool wanted(const char *kind, const char *this) { return !kind || !strcmp(kind, this); }

static void list_learner(const evl_learner *l, bool whole) {
  if (!whole) {
    printf("  %-22s %s\n", l->name, l->summary);
    return;
  }
  printf("%s (version %d)\n  %s\n\n  Definition: %s\n  Source: %s\n\n  Parameters\n", l->name, l->version, l->summary, l->definition, l->cite);
  for (const evl_param *p = l->params; p && p->name; p++) printf("    # %s\n    %s = %s;\n", p->text, p->name, p->fallback);
}

static int list_learners(const char *name) {
  int shown = 0;
  for (int i = 0; evl_learners[i]; i++) {
    if (name && strcmp(name, evl_learners[i]->name)) continue;
    if (!name && !shown) printf("learners\n");
    list_learner(evl_learners[i], name != NULL);
    shown++;
  }
  return shown;
}

static int list_commands(const char *name) {
  int shown = 0;
  for (int i = 0; evl_commands[i]; i++) {
    if (name && strcmp(name, evl_commands[i]->name)) continue;
    if (!name && !shown) printf("commands\n");
    printf("  %-22s %s\n", evl_commands[i]->name, evl_commands[i]->summary);
    shown++;
  }
  return shown;
}

static evl_status run(const evl_arguments *arguments) {
  const char *kind = arguments->n > 0 ? arguments->operand[0] : NULL, *name = arguments->n > 1 ? arguments->operand[1] : NULL;
  bool mine = kind && (!strcmp(kind, "learners") || !strcmp(kind, "commands"));
  if (!mine) EVL_TRY(evl_list_print(kind, name, stdout));
  int shown = wanted(kind, "learners") ? list_learners(name) : 0;
  if (wanted(kind, "commands")) shown += list_commands(name);
  if (mine && !shown) return evl_fail(EVL_USAGE, "no entry \"%s\" among the %s", name, kind);
  return EVL_OK;
}

const evl_command evl_command_list = {
    "list", "[KIND [NAME]]", "list readers, conditioning, features, dynamics, learners, commands", NULL, false, 0, 2, run};
