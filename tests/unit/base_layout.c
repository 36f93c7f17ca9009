/* The layout: names of columns and their order, expansions, places of tensors and state, what is refused. */
#include "check.h"
#include "eveil/base.h"

static evl_arena *arena;

static const evl_param none[] = {{0}};
static const evl_param lists[] = {
    {"bands", EVL_BANDS, "{ delta = (1, 4); theta = (4, 8); }", 0, 0, NULL, "Hz", "Bands."},
    {"tau", EVL_REALS, "(8, 0.5)", 0, 0, NULL, "s", "Delays."},
    {"kinds", EVL_STRINGS, "(\"x\")", 0, 0, NULL, "", "Kinds."},
    {0}};

static const evl_output plain_outputs[] = {{"mean", EVL_PER_WINDOW, NULL, false, "uV", 0, 1, "Mean."},
                                           {"peak", EVL_PER_CHANNEL, NULL, true, "Hz", 0, 1, "Peak."},
                                           {"sd", EVL_PER_CHANNEL, NULL, false, "uV", 0, 1, "Spread."},
                                           {"link", EVL_PER_PAIR, NULL, false, "", 0, 1, "Link."},
                                           {0}};
static const evl_output over_outputs[] = {{"power", EVL_PER_CHANNEL, "bands", false, "uV^2", 0, 1, "Power."},
                                          {"lag", EVL_PER_WINDOW, "tau", false, "s", 0, 1, "Lag."},
                                          {"part", EVL_PER_WINDOW, "kinds", true, "", 0, 1, "Part."},
                                          {0}};

static size_t state_of(const evl_params *p, const evl_montage *m) {
  (void)p;
  return (size_t)m->n * 5;
}

/* Tensors a (window, m), b (recording, 2 m) and c (window, 3 m) of m channels. */
static evl_status tensors_of(const evl_params *p, const evl_montage *m, evl_arena *memory, evl_tensor **tensor,
                             int *n) {
  static const char *const name[] = {"a", "b", "c"};
  (void)p;
  EVL_NEW(memory, *tensor, 3);
  for (int i = 0; i < 3; i++)
    (*tensor)[i] = (evl_tensor){.name = name[i], .of_recording = i == 1, .n_dimensions = 1,
                                .dimension = {{.name = "channel", .size = (i + 1) * m->n}},
                                .size = (size_t)(i + 1) * (size_t)m->n};
  *n = 3;
  return EVL_OK;
}

static const evl_entry plain = {.name = "plain", .cite = "Doe 2000", .version = 3, .params = none,
                                .outputs = plain_outputs, .state_size = state_of, .tensors = tensors_of};
static const evl_entry over = {.name = "over", .cite = "Roe 2001", .version = 1, .params = lists,
                               .outputs = over_outputs, .tensors = tensors_of};

static evl_slot slot_of(const evl_entry *entry) {
  evl_params *params = NULL;
  CHECK(evl_params_default(entry->params, arena, &params) == EVL_OK);
  return (evl_slot){.entry = entry, .params = params};
}

static evl_status plan(const evl_montage *montage, int n, const evl_entry *const *entry, evl_layout **layout) {
  evl_slot slot[4];
  for (int i = 0; i < n; i++) slot[i] = slot_of(entry[i]);
  return evl_layout_plan(n, slot, montage, NULL, arena, layout);
}

static const char *const three[] = {"Fz", "Cz", "Pz"};
static const evl_montage montage = {.n = 3, .name = three};
static const evl_entry *const both[] = {&plain, &over};

