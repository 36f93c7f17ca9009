/* The manifest as one block. One description of its parts serves for measuring, writing and reading,
   so that the three cannot disagree. */
#include "manifest_priv.h"

#include <string.h>

static const char magic[8] = "evlmani1";

typedef struct stream {
  enum { MEASURE, WRITE, READ } way;
  uint8_t *at;
  size_t used, size;  /* size: of the block, READ only */
  evl_arena *arena;
  evl_status status;  /* once failed, nothing happens any more */
} stream;

/* The next `bytes` of the block, aligned as a double is; NULL where nothing is to be done. */
static uint8_t *place(stream *s, size_t bytes) {
  size_t begin = (s->used + 7) & ~(size_t)7;
  if (s->status != EVL_OK) return NULL;
  if (s->way == READ && (begin > s->size || bytes > s->size - begin)) {
    s->status = evl_fail(EVL_FORMAT, "manifest: the block of %zu bytes ends inside a value", s->size);
    return NULL;
  }
  s->used = begin + bytes;
  return s->way == MEASURE ? NULL : s->at + begin;
}

static void pass_bytes(stream *s, void *value, size_t bytes) {
  uint8_t *p = place(s, bytes);
  if (!p) return;
  if (s->way == WRITE) memcpy(p, value, bytes);
  else memcpy(value, p, bytes);
}

static void pass_text(stream *s, const char **text) {
  uint64_t n = s->way == READ ? 0 : strlen(*text) + 1;
  pass_bytes(s, &n, sizeof n);
  uint8_t *p = place(s, n);
  if (!p) return;
  if (s->way == WRITE) memcpy(p, *text, n);
  else if (n > 0 && p[n - 1] == '\0') *text = (const char *)p;
  else s->status = evl_fail(EVL_FORMAT, "manifest: a text of the block does not end");
}

/* Memory for what is read: n elements. Every element takes a byte of the block at least, so a wrong count
   asks for no more than 64 times the block. */
static void *room(stream *s, int n, size_t size) {
  if (s->status != EVL_OK) return NULL;
  if (n < 0 || (size_t)n > s->size) {
    s->status = evl_fail(EVL_FORMAT, "manifest: a count of %d in a block of %zu bytes", n, s->size);
    return NULL;
  }
  void *p = evl_arena_alloc(s->arena, (size_t)n * size);
  if (!p) s->status = EVL_MEMORY;
  return p;
}

static void pass_texts(stream *s, int n, const char ***texts) {
  if (s->way == READ) *texts = room(s, n, sizeof **texts);
  for (int i = 0; i < n && s->status == EVL_OK; i++) pass_text(s, &(*texts)[i]);
}

static void pass_columns(stream *s, int n_rows, int *n, evl_variable **column) {
  pass_bytes(s, n, sizeof *n);
  if (s->way == READ) *column = room(s, *n, sizeof **column);
  for (int i = 0; i < *n && s->status == EVL_OK; i++) {
    evl_variable *c = &(*column)[i];
    uint8_t is_number = c->number != NULL;
    pass_text(s, &c->name);
    pass_bytes(s, &is_number, 1);
    if (is_number) {
      if (s->way == READ) c->number = room(s, n_rows, sizeof *c->number);
      if (s->status == EVL_OK) pass_bytes(s, (void *)c->number, (size_t)n_rows * sizeof *c->number);
    } else {
      pass_texts(s, n_rows, (const char ***)&c->text);
    }
  }
}

static void pass_recordings(stream *s, evl_manifest *m) {
  pass_bytes(s, &m->n_recordings, sizeof m->n_recordings);
  if (s->way == READ) m->recording = room(s, m->n_recordings, sizeof *m->recording);
  for (int i = 0; i < m->n_recordings && s->status == EVL_OK; i++) {
    evl_recording *r = &m->recording[i];
    pass_text(s, &r->id);
    pass_text(s, &r->subject);
    pass_text(s, &r->session);
    pass_text(s, &r->file);
    pass_text(s, &r->path);
    pass_bytes(s, &r->start_h, sizeof r->start_h);
    pass_bytes(s, &r->participant, sizeof r->participant);
  }
}

static void pass_manifest(stream *s, evl_manifest *m) {
  char mark[sizeof magic];
  memcpy(mark, magic, sizeof mark);
  pass_bytes(s, mark, sizeof mark);
  if (s->status == EVL_OK && memcmp(mark, magic, sizeof mark) != 0)
    s->status = evl_fail(EVL_FORMAT, "manifest: expected a block that begins with %.8s", magic);
  pass_text(s, &m->root);
  pass_text(s, &m->recordings_table);
  pass_text(s, &m->participants_table);
  pass_recordings(s, m);
  pass_columns(s, m->n_recordings, &m->n_columns, &m->column);
  pass_bytes(s, &m->n_participants, sizeof m->n_participants);
  pass_texts(s, m->n_participants, &m->subject);
  pass_columns(s, m->n_participants, &m->n_participant_columns, &m->participant_column);
  pass_bytes(s, &m->n_warnings, sizeof m->n_warnings);
  pass_texts(s, m->n_warnings, &m->warning);
}

evl_status evl_manifest_pack(evl_manifest *manifest, evl_arena *arena, void **bytes, size_t *size) {
  stream measure = {.way = MEASURE};
  pass_manifest(&measure, manifest);
  stream write = {.way = WRITE, .size = measure.used};
  if (!(write.at = evl_arena_alloc(arena, measure.used))) return EVL_MEMORY;
  pass_manifest(&write, manifest);
  *bytes = write.at;
  *size = write.used;
  return write.status;
}

evl_status evl_manifest_unpack(const void *bytes, size_t size, evl_arena *arena, evl_manifest **manifest) {
  EVL_NEW(arena, *manifest, 1);
  stream read = {.way = READ, .at = (uint8_t *)bytes, .size = size, .arena = arena};
  pass_manifest(&read, *manifest);
  if (read.status == EVL_OK && read.used != size)
    return evl_fail(EVL_FORMAT, "manifest: %zu bytes behind the end of the block", size - read.used);
  return read.status;
}
