/* command_list: the tables of the program. */
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/prognosis.h"

static void print_learner(const evl_learner *l) {
  printf("%s (version %d)\n  %s\n\n  Definition: %s\n  Source: %s\n\n  Parameters\n", l->name, l->version, l->summary,
         l->definition, l->cite);
  evl_params_print(l->params, NULL, "    ", stdout);
}

static evl_status no_entry(const char *name, const char *kind, const evl_guess *guess) {
  return evl_fail(EVL_USAGE, "no entry \"%s\" among the %s; did you mean \"%s\"?", name, kind, guess->best);
}

static evl_status list_learners(const char *name) {
  evl_guess guess = {.word = name};
  if (!name) printf("learners\n");
  for (int i = 0; evl_learners[i]; i++) {
    if (!name) printf("  %-22s %s\n", evl_learners[i]->name, evl_learners[i]->summary);
    else if (strcmp(name, evl_learners[i]->name)) evl_guess_try(&guess, evl_learners[i]->name);
    else {
      print_learner(evl_learners[i]);
      return EVL_OK;
    }
  }
  return name ? no_entry(name, "learners", &guess) : EVL_OK;
}

static evl_status list_commands(const char *name) {
  evl_guess guess = {.word = name};
  if (!name) printf("commands\n");
  for (int i = 0; evl_commands[i]; i++) {
    if (!name) printf("  %-22s %s\n", evl_commands[i]->name, evl_commands[i]->summary);
    else if (strcmp(name, evl_commands[i]->name)) evl_guess_try(&guess, evl_commands[i]->name);
    else {
      evl_command_help(evl_commands[i], stdout);
      return EVL_OK;
    }
  }
  return name ? no_entry(name, "commands", &guess) : EVL_OK;
}

static evl_status run(const evl_arguments *arguments) {
  const char *kind = arguments->n > 0 ? arguments->operand[0] : NULL;
  const char *name = arguments->n > 1 ? arguments->operand[1] : NULL;
  evl_guess guess = {.word = kind ? kind : ""};
  bool known = !kind;
  for (int k = 0; evl_list_kinds[k]; k++) {
    known = known || !strcmp(kind, evl_list_kinds[k]);
    evl_guess_try(&guess, evl_list_kinds[k]);
  }
  if (kind && !strcmp(kind, "learners")) return list_learners(name);
  if (kind && !strcmp(kind, "commands")) return list_commands(name);
  evl_guess_try(&guess, "learners");
  evl_guess_try(&guess, "commands");
  if (!known) return evl_fail(EVL_USAGE, "unknown kind \"%s\"; did you mean \"%s\"?", kind, guess.best);
  EVL_TRY(evl_list_print(kind, name, stdout));
  if (!kind) EVL_TRY(list_learners(NULL));
  return kind ? EVL_OK : list_commands(NULL);
}

const evl_command evl_command_list = {
    "list", "[KIND [NAME]]", "list readers, conditioning, features, dynamics, learners, commands", NULL, false, 0, 2,
    run};
