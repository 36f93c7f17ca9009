/* The arena: alignment, zeros, growth, marks, the freeze, sizes that cannot be had. */
#include "check.h"
#include "eveil/base.h"

static evl_arena *arena;

static bool zero(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i]) return false;
  return true;
}

static void aligned_zeros_that_do_not_overlap(void) {
  enum { N = 300 };
  uint8_t *p[N];
  size_t bytes[N];
  arena = evl_arena_create();
  for (int i = 0; i < N; i++) {
    bytes[i] = i % 7 == 0 ? 0 : (size_t)i * (size_t)i * 13 % 40000 + 1;
    CHECK((p[i] = evl_arena_alloc(arena, bytes[i])) != NULL);
    CHECK((uintptr_t)p[i] % 64 == 0 && zero(p[i], bytes[i]));
    memset(p[i], i & 255, bytes[i]);
  }
  for (int i = 0; i < N; i++)
    for (size_t k = 0; k < bytes[i]; k++)
      if (p[i][k] != (i & 255)) {
        CHECK(!"bytes of one piece changed by another");
        k = bytes[i];
      }
  evl_arena_free(arena);
}

static void released_bytes_come_back_as_zeros(void) {
  arena = evl_arena_create();
  char *kept = evl_arena_text(arena, "kept");
  evl_mark mark = evl_arena_mark(arena);
  uint8_t *p = evl_arena_alloc(arena, 1000);
  memset(p, 255, 1000);
  size_t before = evl_arena_bytes(arena);
  for (int i = 0; i < 20; i++) CHECK(evl_arena_alloc(arena, 1 << 18) != NULL);
  CHECK(evl_arena_bytes(arena) > before);
  evl_arena_release(arena, mark);
  CHECK(evl_arena_bytes(arena) == before);
  uint8_t *again = evl_arena_alloc(arena, 1000);
  CHECK(again == p && zero(again, 1000));
  CHECK_TEXT(kept, "kept");
  evl_arena_free(arena);
}

static void a_mark_of_an_empty_arena(void) {
  arena = evl_arena_create();
  evl_mark mark = evl_arena_mark(arena);
  CHECK(evl_arena_alloc(arena, 10) != NULL);
  evl_arena_release(arena, mark);
  CHECK(evl_arena_bytes(arena) == 0);
  evl_arena_free(arena);
}

static void frozen_it_gives_what_was_reserved_and_no_more(void) {
  arena = evl_arena_create();
  CHECK(evl_arena_alloc(arena, 100) != NULL);
  CHECK(evl_arena_reserve(arena, 1 << 20) == EVL_OK);
  size_t bytes = evl_arena_bytes(arena);
  evl_arena_freeze(arena);
  for (int i = 0; i < 16; i++) CHECK(evl_arena_alloc(arena, 1 << 16) != NULL);
  evl_error_clear();
  CHECK(evl_arena_alloc(arena, 1 << 18) == NULL);
  CHECK(strstr(evl_error_message(), "planned memory exhausted") != NULL);
  CHECK(evl_arena_bytes(arena) == bytes);
  evl_arena_free(arena);
}

static evl_status take(size_t n, double **x) {
  EVL_NEW(arena, *x, n);
  return EVL_OK;
}

static void sizes_that_cannot_be_had(void) {
  double *x;
  arena = evl_arena_create();
  CHECK(evl_arena_alloc(arena, SIZE_MAX) == NULL);
  CHECK(evl_arena_alloc(arena, SIZE_MAX / 2 + 1) == NULL);
  CHECK(evl_arena_reserve(arena, SIZE_MAX - 8) == EVL_MEMORY);
  /* 2^61 + 1 doubles: the product wraps to 8 bytes. */
  CHECK(take(((size_t)1 << 61) + 1, &x) == EVL_MEMORY);
  CHECK(take(3, &x) == EVL_OK && x[0] == 0 && x[2] == 0);
  CHECK(strstr(evl_error_message(), "out of memory") != NULL);
  evl_arena_free(arena);
}

static void texts(void) {
  arena = evl_arena_create();
  char longer[5001];
  memset(longer, 'x', 5000);
  longer[5000] = 0;
  CHECK_TEXT(evl_arena_format(arena, "%s-%d-%.3f", "a", 7, 0.5), "a-7-0.500");
  CHECK(strlen(evl_arena_format(arena, "%s%s", longer, longer)) == 10000);
  CHECK_TEXT(evl_arena_text(arena, ""), "");
  evl_arena_free(arena);
}

int main(void) {
  RUN(aligned_zeros_that_do_not_overlap);
  RUN(released_bytes_come_back_as_zeros);
  RUN(a_mark_of_an_empty_arena);
  RUN(frozen_it_gives_what_was_reserved_and_no_more);
  RUN(sizes_that_cannot_be_had);
  RUN(texts);
  CHECK_DONE();
}
