/* command_list: the tables of the program. */
#include <string.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/prognosis.h"
#include "eveil/simulate.h"

/* What the records of the program's own tables have in common. */
typedef struct item {
  const char *name, *summary, *definition, *cite;
  int version;
  const evl_param *params;
  const evl_truth_item *truths, *courses;
} item;

static item learner_of(int i) {
  const evl_learner *l = evl_learners[i];
  return l ? (item){l->name, l->summary, l->definition, l->cite, l->version, l->params, NULL, NULL} : (item){0};
}

static item mechanism_of(int i) {
  const evl_mechanism *m = evl_mechanisms[i];
  if (!m) return (item){0};
  return (item){m->name, m->summary, m->definition, m->cite, m->version, m->params, m->truths, m->courses};
}

static item artefact_of(int i) {
  const evl_artefact *a = evl_artefacts[i];
  return a ? (item){a->name, a->summary, a->definition, a->cite, a->version, a->params, NULL, NULL} : (item){0};
}

static const struct kind { const char *name, *note; item (*at)(int i); } kinds[] = {
    {"learners", "", learner_of},
    {"mechanisms", " (what eveil simulate makes the brain's part of)", mechanism_of},
    {"artefacts", " (what eveil simulate disturbs it with, in the order of application)", artefact_of},
    {NULL, NULL, NULL}};

static void print_truths(const char *title, const evl_truth_item *truth) {
  if (!truth || !truth->name) return;
  printf("\n  %s\n", title);
  for (; truth->name; truth++) printf("    %s [%s]: %s\n", truth->name, *truth->unit ? truth->unit : "1", truth->text);
}

static void print_item(const item *e) {
  printf("%s (version %d)\n  %s\n\n  Definition: %s\n  Source: %s\n", e->name, e->version, e->summary, e->definition,
         e->cite);
  print_truths("Truths of a subject", e->truths);
  print_truths("Truths of every second", e->courses);
  printf("\n  Parameters\n");
  evl_params_print(e->params, NULL, "    ", stdout);
}

static evl_status no_entry(const char *name, const char *kind, const evl_guess *guess) {
  return evl_fail(EVL_USAGE, "no entry \"%s\" among the %s; did you mean \"%s\"?", name, kind, guess->best);
}

static evl_status list_items(const struct kind *kind, const char *name) {
  evl_guess guess = {.word = name};
  if (!name) printf("%s%s\n", kind->name, kind->note);
  for (int i = 0; kind->at(i).name; i++) {
    item e = kind->at(i);
    if (!name) printf("  %-22s %s\n", e.name, e.summary);
    else if (strcmp(name, e.name)) evl_guess_try(&guess, e.name);
    else {
      print_item(&e);
      return EVL_OK;
    }
  }
  return name ? no_entry(name, kind->name, &guess) : EVL_OK;
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
  for (const struct kind *k = kinds; k->name; k++) {
    if (kind && !strcmp(kind, k->name)) return list_items(k, name);
    evl_guess_try(&guess, k->name);
  }
  if (kind && !strcmp(kind, "commands")) return list_commands(name);
  evl_guess_try(&guess, "commands");
  if (!known) return evl_fail(EVL_USAGE, "unknown kind \"%s\"; did you mean \"%s\"?", kind, guess.best);
  EVL_TRY(evl_list_print(kind, name, stdout));
  for (const struct kind *k = kinds; !kind && k->name; k++) EVL_TRY(list_items(k, NULL));
  return kind ? EVL_OK : list_commands(NULL);
}

const evl_command evl_command_list = {
    "list", "[KIND [NAME]]", "list readers, conditioning, features, dynamics, learners, mechanisms, artefacts",
    NULL, false, 0, 2, run};
