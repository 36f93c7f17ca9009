/* Folds: even, whole subjects, by identity and not by position, little moved by one more subject. */
#include "check.h"
#include "eveil/math.h"
#include "eveil/prognosis.h"

enum { N = 401, FOLDS = 5 };

static evl_arena *arena;
static char name_text[N][16];
static const char *name[N];
static double outcome[N];

static void make(void) {
  for (int i = 0; i < N; i++) {
    snprintf(name_text[i], sizeof name_text[i], "sub-%03d", i);
    name[i] = name_text[i];
    outcome[i] = i % 3 == 0;
  }
}

static void even_in_every_class(void) {
  for (int n = 30; n <= N; n += 53)
    for (uint64_t index = 0; index < 5; index++) {
      int fold[N], count[2][FOLDS] = {{0}};
      CHECK(evl_folds_assign(n, name, outcome, NULL, FOLDS, 1, "outer folds", index, arena, fold) == EVL_OK);
      for (int i = 0; i < n; i++) {
        CHECK(fold[i] >= 0 && fold[i] < FOLDS);
        count[outcome[i] != 0][fold[i]]++;
      }
      for (int c = 0; c < 2; c++)
        for (int f = 0; f < FOLDS; f++)
          for (int g = 0; g < FOLDS; g++) CHECK(abs(count[c][f] - count[c][g]) <= 1);
    }
}

static void order_of_rows_is_nothing(void) {
  int fold[N], again[N];
  const char *turned[N];
  double turned_outcome[N];
  for (int i = 0; i < N; i++) {
    turned[i] = name[N - 1 - i];
    turned_outcome[i] = outcome[N - 1 - i];
  }
  CHECK(evl_folds_assign(N, name, outcome, NULL, FOLDS, 7, "outer folds", 2, arena, fold) == EVL_OK);
  CHECK(evl_folds_assign(N, turned, turned_outcome, NULL, FOLDS, 7, "outer folds", 2, arena, again) == EVL_OK);
  for (int i = 0; i < N; i++) CHECK(fold[i] == again[N - 1 - i]);
}

static void a_new_subject_moves_few(void) {
  int moved = 0, most = 0;
  for (uint64_t index = 0; index < 50; index++) {
    int before[N], after[N], here = 0;
    CHECK(evl_folds_assign(N - 1, name, outcome, NULL, FOLDS, 1, "outer folds", index, arena, before) == EVL_OK);
    CHECK(evl_folds_assign(N, name, outcome, NULL, FOLDS, 1, "outer folds", index, arena, after) == EVL_OK);
    for (int i = 0; i < N - 1; i++) here += before[i] != after[i];
    moved += here;
    most = here > most ? here : most;
  }
  printf("# one more subject of %d moves %.2f others on average, %d at most\n", N, moved / 50.0, most);
  CHECK(moved / 50.0 < 4);
  CHECK(most < N / 10);
}

static void draws_differ(void) {
  int a[N], b[N], same = 0;
  CHECK(evl_folds_assign(N, name, outcome, NULL, FOLDS, 1, "outer folds", 0, arena, a) == EVL_OK);
  CHECK(evl_folds_assign(N, name, outcome, NULL, FOLDS, 1, "outer folds", 1, arena, b) == EVL_OK);
  for (int i = 0; i < N; i++) same += a[i] == b[i];
  CHECK(abs(same - N / FOLDS) < 4 * 8); /* independent: one in five */
  CHECK(evl_folds_assign(N, name, outcome, NULL, FOLDS, 2, "outer folds", 0, arena, b) == EVL_OK);
  for (int i = same = 0; i < N; i++) same += a[i] == b[i];
  CHECK(abs(same - N / FOLDS) < 4 * 8);
}

static void subsets(void) {
  bool in[N];
  int fold[N], n = 0;
  for (int i = 0; i < N; i++) n += in[i] = i % 4 != 0;
  CHECK(evl_folds_assign(N, name, outcome, in, FOLDS, 1, "inner folds", 0, arena, fold) == EVL_OK);
  for (int i = 0; i < N; i++) CHECK(in[i] == (fold[i] >= 0));
}

static void too_few(void) {
  int fold[N];
  double y[12] = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(evl_folds_assign(12, name, y, NULL, FOLDS, 1, "outer folds", 0, arena, fold) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "found 4 positive"));
}

static void a_split_subject_is_found(void) {
  const char *subject[] = {"a", "b", "a", "c"};
  evl_design d = {.n_rows = 4, .subject = subject};
  int whole[] = {0, 1, 0, 2}, torn[] = {0, 1, 1, 2};
  CHECK(evl_folds_check(&d, whole, arena) == EVL_OK);
  CHECK(evl_folds_check(&d, torn, arena) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "\"a\""));
}

int main(void) {
  arena = evl_arena_create();
  make();
  RUN(even_in_every_class);
  RUN(order_of_rows_is_nothing);
  RUN(a_new_subject_moves_few);
  RUN(draws_differ);
  RUN(subsets);
  RUN(too_few);
  RUN(a_split_subject_is_found);
  evl_arena_free(arena);
  CHECK_DONE();
}
