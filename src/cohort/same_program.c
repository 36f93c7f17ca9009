/* same_program: all ranks run one program on one kind of machine, or the job is refused before it begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "study_priv.h"

typedef struct identity {
  evl_key program;      /* of the file that runs */
  evl_machine machine;
  char host[64], versions[256];
} identity;

static evl_key hash_program(void) {
  enum { BLOCK = 1 << 18 };
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  FILE *file = fopen("/proc/self/exe", "rb");
  char *block = malloc(BLOCK);
  for (size_t n; file && block && (n = fread(block, 1, BLOCK, file)) > 0;) evl_sha256_add(&hash, block, n);
  free(block);
  if (file) fclose(file);
  return evl_sha256_key(&hash);
}

static identity identify(const char *revision) {
  identity me = {.program = hash_program(), .machine = *evl_machine_here()};
  gethostname(me.host, sizeof me.host - 1);
  snprintf(me.versions, sizeof me.versions, "eveil %s (%s), %s, %s", EVL_VERSION, revision, evl_store_library(),
           evl_parallel_library());
  return me;
}

/* Each rank compares itself with rank 0: one broadcast and one reduction, on any number of ranks. */
static evl_status compare(const identity *me, const identity *first, bool other_cpu, const char *way_out) {
  char mine[9], theirs[9];
  evl_hex(me->program.byte, 4, mine);
  evl_hex(first->program.byte, 4, theirs);
  if (memcmp(&me->program, &first->program, sizeof me->program) || strcmp(me->versions, first->versions))
    return evl_fail(EVL_USAGE, "rank %d on %s runs another program or libraries than rank 0 on %s: expected %s, file %s; "
                    "found %s, file %s. Install one build for all nodes and submit again", evl_rank(), me->host,
                    first->host, first->versions, theirs, me->versions, mine);
  if (other_cpu || me->machine.id == first->machine.id) return EVL_OK;
  return evl_fail(EVL_USAGE, "rank %d on %s is on another kind of machine than rank 0 on %s: expected \"%s\", found \"%s\": "
                  "the same bits need one kind. Constrain the job to one%s", evl_rank(), me->host, first->host,
                  first->machine.name, me->machine.name, way_out);
}

evl_status evl_same_program(const char *revision, bool offered, bool other_cpu) {
  if (evl_size() == 1) return EVL_OK;
  identity me = identify(revision), first = me;
  evl_broadcast(&first, sizeof first, 0);
  return evl_agree(compare(&me, &first, other_cpu, offered ? ", or pass --allow-other-cpu" : ""));
}