static void names_and_order(void) {
  static const char *const expected[] = {
      "plain.mean", "plain.sd[Fz]", "plain.sd[Cz]", "plain.sd[Pz]", "plain.link[Fz,Cz]", "plain.link[Fz,Pz]",
      "plain.link[Cz,Pz]", "over.power_delta[Fz]", "over.power_delta[Cz]", "over.power_delta[Pz]",
      "over.power_theta[Fz]", "over.power_theta[Cz]", "over.power_theta[Pz]", "over.lag_tau8", "over.lag_tau0.5"};
  static const char *const recording[] = {"plain.peak[Fz]", "plain.peak[Cz]", "plain.peak[Pz]", "over.part_x"};
  evl_layout *l;
  CHECK(plan(&montage, 2, both, &l) == EVL_OK);
  CHECK(l->n_columns == 15 && l->n_recording_columns == 4);
  for (int c = 0; c < 15; c++) CHECK_TEXT(l->column[c].name, expected[c]);
  for (int c = 0; c < 4; c++) CHECK_TEXT(l->recording_column[c].name, recording[c]);
  CHECK_TEXT(l->column[5].feature, "plain");
  CHECK_TEXT(l->column[5].output, "link");
  CHECK_TEXT(l->column[5].channel, "Fz");
  CHECK_TEXT(l->column[5].channel_b, "Pz");
  CHECK_TEXT(l->column[0].channel, "");
  CHECK_TEXT(l->column[10].output, "power_theta");
  CHECK_TEXT(l->column[10].unit, "uV^2");
  CHECK_TEXT(l->column[10].text, "Power.");
  CHECK_TEXT(l->column[10].cite, "Roe 2001");
  CHECK(l->column[0].version == 3 && l->column[14].version == 1);
}

static void places_of_slots(void) {
  evl_layout *l;
  CHECK(plan(&montage, 2, both, &l) == EVL_OK);
  const evl_slot *a = &l->slot[0], *b = &l->slot[1];
  CHECK(a->column == 0 && a->n_columns == 7 && b->column == 7 && b->n_columns == 8);
  CHECK(a->recording_column == 0 && a->n_recording_columns == 3);
  CHECK(b->recording_column == 3 && b->n_recording_columns == 1);
  CHECK(a->state == 0 && a->state_size == 15 && b->state_size == 0 && l->state_size == 15);
  CHECK(evl_entry_columns(&plain, a->params, &montage, false) == 7);
  CHECK(evl_entry_columns(&plain, a->params, &montage, true) == 3);
}

/* Window tensors and recording tensors have places of their own, side by side. */
static void places_of_tensors(void) {
  evl_layout *l;
  CHECK(plan(&montage, 2, both, &l) == EVL_OK);
  CHECK(l->n_tensors == 6 && l->window_tensor_size == 24 && l->recording_tensor_size == 12);
  static const size_t offset[] = {0, 0, 3, 12, 6, 15};
  for (int t = 0; t < 6; t++) {
    CHECK(l->tensor[t].offset == offset[t]);
    CHECK_TEXT(l->tensor[t].model, t < 3 ? "plain" : "over");
  }
  CHECK(l->slot[1].tensor == 3 && l->slot[1].n_tensors == 3);
}

static void one_channel_has_no_pair(void) {
  evl_layout *l;
  const evl_montage one = {.n = 1, .name = three};
  const evl_entry *const entry[] = {&plain};
  CHECK(plan(&one, 1, entry, &l) == EVL_OK);
  CHECK(l->n_columns == 2 && l->n_recording_columns == 1);
}

static const evl_pattern patterns[] = {{"back", "P*", 0}, {"back", "c?", 0}, {"front", "F*", 1}};
static const evl_value by_patterns = {.n = 3, .patterns = patterns};

static evl_status reduced(const char *const *statistic, int n, const evl_value *where, evl_layout **layout) {
  const evl_value statistics = {.n = n, .strings = statistic};
  evl_slot slot[] = {slot_of(&plain)};
  evl_regions *regions;
  EVL_TRY(evl_regions_plan(where, &statistics, &montage, arena, &regions));
  return evl_layout_plan(1, slot, &montage, regions, arena, layout);
}

static bool picks(evl_picked p, int n, int first, int last) {
  return p.n == n && (n == 0 || (p.cell[0] == first && p.cell[n - 1] == last));
}

