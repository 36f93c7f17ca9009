/* arena: a chain of blocks that grows until frozen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/base.h"

typedef struct block {
  struct block *before;
  size_t size, used; /* of the bytes behind the header */
} block;

struct evl_arena {
  block *last;
  bool frozen;
};

enum { ALIGN = 64, HEADER = 64, SMALLEST = 1 << 18 };

static char *block_bytes(block *b) { return (char *)b + HEADER; }
static size_t rounded(size_t bytes) { return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

evl_arena *evl_arena_create(void) { return calloc(1, sizeof(evl_arena)); }

void evl_arena_free(evl_arena *arena) {
  if (!arena) return;
  while (arena->last) {
    block *before = arena->last->before;
    free(arena->last);
    arena->last = before;
  }
  free(arena);
}

static evl_status grow(evl_arena *arena, size_t bytes) {
  size_t size = bytes > SMALLEST ? bytes : SMALLEST;
  block *b = aligned_alloc(ALIGN, HEADER + size);
  if (!b) return evl_fail(EVL_MEMORY, "out of memory: %zu bytes asked for", size);
  *b = (block){.before = arena->last, .size = size};
  arena->last = b;
  return EVL_OK;
}

void *evl_arena_raw(evl_arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 2) {
    (void)evl_fail(EVL_MEMORY, "out of memory: %zu bytes asked for", bytes);
    return NULL;
  }
  bytes = rounded(bytes ? bytes : 1);
  block *b = arena->last;
  if (!b || b->size - b->used < bytes) {
    if (arena->frozen) {
      (void)evl_fail(EVL_LIMIT, "planned memory exhausted: %zu bytes more asked for", bytes);
      return NULL;
    }
    if (grow(arena, bytes) != EVL_OK) return NULL;
    b = arena->last;
  }
  void *p = block_bytes(b) + b->used;
  b->used += bytes;
  return p;
}

void *evl_arena_alloc(evl_arena *arena, size_t bytes) {
  void *p = evl_arena_raw(arena, bytes);
  return p ? memset(p, 0, bytes) : NULL;
}

char *evl_arena_text(evl_arena *arena, const char *text) {
  size_t n = strlen(text) + 1;
  char *copy = evl_arena_alloc(arena, n);
  return copy ? memcpy(copy, text, n) : NULL;
}

char *evl_arena_vformat(evl_arena *arena, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = n < 0 ? NULL : evl_arena_alloc(arena, (size_t)n + 1);
  if (text) vsnprintf(text, (size_t)n + 1, format, arguments);
  return text;
}

char *evl_arena_format(evl_arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = evl_arena_vformat(arena, format, arguments);
  va_end(arguments);
  return text;
}

evl_status evl_arena_reserve(evl_arena *arena, size_t bytes) {
  block *b = arena->last;
  if (bytes > SIZE_MAX / 2) return evl_fail(EVL_MEMORY, "out of memory: %zu bytes asked for", bytes);
  if (b && b->size - b->used >= bytes) return EVL_OK;
  return grow(arena, rounded(bytes));
}

void evl_arena_freeze(evl_arena *arena) { arena->frozen = true; }

evl_mark evl_arena_mark(const evl_arena *arena) {
  return (evl_mark){arena->last, arena->last ? arena->last->used : 0};
}

void evl_arena_release(evl_arena *arena, evl_mark mark) {
  while (arena->last != mark.block) {
    block *before = arena->last->before;
    free(arena->last);
    arena->last = before;
  }
  if (arena->last) arena->last->used = mark.used;
}

size_t evl_arena_bytes(const evl_arena *arena) {
  size_t sum = 0;
  for (const block *b = arena->last; b; b = b->before) sum += b->size;
  return sum;
}