static void regions_are_columns_behind(void) {
  static const char *const statistic[] = {"mean", "sd"};
  static const char *const expected[] = {"plain.sd[back]",        "plain.sd[front]",     "plain.sd_sd[back]",
                                         "plain.sd_sd[front]",    "plain.link[back]",    "plain.link[back,front]",
                                         "plain.link[front]",     "plain.link_sd[back]", "plain.link_sd[back,front]",
                                         "plain.link_sd[front]"};
  evl_layout *l;
  CHECK(reduced(statistic, 2, &by_patterns, &l) == EVL_OK);
  CHECK(l->n_columns == 17 && l->n_reductions == 10 && l->slot[0].n_columns == 7);
  for (int i = 0; i < 10; i++) {
    CHECK_TEXT(l->column[7 + i].name, expected[i]);
    CHECK(l->reduction[i].column == 7 + i);
  }
  CHECK(l->reduction[0].from == 1 && picks(l->reduction[0].cells, 2, 1, 2));  /* Cz, Pz */
  CHECK(l->reduction[3].statistic == EVL_OVER_SD && picks(l->reduction[3].cells, 1, 0, 0));
  CHECK(l->reduction[4].from == 4 && picks(l->reduction[4].cells, 1, 2, 2));  /* Cz-Pz */
  CHECK(picks(l->reduction[5].cells, 2, 0, 1) && picks(l->reduction[6].cells, 0, 0, 0));
  CHECK(strstr(l->column[9].text, "Standard deviation"));
}

static void regions_that_are_refused(void) {
  static const char *const odd[] = {"mode"}, *const twice[] = {"sd", "sd"};
  static const evl_pattern nowhere[] = {{"side", "T*", 0}};
  const evl_value no_one = {.n = 1, .patterns = nowhere};
  evl_layout *l;
  CHECK(reduced(odd, 1, &by_patterns, &l) == EVL_USAGE && strstr(evl_error_message(), "\"mode\""));
  CHECK(reduced(twice, 2, &by_patterns, &l) == EVL_USAGE && strstr(evl_error_message(), "twice"));
  CHECK(reduced(twice, 1, &no_one, &l) == EVL_USAGE && strstr(evl_error_message(), "regions.side"));
}

/* Refused as usage, with the name in the message. */
static void refused(const evl_montage *m, int n, const evl_entry *const *entry, const char *say) {
  evl_layout *l;
  evl_error_clear();
  CHECK(plan(m, n, entry, &l) == EVL_USAGE);
  if (strstr(evl_error_message(), say)) return;
  printf("# found: %s\n", evl_error_message());
  CHECK(!"refused with the right message");
}

static void names_that_are_refused(void) {
  static const char *const bad[] = {"A/B", "A,B", "A[1", "A]"};
  for (int i = 0; i < 4; i++) {
    const char *const name[] = {"Fz", bad[i]};
    const evl_montage m = {.n = 2, .name = name};
    refused(&m, 1, both, bad[i]);
  }
  static const evl_param odd[] = {{"kinds", EVL_STRINGS, "(\"x\", \"x/y\")", 0, 0, NULL, "", "Kinds."}, {0}};
  static const evl_output odd_outputs[] = {{"part", EVL_PER_WINDOW, "kinds", false, "", 0, 1, "Part."}, {0}};
  static const evl_entry slash = {.name = "slash", .params = odd, .outputs = odd_outputs};
  const evl_entry *const entry[] = {&slash};
  refused(&montage, 1, entry, "part_x/y");
}

static void what_exists_twice_is_refused(void) {
  const evl_entry *const twice[] = {&plain, &plain};
  refused(&montage, 2, twice, "\"plain\" is named twice");
  static const char *const name[] = {"Fz", "Fz"};
  const evl_montage same = {.n = 2, .name = name};
  refused(&same, 1, both, "plain.sd[Fz]");
  /* Expanded over a parameter that says the same twice. */
  static const evl_param echo[] = {{"tau", EVL_REALS, "(0.5, 0.5)", 0, 0, NULL, "s", "Delays."}, {0}};
  static const evl_output echo_outputs[] = {{"lag", EVL_PER_WINDOW, "tau", true, "s", 0, 1, "Lag."}, {0}};
  static const evl_entry echoed = {.name = "echoed", .params = echo, .outputs = echo_outputs};
  const evl_entry *const entry[] = {&echoed};
  refused(&montage, 1, entry, "echoed.lag_tau0.5");
}

int main(void) {
  arena = evl_arena_create();
  RUN(names_and_order);
  RUN(places_of_slots);
  RUN(places_of_tensors);
  RUN(one_channel_has_no_pair);
  RUN(regions_are_columns_behind);
  RUN(regions_that_are_refused);
  RUN(names_that_are_refused);
  RUN(what_exists_twice_is_refused);
  evl_arena_free(arena);
  CHECK_DONE();
}
